import pytest

from ingestd.articles.witnesses import bylines


@pytest.mark.parametrize(
    ("printed", "byline", "people"),
    [
        ("By Ann Lee", "Ann Lee", ("Ann Lee",)),
        ("by Ann Lee and Bo Ray", "Ann Lee and Bo Ray", ("Ann Lee", "Bo Ray")),
        ("Von Anna Groß, Bo Ray und Cy Orr", "Anna Groß, Bo Ray und Cy Orr", ("Anna Groß", "Bo Ray", "Cy Orr")),
        ("Newswire Editors and Wire Services", "Newswire Editors and Wire Services", ()),
        ("Ann Lee, Senior Reporter", "Ann Lee, Senior Reporter", ("Ann Lee",)),
        ("Ann Lee (Oslo)", "Ann Lee (Oslo)", ("Ann Lee",)),
        ("Reuters", "Reuters", ()),
        ("Ein Artikel von Anna Groß", "Anna Groß", ("Anna Groß",)),
        ("Autor: Anna Groß", "Anna Groß", ("Anna Groß",)),
        ("Ann Lee 8 January 2020, 3:51 pm", "Ann Lee 8 January 2020, 3:51 pm", ("Ann Lee",)),
        ("Ann Lee - January 10, 2020", "Ann Lee - January 10, 2020", ("Ann Lee",)),
        ("Ann Lee @annlee", "Ann Lee @annlee", ("Ann Lee",)),
        ("ANN LEE FOR THE COURIER", "ANN LEE FOR THE COURIER", ("ANN LEE",)),
        ("annlee", "annlee", ()),
        ("kst/bor", "kst/bor", ("kst", "bor")),
        ("paper.example, Oslo, Norway", "paper.example, Oslo, Norway", ()),
        ("Veröffentlicht am 27.04.24 um 07:39 Uhr", "Veröffentlicht am 27.04.24 um 07:39 Uhr", ()),
        ("By", None, ()),
        ("https://www.facebook.com/paper", None, ()),
        ("ann@paper.example", "ann@paper.example", ()),
        ("", None, ()),
    ],
)
def test_people_are_found_in_a_byline(printed: str, byline: str | None, people: tuple[str, ...]) -> None:
    assert bylines.clean(printed) == byline
    assert bylines.people([printed]) == people


@pytest.mark.parametrize(
    ("byline", "signed"),
    [
        pytest.param("Ann Lee and AP", ("Ann Lee", "AP"), id="agency-beside-a-person"),
        pytest.param("Ann Lee, Associated Press", ("Ann Lee",), id="employer"),
        pytest.param("Ann Lee, Senior Reporter", ("Ann Lee",), id="role"),
        pytest.param(
            "Deutsche Presse-Agentur and Nordwest-Redaktion",
            ("Deutsche Presse-Agentur", "Nordwest-Redaktion"),
            id="two-desks",
        ),
        pytest.param("Harbor Post Staff and Wire Services", ("Harbor Post Staff",), id="nobody-in-particular"),
        pytest.param("red, wien.paper.example/Agenturen", ("wien.paper.example",), id="site"),
        pytest.param("Redaktion paper.example", ("Redaktion paper.example",), id="desk-of-a-site"),
        pytest.param("ann@paper.example", (), id="address"),
        pytest.param(None, (), id="nothing"),
    ],
)
def test_people_desks_and_agencies_sign(byline: str | None, signed: tuple[str, ...]) -> None:
    assert bylines.signatures(byline) == signed


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("By Ann Lee", True),
        ("BY ANN LEE", True),
        ("By the time it ended, all had left.", False),
        ("By Friday it was over.", False),
        ("Byways of Norway", False),
    ],
)
def test_a_byline_is_by_and_a_name(line: str, is_one: bool) -> None:
    assert bylines.is_byline(line) is is_one


def test_names_are_joined_as_printed() -> None:
    assert bylines.join(["Ann Lee", "By Bo Ray", "Cy Orr", "Ann Lee"]) == "Ann Lee, Bo Ray and Cy Orr"
    assert bylines.join([]) is None


