"""Witnesses "meta" and "title": meta elements, links, title and language in a page's head."""

from lxml import etree

from ingestd import text, urls
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines
from ingestd.articles.witnesses.stated_times import language_of_page, read_stated_time
from ingestd.dates.stated_time import StatedTime
from ingestd.model.article import Image
from ingestd.model.language_tags import language_tag

_HEADLINES = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title")
_DESCRIPTIONS = ("og:description", "description", "twitter:description", "dc.description")
_AUTHORS = tuple(
    "author article:author byl parsely-author sailthru.author dc.creator dcterms.creator og:article:author "
    "citation_author article:author_name".split()
)
_PUBLISHED = tuple(
    "article:published_time og:article:published_time article:published parsely-pub-date pubdate publishdate "
    "publish-date publish_date publication_date datepublished sailthru.date dc.date.issued dcterms.created "
    "dc.date.created dcterms.date dc.date date cxenseparse:recs:publishtime article.published "
    "originalpublicationdate article:post_date timestamp".split()
)
_MODIFIED = tuple(
    "article:modified_time og:updated_time og:article:modified_time dateupdated lastmod last-modified "
    "dcterms.modified dc.date.modified article.updated modified_date last-modified-date".split()
)


_TERMS = ("dcterms.license", "dc.rights.license", "dcterms.rights", "dc.rights", "rights", "copyright")
#: Open Graph's article:content_tier → whether there is a paywall.
_TIERS = {"free": False, "metered": True, "locked": True}


def read(root: etree._Element, url: str) -> dict[str, Clues]:
    """Return the clues in the head, by witness: "meta", and "title" for the title element."""
    metas = _read_metas(root)
    images = tuple(
        Image(href=href) for href in (urls.resolve(url, _first(metas, ("og:image", "twitter:image"))),) if href
    )
    authors = next((metas[key] for key in _AUTHORS if any(map(bylines.clean, metas.get(key, ())))), [])
    title = text.collapse(root.findtext(".//title"))
    # Some publishers write the headline where an application's name belongs.
    applications = (_first(metas, (key,)) for key in ("application-name", "al:android:app_name"))
    application = next((name for name in applications if name and name != title), None)
    return {
        "meta": Clues(
            headline=_first(metas, _HEADLINES),
            description_text=_first(metas, _DESCRIPTIONS),
            byline=bylines.join(authors),
            authors=bylines.people(authors),
            firstcreated=_time(metas, _PUBLISHED, language_of_page(root)),
            versioncreated=_time(metas, _MODIFIED, language_of_page(root)),
            language=_language(root, metas),
            source=_first(metas, ("og:site_name",)) or application,
            uri=_canonical(root, metas, url),
            usageterms=_licence(root, url) or _first(metas, _TERMS),
            images=images,
            paywall=_TIERS.get((_first(metas, ("article:content_tier",)) or "").lower()),
        ),
        "title": Clues(headline=title or None),
    }


def _read_metas(root: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        content = text.collapse(element.get("content"))
        key = element.get("property") or element.get("name") or element.get("http-equiv")
        if content and key:
            found.setdefault(key.strip().lower(), []).append(content)
    return found


def _first(metas: dict[str, list[str]], keys: tuple[str, ...]) -> str | None:
    return next((metas[key][0] for key in keys if key in metas), None)


def _time(metas: dict[str, list[str]], keys: tuple[str, ...], language: str | None) -> StatedTime | None:
    times = [time for key in keys for value in metas.get(key, ())[:1] if (time := read_stated_time(value, language))]
    return next((time for time in times if time.has_time_of_day), times[0] if times else None)


def _language(root: etree._Element, metas: dict[str, list[str]]) -> str | None:
    claims = (root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), *metas.get("og:locale", ()))
    return next(filter(language_tag, (*claims, *metas.get("content-language", ()))), None)


def _canonical(root: etree._Element, metas: dict[str, list[str]], url: str) -> str | None:
    links = [link.get("href") for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    for claim in (*links, *metas.get("og:url", ())):
        resolved = urls.resolve(url, claim)
        # Only a URL on the page's own site is accepted, or a page could claim any; a page saved without its URL may.
        if resolved and urls.site(url) in ("", urls.site(resolved)):
            found = urls.normalise(resolved)
            return found if urls.may_identify(found) else None
    return None


def _licence(root: etree._Element, url: str) -> str | None:
    marked = (link for tag in ("link", "a") for link in root.iter(tag) if "license" in (link.get("rel") or "").split())
    return next((urls.resolve(url, link.get("href")) for link in marked), None)
