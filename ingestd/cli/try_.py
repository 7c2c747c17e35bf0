"""`ingestd try`."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_json, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.errors import IngestError, NoArticle
from ingestd.model.feed import Entry
from ingestd.model.text_references import is_by_reference
from ingestd.model.typed_url import typed_source_url
from ingestd.model.version import Version
from ingestd.pipeline.read import fetch_page, naming_document, read_page, read_reply
from ingestd.pipeline.runtime import make_pool, open_fetcher
from ingestd.pipeline.text_renditions import ListSource, fetch_text
from ingestd.policy.polling.sitemap_index import refuse_index
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.policy.wire.versions import received_version
from ingestd.settings import Settings
from ingestd.times import iso
from ingestd.urls import without_userinfo
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool


def try_(
    url: Annotated[str, typer.Argument(metavar="URL", help="Feed to poll.")],
    pages: Annotated[
        int, typer.Option(min=0, metavar="N", help="Fetch the pages of the first N entries and extract their articles.")
    ] = 3,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Poll a source once and print the result; store nothing.

    Of wire items that are withheld, embargoed or killed only the guid is printed, unless --include-withheld is given.

    Exit status: 0 if the feed could be read, 1 if not.
    """
    url = _address(url)
    settings = load_settings(config)
    log_disclosure(f"try {url}", include_withheld=include_withheld)
    found = asyncio.run(_try(settings, url, pages, include_withheld=include_withheld))
    if json:
        show_json(found)
        return
    show(f"{found['title'] or url}: {found['format']}, {len(found['entries'])} entries")
    for warning in found["warnings"]:
        note(f"warning: {warning}")
    rows = [(entry["published"], entry["headline"], entry["link"]) for entry in found["entries"]]
    show_table(("published", "headline", "link"), rows)
    for article in found["articles"]:
        show("")
        show_table(("field", "value"), [(key, _shown(value)) for key, value in article.items() if value])


def _address(url: str) -> str:
    """Return the address that `sources add` would store; what is none is left to the fetch, which says so."""
    try:
        return typed_source_url(url)
    except ValueError:
        return url


async def _try(settings: Settings, url: str, pages: int, *, include_withheld: bool) -> dict[str, Any]:
    async with open_fetcher(settings) as (_, fetcher), make_pool(settings) as pool:
        reply = await fetcher.get(url)
        with naming_document(url):
            parsed = await read_reply(pool, reply)
        feed, now, shown = parsed.feed, datetime.now(UTC), without_userinfo(url)
        refuse_index(feed, url)
        # A version that was usable, too, when another one of the same item takes it back.
        taken_back = {version.item.guid for version in parsed.versions if version and not _is_usable(version, now)}
        listed = [
            (entry, version, not include_withheld and version is not None and version.item.guid in taken_back)
            for entry, version in zip(feed.entries, parsed.versions, strict=True)
        ]
        articles = [
            # A wire item contains its text.
            asdict(version.article)
            if version and not is_by_reference(entry)
            else await _article(fetcher, pool, entry, f"{shown}: entry {number}", source=url)
            for number, (entry, version, hidden) in enumerate(listed[:pages], start=1)
            if not hidden
        ]
    entries = [_entry(entry, hidden=hidden) for entry, _, hidden in listed]
    return {
        "format": feed.format,
        "title": feed.title,
        "warnings": feed.warnings,
        "entries": entries,
        "articles": articles,
    }


def _is_usable(version: Version, now: datetime) -> bool:
    return may_be_shown(received_version(version, 0, now).pubstatus)


def _entry(entry: Entry, *, hidden: bool) -> dict[str, Any]:
    if hidden:
        entry = Entry(guid=entry.guid, headline="(withheld)", published=entry.published)
    return {
        "guid": entry.guid,
        "headline": entry.headline,
        "link": entry.link,
        "published": iso(entry.published),
        "authors": entry.authors,
    }


def _shown(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(item)}" for key, item in value.items() if item)
    if isinstance(value, list | tuple):
        return "; ".join(str(_shown(item)) for item in value)
    return value


async def _article(fetcher: Fetcher, pool: Pool, entry: Entry, name: str, *, source: str) -> dict[str, Any]:
    """Return the article of an entry, or its error; an entry without a link is called `name` there."""
    if entry.link is None and not entry.body_html and not is_by_reference(entry):
        note(f"{name} has no link and no content; skipped")
        return {"entry": name, "error": NoArticle.__name__}
    try:
        if is_by_reference(entry):
            return asdict((await fetch_text(fetcher, pool, entry, ListSource(url=source))).version.article)
        fetched = await fetch_page(fetcher, entry)
        # A request without validators is never answered with a 304.
        return asdict((await read_page(pool, fetched.page)).article) if fetched else {}
    except IngestError as error:
        note(f"{entry.link or name}: {error}")
        return {"link": entry.link, "entry": None if entry.link else name, "error": type(error).__name__}
