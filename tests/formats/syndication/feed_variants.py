"""Invented feeds, and variants of given ones, that are mostly well-formed: what programs write, and what they may."""

import random
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = {
    "": ("http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/", "http://backend.userland.com/rss2", "urn:x:other"),
    "a": ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "http://WWW.w3.org/2005/atom"),
    "atom": ("http://www.w3.org/2005/Atom", "http://www.w3.org/2005/Atom/"),
    "content": ("http://purl.org/rss/1.0/modules/content/", "http://purl.org/rss/1.0/modules/content"),
    "dc": ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/", "urn:x:dc"),
    "DC": ("http://purl.org/dc/elements/1.1/",),
    "dcterms": ("http://purl.org/dc/terms/",),
    "media": ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss", "urn:x:media"),
    "m": ("http://search.yahoo.com/mrss/",),
    "itunes": ("http://www.itunes.com/dtds/podcast-1.0.dtd", "http://www.itunes.com/DTDs/PodCast-1.0.dtd"),
    "sy": ("http://purl.org/rss/1.0/modules/syndication/",),
    "prism": ("http://prismstandard.org/namespaces/1.2/basic/", "http://prismstandard.org/namespaces/basic/2.0/"),
    "rdf": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#",),
    "xhtml": ("http://www.w3.org/1999/xhtml",),
    "x": ("urn:x:own", "urn:x:own", "http://paper.example/ns with space", "http://www.w3.org/1999/xlink"),
    "y": ("urn:x:own", "urn:x:second"),
    "georss": ("http://www.georss.org/georss",),
    "cc": ("http://web.resource.org/cc/", "http://backend.userland.com/creativeCommonsRssModule"),
    "at": ("http://purl.org/atompub/tombstones/1.0",),
}
#: Local names, the common ones several times.
NAMES = (
    "title title title link link link guid guid id description description summary content encoded pubDate pubDate "
    "published updated creator author author category category keywords subject group content thumbnail text credit "
    "source image enclosure language comments rights created modified issued date publicationDate lastBuildDate "
    "generator ttl updatePeriod updateFrequency skipHours managingEditor webMaster name email uri url item entry "
    "contributor owner explicit block subtitle tagline info textInput cloud docs own pubdate Title LINK body fullitem "
    "links authors tags guidislink summary_detail title_parsed license point lat where newLocation valid abstract "
    "channel feed rss deleted-entry div p svg player rating restriction duration publisher copyright expirationDate"
).split()
ATTRIBUTES = {
    "type": ("html", "text", "xhtml", "text/html", "TEXT/HTML", "text/plain", "image/jpeg", "application/xml", "", "x"),
    "rel": ("alternate", "self", "enclosure", "related", "Alternate", "canonical", "hub", "next", ""),
    "href": ("/a", "https://paper.example/1?a=1&b=2", "", "http:///x", "urn:x:1", "#"),
    "url": ("https://paper.example/p.jpg", "", "/b"),
    "uri": ("/u",),
    "isPermaLink": ("false", "true", "FALSE"),
    "term": ("t", "Harbour", ""),
    "label": ("L", ""),
    "scheme": ("s",),
    "domain": ("d",),
    "mode": ("escaped", "xml", "base64"),
    "xml:lang": ("fr", "pt_BR", ""),
    "lang": ("de",),
    "xml:base": ("https://base.example/x/", "/rel", "http://[", "javascript:x", ""),
    "base": ("https://base.example/",),
    "src": ("/src",),
    "version": ("2.0", "0.91", "0.3", "1.0"),
    "text": ("News",),
    "rdf:about": ("https://paper.example/about",),
    "lastmod": ("2020-06-24",),
    "x:type": ("html",),
    "x:own": ("v",),
    "data-base": ("v",),
    "medium": ("image",),
}
TEXTS = (
    "", " ", "Harbour road", "  Harbour\n road ", "A & B", "1 < 2 & 3", "<p>One</p>", "<b>Bold</b> &amp; more",
    "It&#8217;s", "&lt;i&gt;x&lt;/i&gt;", "Ã©tÃ©", "\x85\x93x\x94", "été “quoted”", "Ünïcode \xad soft", "日本語",
    "\u202eabc",
    "https://paper.example/1", "https://paper.example/1?a=1&b=2", "https://paper.example/?a&amp;b;c", "/1", "1",
    "urn:x:1", "http:////paper.example//1", "n 1", "tag:paper.example,2026:1", "Wed, 24 Jun 2020 01:15:00 -0500",
    "2020-06-24T06:15:00Z", "24/06/2020 06:15", "03/04/2020", "yesterday", "desk@paper.example (Jane Doe)",
    "jane@paper.museum", "Jane Doe <jane@paper.example>", "Jane Doe", "()", "en-GB", "pt_BR", "a, b,,c", "hourly", "60",
    "<script>x</script>", "]]", "&nbsp;x", "<unknown>x</unknown>", "Use <code>", "+-x.y://///a", "x" * 300,
    "<![CDATA[x]]>", "[CDATA[x", "\u00a0 x \u3000",
)  # fmt: skip
_STARTS = ("", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>\n', "\ufeff")
_ODD_STARTS = ("<!DOCTYPE rss>", " <!-- x -->", "<?xml-stylesheet href='x'?>", "<?xml version='1.1'?>")
#: Elements that have others in them.
_GROUPS = frozenset(("group", "author", "source", "image", "owner"))
_MARKUP = (
    "<p>One <b title='a &lt; \"b\"'>two</b> &amp; three</p>", "text<br/>more", "<p/>", "<img src='/a' TYPE='X'/>",
    "<p xml:lang='fr' lang='de'>x</p>", "<title>x</title>", "<x:own xmlns:x='urn:x:own'>x</x:own>", "  ",
    "<svg xmlns='http://www.w3.org/2000/svg'><title>t</title></svg>", "<p>a</p></div><div>b",
)  # fmt: skip
_ELEMENT = re.compile(r"<([\w:]+)[^<>]*>[^<>]*</\1>")


def invented(chance: random.Random) -> bytes:
    """Return an invented feed, seldom a malformed one."""
    return _Writer(chance).document()


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.oddity = chance.choice((0.0, 0.0, 0.002, 0.01, 0.05))
        self.declared = {
            prefix: uris[0] if chance.random() > self.oddity else chance.choice(uris)
            for prefix, uris in NAMESPACES.items()
            if prefix and chance.random() < 0.7
        }
        self.kind = chance.choice(("rss", "rss", "feed", "feed", "rdf:RDF", "atom03"))

    def document(self) -> bytes:
        chance, kind = self.chance, self.kind
        self.declare()
        given = "".join(f" xmlns{prefix and ':'}{prefix}={quoteattr(uri)}" for prefix, uri in self.declared.items())
        given += self.attributes() if self.odd() else ""
        if kind == "rss" and not self.odd():
            given += f" version={quoteattr(chance.choice(('2.0', '2.0', '0.91', '1.0')))}"
        if kind == "atom03":
            given, kind = given + ' version="0.3"', "feed"
        if kind != "rdf:RDF":
            for name, share in (("xml:lang", 0.2), ("xml:base", 0.1)):
                given += f" {name}={quoteattr(chance.choice(ATTRIBUTES[name]))}" if chance.random() < share else ""
        start = chance.choice(_ODD_STARTS if self.odd() else _STARTS)
        text = f"{start}<{kind}{given}>{self.parts(kind)}</{kind}>"
        return (_damaged(text, chance) if self.odd() else text).encode("utf-8", "replace")

    def declare(self) -> None:
        chance = self.chance
        if self.kind == "feed":
            self.declared[""] = NAMESPACES[""][0]
        elif self.kind == "atom03":
            self.declared = {"": "http://purl.org/atom/ns#"} | (self.declared if self.odd() else {})
        elif self.kind == "rdf:RDF":
            self.declared = {"": NAMESPACES[""][1], "rdf": NAMESPACES["rdf"][0]} | self.declared
            if chance.random() < 0.2:
                self.declared = dict(chance.sample(list(self.declared.items()), len(self.declared)))
        elif self.odd():
            self.declared[""] = chance.choice(NAMESPACES[""])

    def parts(self, kind: str) -> str:
        head = "".join(self.element() for _ in range(self.chance.randrange(6)))
        item = "entry" if kind == "feed" else "item"
        items = "".join(self.item(item) for _ in range(self.chance.randrange(4)))
        tail = self.element() if self.chance.random() < 0.2 else ""
        if kind == "feed":
            return head + items + tail
        if kind == "rss" and not self.odd():
            return f"<channel>{head}{items}{tail}</channel>"
        return f"<channel>{head}{'<items><rdf:Seq/></items>' if 'rdf' in self.declared else ''}</channel>{items}"

    def item(self, name: str) -> str:
        inside = "".join(self.element() for _ in range(self.chance.randrange(9)))
        about = ' rdf:about="https://paper.example/i"' if self.kind == "rdf:RDF" else ""
        return f"<{name}{about}{self.attributes() if self.odd() else ''}>{inside}</{name}>"

    def element(self, depth: int = 0) -> str:
        chance = self.chance
        prefix = chance.choice(("", "", "", *self.declared))
        if prefix not in self.declared and not self.odd():
            prefix = ""
        local = chance.choice(NAMES[:45] if chance.random() > self.oddity else NAMES)
        name = f"{prefix}:{local}" if prefix else local
        given = self.attributes() if chance.random() < 0.3 else ""
        if depth < 3 and (
            chance.random() < (0.6 if local in ("group", "author", "source", "image", "owner") else 0.03)
        ):
            names = ("name", "email", "uri", "title", "link", "id", "url")
            inside = "".join(
                self.element(depth + 1) if chance.random() < 0.2 else self.leaf(chance.choice(names))
                for _ in range(chance.randrange(4))
            )
            return f"<{name}{given}>{inside}{self.text() if self.odd() else ''}</{name}>"
        if "xhtml" in given and chance.random() < 0.8:
            return f"<{name}{given}>{self.markup()}</{name}>"
        return f"<{name}{given}>{self.text()}</{name}>"

    def leaf(self, name: str) -> str:
        return f"<{name}>{self.text()}</{name}>"

    def markup(self) -> str:
        inside = self.chance.choice(_MARKUP)
        wrapper = self.chance.choice(("{}", "<div xmlns='http://www.w3.org/1999/xhtml'>{}</div>", "\n <div>{}</div> "))
        return wrapper.format(inside)

    def text(self) -> str:
        text = self.chance.choice(TEXTS)
        if self.chance.random() < 0.2 and "]]>" not in text:
            return f"<![CDATA[{text}]]>"
        if self.odd():
            return text
        return escape(text) + ("<!-- c -->" + escape(self.chance.choice(TEXTS)) if self.odd() else "")

    def attributes(self) -> str:
        names = self.chance.sample(list(ATTRIBUTES), self.chance.randint(1, 2))
        return "".join(
            f" {name}={quoteattr(self.chance.choice(ATTRIBUTES[name]))}"
            for name in names
            if (":" not in name or name.startswith("xml:") or name.partition(":")[0] in self.declared)
            and (not name.endswith("base") or self.odd())
            and (not name.startswith("x:") or self.odd())
        )

    def odd(self) -> bool:
        return self.chance.random() < self.oddity


def variant(body: bytes, chance: random.Random) -> bytes:
    """Return a document with elements doubled, moved, renamed or refilled, one to five times; seldom damaged."""
    text = body.decode("utf-8", "surrogateescape")
    for _ in range(chance.randint(1, 5)):
        found = list(_ELEMENT.finditer(text))
        if not found:
            break
        one, other = chance.choice(found), chance.choice(found)
        kind = chance.randrange(7)
        if kind == 0:
            text = text[: one.end()] + other[0] + text[one.end() :]
        elif kind == 1:
            text = text[: one.start()] + text[one.end() :]
        elif kind == 2:
            text = text.replace(one[0], other[0])
        elif kind == 3:
            text = f"{text[: one.start()]}<{one[1]}>{_text(chance)}</{one[1]}>{text[one.end() :]}"
        elif kind == 4:
            name = chance.choice(NAMES)
            text = f"{text[: one.start()]}<{name}>{_text(chance)}</{name}>{text[one.start() :]}"
        elif kind == 5:
            name = chance.choice([name for name in ATTRIBUTES if ":" not in name or name.startswith("xml:")])
            given = f" {name}={quoteattr(chance.choice(ATTRIBUTES[name]))}"
            end = one.start() + 1 + len(one[1])
            text = text[:end] + given + text[end:]
        else:
            name = chance.choice(NAMES)
            text = text[: one.start()] + re.sub(rf"\b{re.escape(one[1])}\b", name, one[0]) + text[one.end() :]
    if chance.random() < 0.05:
        text = _damaged(text, chance)
    return text.encode("utf-8", "surrogateescape")


def _text(chance: random.Random) -> str:
    return escape(chance.choice(TEXTS))


def _damaged(text: str, chance: random.Random) -> str:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice((1, 1, 3, 10, 40)))
    return text[:start] + chance.choice(("", "<", "&", ">", text[start:end] * 2, "\x00", "é")) + text[end:]


def variants(bodies: list[bytes], seed: int) -> Iterator[bytes]:
    """Return endless documents: invented ones and variants of `bodies` in turn."""
    chance = random.Random(seed)
    while True:
        yield invented(chance)
        yield variant(chance.choice(bodies), chance)