@pytest.mark.parametrize(
    ("printed", "people"),
    [
        pytest.param("记者：王小明、李小红", ("王小明", "李小红"), id="zh-label"),
        pytest.param("本报记者 王小明 李小红 北京报道", ("王小明", "李小红"), id="zh-place-and-report"),
        pytest.param("新华社记者王小明、李小红", ("王小明", "李小红"), id="zh-agency-s-reporters"),
        pytest.param("作者 | 王小明 编辑 | 李红", ("王小明",), id="zh-editor"),
        pytest.param("文/王小明 图/李小红", ("王小明",), id="zh-pictures"),
        pytest.param("编辑：王芳", (), id="zh-editor-alone"),
        pytest.param("記者王小明／台北報導", ("王小明",), id="zh-tw"),
        pytest.param("中央社記者王小明台北5日電", ("王小明",), id="zh-tw-filed-on"),
        pytest.param("（記者王小明、李小紅／台北報導）", ("王小明", "李小紅"), id="zh-tw-brackets"),
        pytest.param("文・山田太郎、写真・鈴木花子", ("山田太郎",), id="ja-pictures"),
        pytest.param("山田太郎記者", ("山田太郎",), id="ja-role"),
        pytest.param("山田 太郎", ("山田 太郎",), id="ja-space"),
        pytest.param("【ワシントン＝鈴木一郎、佐藤花子】", ("鈴木一郎", "佐藤花子"), id="ja-place"),
        pytest.param("中日新聞Web", (), id="ja-site"),
        pytest.param("김민수 기자", ("김민수",), id="ko-role"),
        pytest.param("김민수·이영희 기자", ("김민수", "이영희"), id="ko-two"),
        pytest.param("정치부 김민수 기자 minsu@paper.example", ("김민수",), id="ko-desk-and-address"),
        pytest.param("워싱턴=박지훈 특파원", ("박지훈",), id="ko-correspondent"),
        pytest.param("[서울=뉴시스] 김민수 기자", ("김민수",), id="ko-agency"),
        pytest.param("사진 이영희 기자", (), id="ko-pictures"),
        pytest.param("온라인뉴스팀", (), id="ko-desk"),
        pytest.param("Автор: Иван Петров, Анна Сидорова", ("Иван Петров", "Анна Сидорова"), id="ru-label"),
        pytest.param("Корреспондент Иван Петров, ТАСС", ("Иван Петров",), id="ru-role-and-agency"),
        pytest.param("Текст: Анна Сидорова / Фото: Иван Петров", ("Анна Сидорова",), id="ru-pictures"),
        pytest.param("Редактор: Иван Петров", (), id="ru-editor"),
        pytest.param("Олена Шевченко та Петро Коваль", ("Олена Шевченко", "Петро Коваль"), id="uk-and"),
        pytest.param("بقلم: أحمد حسن ومنى علي", ("أحمد حسن", "منى علي"), id="ar-attached-and"),
        pytest.param("أحمد حسن، منى علي", ("أحمد حسن", "منى علي"), id="ar-comma"),
        pytest.param("كتب - أحمد حسن", ("أحمد حسن",), id="ar-verb"),
        pytest.param("القاهرة - أحمد حسن", ("أحمد حسن",), id="ar-place"),
        pytest.param("وليد حسن", ("وليد حسن",), id="ar-name-that-begins-like-and"),
        pytest.param("लेखक: अमित कुमार, नई दिल्ली", ("अमित कुमार",), id="hi-place"),
        pytest.param("By Amit Kumar | TNN | Updated: Mar 5, 2024, 14:30 IST", ("Amit Kumar",), id="en-in"),
        pytest.param("By Amit Kumar, New Delhi", ("Amit Kumar",), id="en-place"),
        pytest.param("Por Ana Ruiz, corresponsal en París", ("Ana Ruiz",), id="es-correspondent"),
        pytest.param("Texto: Ana Ruiz y Luis Gil", ("Ana Ruiz", "Luis Gil"), id="es-label"),
        pytest.param("Ana Ruiz | Madrid", ("Ana Ruiz",), id="es-place"),
        pytest.param("Ana Ruiz / EFE", ("Ana Ruiz",), id="es-agency"),
        pytest.param("De notre correspondante à Rome Ann Lee", ("Ann Lee",), id="fr-our-correspondent"),
        pytest.param("Par Jean Dupont (avec AFP)", ("Jean Dupont",), id="fr-with-agency"),
        pytest.param("Text: Anna Groß, Foto: Bo Ray", ("Anna Groß",), id="de-pictures"),
        pytest.param("Von Anna Groß/dpa", ("Anna Groß",), id="de-agency"),
        pytest.param("Autorin/Autor Anna Groß", ("Anna Groß",), id="de-both-genders"),
        pytest.param("Napisał: Jan Kowalski i Anna Nowak", ("Jan Kowalski", "Anna Nowak"), id="pl"),
        pytest.param("Haber: Ayşe Yılmaz / Fotoğraf: Can Er", ("Ayşe Yılmaz",), id="tr"),
        pytest.param("Penulis: Siti Aminah; Editor: Budi Santoso", ("Siti Aminah",), id="id"),
        pytest.param("Nguyễn Văn An - Trần Thị Bình", ("Nguyễn Văn An", "Trần Thị Bình"), id="vi"),
        pytest.param("Γράφει ο Γιάννης Παπαδόπουλος", ("Γιάννης Παπαδόπουλος",), id="el"),
        pytest.param("รายงานโดย สมชาย ใจดี", ("สมชาย ใจดี",), id="th"),
        pytest.param("Mwandishi: Juma Ali", ("Juma Ali",), id="unknown-label"),
    ],
)
def test_people_are_found_in_bylines_of_many_languages(printed: str, people: tuple[str, ...]) -> None:
    assert bylines.people([printed]) == people


