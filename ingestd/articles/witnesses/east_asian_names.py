"""People in Chinese, Japanese and Korean bylines: the names between the words for roles and desks."""

import re

_HAN, _KANA, _HANGUL = "\u3400-\u9fff々", "\u3040-\u30ff", "\uac00-\ud7a3"
_EAST_ASIAN = re.compile(f"[{_HAN}{_KANA}{_HANGUL}]")
_HANGUL_ONLY = re.compile(f"[{_HANGUL}]")
#: Words before the names of writers, and before names of people who did not write.
_WRITERS = (
    "(?:本报|本報|本社|本网|新华社|新華社|中新社|中央社|总台|特约|特派|实习|見習|见习|首席|驻外)*(?:记者|記者|通讯员|通訊員|特派员|特派員)"
    "|作者|撰文|撰稿|采写|採訪|采访|执笔|執筆|取材・文|取材|聞き手|ライター|編譯|编译|文・写真|文字"
    "|文(?=\\s*[：:/／|丨=＝・])|글(?=\\s*[=:·/ ])"
)
_OTHERS = (
    "责任编辑|責任編輯|编辑|編輯|責編|责编|主编|校对|校對|审核|審核|摄影|攝影|摄像|图片|图(?=\\s*[：:/／|丨=＝])|圖(?=\\s*[：:/／|丨=＝])"
    "|写真|撮影|監修|翻訳|翻译|翻譯|編集(?!委員)|来源|來源|出典|사진|편집|영상|그래픽|번역"
)
_LABELS = re.compile(rf"(?P<writer>{_WRITERS})|(?P<other>{_OTHERS})")
#: Words behind a name.
_ROLES_BEHIND = re.compile(
    r"(?:記者|记者|特派員|特派员|編集委員|論説委員|支局長|通信員|さん|氏|(?:選任)?(?:선임|인턴|수습|객원|전문|대)?기자|특파원|통신원|논설위원|"
    r"편집위원|칼럼니스트|앵커|리포터|에디터|교수|변호사|작가|평론가|위원|팀장|부장|차장|국장|PD)$"
)
_FILED = re.compile(r"\S{0,6}(?:报道|報導|報道|报导|综合|綜合|專電|专电|电|電|讯|訊)$")
# "王小明台北5日電": the place and day of filing, without a space behind the name.
_FILED_ON = re.compile(r"\d{1,2}\s*日\S{0,3}[電电讯訊]$")
_SEPARATORS = re.compile(r"[、，,/／|｜丨;；・·ㆍ&＆:：=＝\u3000]|\s+-\s+|\s(?:and|및)\s")
_BRACKETS = re.compile(r"[（(【\[〔]([^）)】\]〕]*)[）)】\]〕]")
_EQUALS = re.compile("[=＝]")
#: Endings of desks, papers and places rather than names.
_DESK = re.compile(
    r"(?:社|报|報|網|网|台|臺|部|局|会|會|組|组|室|班|刊|新聞|新闻|通信|通讯|编辑|綜合|综合|公司|日電|中心|集团|Web|ニュース|オンライン|スタッフ|編集部|取材班"
    r"|뉴스|일보|신문|통신|방송|경제|팀|부|국|센터|데스크|닷컴)$"
)
_NOT_A_PERSON = re.compile(
    "서울|부산|대구|인천|광주|대전|울산|세종|수원|제주|도쿄|베이징|워싱턴|뉴욕|런던|파리|베를린|모스크바|상하이|홍콩|온라인|디지털|"
    "北京|上海|广州|廣州|深圳|香港|台北|臺北|高雄|台中|台南|东京|東京|大阪|京都|华盛顿|華盛頓|纽约|紐約|伦敦|倫敦|巴黎|本报|本報|本社|共同|時事|政治|社会|国際"
)
_PLACE_BEHIND = re.compile(f"(?:{_NOT_A_PERSON.pattern})$")
_CHINESE_FAMILIES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭田董袁潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈"
    "姚卢盧姜崔钟鍾谭譚陆陸汪范石廖贾賈夏韦韋付方白邹鄒孟熊秦邱江尹薛闫閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯常温溫康施"
    "文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴"
    "蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽时時穆农農司卓古吉缪繆简簡车車项項连連芦蘆麦麥褚娄婁窦竇戚岑景党宫費费卜冷晏席卫衛米柏宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师"
    "師和仇栾欒隋商刁沙荣榮巫寇桑郎甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺"
)
_KOREAN_FAMILIES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국은편용"
)
_MAX_CHARACTERS = 10


