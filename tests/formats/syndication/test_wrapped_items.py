import json
from base64 import b64encode
from html import escape

import pytest

from ingestd.formats import parse
from ingestd.model.feed import Entry
from tests.support.agency import g2, ninjs

GUID = "urn:newsml:harbour.example:1"
XML = g2(GUID, 2, "Mayor opens ferry", "The mayor opens it.").decode()
JSON = json.dumps(ninjs(GUID, 2))
NITF = (
    "<nitf><body><body.head><hedline><hl1>Mayor</hl1></hedline></body.head>"
    "<body.content><p>It rains.</p></body.content></body></nitf>"
)


def atom(*contents: str) -> list[Entry]:
    entries = "".join(
        f"<entry><id>tag:{n}</id><title>Wire</title><link href='/{n}'/>{content}</entry>"
        for n, content in enumerate(contents)
    )
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Wire</title>{entries}</feed>"
    feed = parse(body.encode(), url="https://harbour.example/feed")
    assert feed.format == "atom10"
    return list(feed.entries)


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        pytest.param(f"<content type='application/vnd.iptc.g2.newsitem+xml'>{XML}</content>", "newsml-g2", id="xml"),
        pytest.param(f"<content type='text'>{escape(XML)}</content>", "newsml-g2", id="escaped"),
        pytest.param(f"<content type='application/json'>{escape(JSON)}</content>", "ninjs", id="json"),
        pytest.param(
            f"<content type='application/octet-stream'>{b64encode(XML.encode()).decode()}</content>", "newsml-g2",
            id="base64",
        ),
        pytest.param(f"<summary>Short</summary><content type='xml'>{XML}</content>", "newsml-g2", id="both"),
    ],
)  # fmt: skip
def test_an_entry_is_replaced_by_the_item_that_it_wraps(content: str, wire: str) -> None:
    plain, item = atom("<content type='html'>&lt;p&gt;Nothing else.&lt;/p&gt;</content>", content)

    assert (plain.guid, plain.wire, plain.item) == ("tag:0", None, None)
    assert (item.guid, item.wire, item.headline) == (GUID, wire, "Mayor opens ferry")
    assert item.link == "https://harbour.example/1"
    assert item.item
    assert item.item.version == "2"


def test_items_are_unwrapped_from_rss() -> None:
    encoded = f"<content:encoded><![CDATA[{XML}]]></content:encoded>"
    body = f"<item><guid>1</guid><title>Wire</title>{encoded}</item>"
    rss = f"<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>{body}</channel></rss>"

    [entry] = parse(rss.encode(), url="https://harbour.example/feed").entries

    assert (entry.guid, entry.wire) == (GUID, "newsml-g2")


def test_versions_of_an_item_keep_their_guid() -> None:
    versions = [g2(GUID, n, f"Mayor {n}", f"Version {n}.").decode() for n in (1, 2)]

    found = atom(*(f"<content type='application/xml'>{one}</content>" for one in versions))

    assert [(entry.guid, entry.item and entry.item.version) for entry in found] == [(GUID, "1"), (GUID, "2")]


def test_an_item_without_a_guid_gets_that_of_its_entry() -> None:
    [entry] = atom(f"<content type='application/xml'>{NITF}</content>")

    assert (entry.guid, entry.id_origin, entry.wire) == ("tag:0", "derived", "nitf")
    assert entry.item
    assert (entry.item.guid, entry.item.body_text) == ("tag:0", "It rains.")


@pytest.mark.parametrize(
    "content",
    ["<content type='html'>A story about NewsML, &lt;b&gt;newsitem&lt;/b&gt; and nitf.</content>",
     "<content type='application/xml'><newsItem/></content>", "<content type='application/x'>%%%nitf</content>",
     "<content type='text'>{\"ninjs\": </content>", "<content type='application/xml'><nitf></content>"],
)  # fmt: skip
def test_an_entry_that_wraps_no_item_is_unchanged(content: str) -> None:
    [entry] = atom(content)

    assert (entry.guid, entry.wire) == ("tag:0", None)