@pytest.mark.parametrize(
    ("printed", "people"),
    [
        ("By Dr. Ann Lee, MD, and Bo Ray Jr.", ("Ann Lee", "Bo Ray Jr.")),
        ("Bo Ray, Jr.", ("Bo Ray Jr.",)),
        ("Ann Lee III", ("Ann Lee III",)),
        ("Ann Lee, M.D., Bo Ray, Ph.D., and Cy Orr, MPH", ("Ann Lee", "Bo Ray", "Cy Orr")),
        ("Ann Lee, MS, RD on November 18, 2019", ("Ann Lee",)),
        ("Prof. Dr. Anna Groß und Dr. med. Bo Ray", ("Anna Groß", "Bo Ray")),
        ("Ann Lee, CNN Business", ("Ann Lee",)),
        ("Ann Lee, BBC News, Oslo", ("Ann Lee",)),
        ("Ann Lee, The Courier", ("Ann Lee",)),
        ("Ann Lee – Deputy Editor", ("Ann Lee",)),
        ("Ann Lee and Bo Ray, Reuters", ("Ann Lee", "Bo Ray")),
        ("Reporting by Ann Lee in Oslo; Editing by Bo Ray", ("Ann Lee",)),
        ("Story by Ann Lee; photos by Bo Ray", ("Ann Lee",)),
        ("Ann Lee • Reporter", ("Ann Lee",)),
        ("Ann Lee at 5:11 PM", ("Ann Lee",)),
        ("Ann Lee2024-03-05", ("Ann Lee",)),
        ("Ann LeeNovember 21, 2025", ("Ann Lee",)),
        ("November 21, 2025", ()),
        ("The Wave (www.wave.example)", ()),
    ],
)
def test_degrees_roles_employers_and_dates_are_no_people(printed: str, people: tuple[str, ...]) -> None:
    assert bylines.people([printed]) == people


def test_names_that_are_part_of_others_are_left_out() -> None:
    assert bylines.distinct(["Ann", "Ann Lee", "Ann Lee is", "Bo Ray"]) == ("Ann Lee", "Bo Ray")


@pytest.mark.parametrize(
    "credit",
    "Foto: x,Fotos: x,photo: x,PHOTOS by x,picture: x,Pictures by x,Bild: x,Bilder von x,VIDEO: x,Grafiken: x,"
    "VİDEO: x,GRAFİK: x,Graphics by x,kuva: x,Kuvat: x,zdjęcia: x,Фото: x,Illustration: x,illustrator： x".split(","),
)
def test_a_credit_behind_a_byline_is_none_of_it(credit: str) -> None:
    assert bylines.clean(f"By Ann Lee, {credit}") == "Ann Lee"
    assert bylines.clean(f"Ann Lee2024-03-05 {credit}") == "Ann Lee"