def is_east_asian(line: str) -> bool:
    """Return whether a byline is in one of these scripts."""
    return _EAST_ASIAN.search(line) is not None


def read(line: str) -> tuple[str, ...]:
    """Return the people who sign a byline, in order, without roles, desks, places and non-writers."""
    alone = _BRACKETS.fullmatch(line.strip())
    line = alone[1] if alone and not _EQUALS.search(line) else _BRACKETS.sub(_bracketed, f" {line} ").strip()
    if _HANGUL_ONLY.search(line):
        return _korean(line)
    return tuple(dict.fromkeys(name for part, named in _written_parts(line) for name in _names(part, named=named)))


def _bracketed(match: re.Match[str]) -> str:
    """Return what names writers in brackets: all of it with a label, or the part behind "=": "【東京=鈴木一郎】"."""
    if _LABELS.search(match[1]):
        return f" {match[1]} "
    place, equals, names = match[1].replace("＝", "=").partition("=")
    return f" {names} " if equals and place and not _HANGUL_ONLY.search(match[1]) else " "


def _written_parts(line: str) -> list[tuple[str, bool]]:
    """Return the parts of a line that name its writers, and whether a word for writers stands before each."""
    labels = list(_LABELS.finditer(line))
    if not labels:
        return [(line, False)]
    ends = [label.start() for label in labels[1:]] + [len(line)]
    before = line[: labels[0].start()].strip(" ：:/／|丨・")
    parts = [(before, False)] if before else []
    for label, end in zip(labels, ends, strict=True):
        part = line[label.end() : end].strip(" ：:/／|丨=＝・")
        if label["writer"] and part:
            # "（社会部記者）": what stands before a role with names behind it is a desk.
            parts = [*(kept for kept in parts if kept[1]), (part, True)]
    return parts


def _names(part: str, *, named: bool) -> list[str]:
    pieces = [_ROLES_BEHIND.sub("", _unfiled(piece.strip())).strip() for piece in _SEPARATORS.split(part)]
    found = []
    for piece in pieces:
        words = piece.split()
        filed = [
            word for word in words if not any(one.fullmatch(word) for one in (_FILED, _NOT_A_PERSON, _ROLES_BEHIND))
        ]
        whole = "".join(filed) if filed else _FILED.sub("", piece)
        chinese = all(2 <= len(word) <= 4 and word[0] in _CHINESE_FAMILIES for word in filed)
        found += filed if len(filed) > 1 and chinese else [" ".join(filed) if len(filed) > 1 else whole]
    people = [name for name in found if _is_person(name)]
    families = [name for name in people if name[0] in _CHINESE_FAMILIES]
    # Behind the Chinese word for reporter a place may follow the names: "记者 王小明 北京".
    return families if named and families and not re.search(f"[{_KANA}]", part) else people


def _unfiled(piece: str) -> str:
    """Return a piece without the place and day of filing behind it."""
    shorter = _FILED_ON.sub("", piece)
    place = _PLACE_BEHIND.search(shorter) if shorter != piece else None
    return shorter[: place.start()].strip() if place and place.start() >= 2 else shorter


def _is_person(name: str) -> bool:
    bare = re.sub(r"\s", "", name)
    return (
        2 <= len(bare) <= _MAX_CHARACTERS
        and (len(bare) <= 5 or re.search(f"[{_KANA}]", bare) is not None)
        and re.fullmatch(f"[{_HAN}{_KANA}ー]+", bare) is not None
        and not _DESK.search(bare)
        and not _NOT_A_PERSON.fullmatch(bare)
    )


def _korean(line: str) -> tuple[str, ...]:
    """Return Korean names: two to four syllables, before a role where the line has one."""
    found: list[str] = []
    pending: list[str] = []
    has_role = False
    skipped = False
    for token in re.split(r"[\s,·ㆍ/|=＝&、:]+|및", line):
        if not token or "@" in token:
            continue
        label = _LABELS.fullmatch(token)
        name = _ROLES_BEHIND.sub("", token)
        if label:
            skipped = bool(label["other"])
            continue
        if re.fullmatch(f"[{_HANGUL}]{{2,4}}", name) and not _DESK.search(name) and not _NOT_A_PERSON.fullmatch(name):
            pending += [] if skipped else [name]
        if name != token:
            found += [one for one in pending if one[0] in _KOREAN_FAMILIES or one is pending[-1]]
            pending, has_role = [], True
    names = found if has_role else [one for one in pending if one[0] in _KOREAN_FAMILIES]
    return tuple(dict.fromkeys(names))
