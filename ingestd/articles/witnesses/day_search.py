"""Witness "search": the day that htmldate finds in URL, markup and text, for pages whose witnesses state no time."""

import re
from datetime import UTC, date, datetime

from htmldate import find_date
from lxml import etree

from ingestd.articles.body.tree import element_count, html_elements
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import related_boxes
from ingestd.articles.witnesses.stated_times import language_of_page, read_stated_time
from ingestd.dates.stated_time import StatedTime

#: The search takes 4 ms on most pages, but may take seconds on a page with more elements.
_MAX_ELEMENTS = 15_000


def read(root: etree._Element, url: str) -> Clues:
    """Return the day on which a page was published; empty clues when htmldate finds none.

    htmldate's extensive search is off: it takes ten times as long for a third more results, half of them wrong.
    """
    if element_count(root) > _MAX_ELEMENTS:
        return Clues()
    page = html_elements(root)
    for box in [element for element in page.iterdescendants() if _is_other(element)]:
        box.clear()
    found = find_date(page, extensive_search=False, original_date=True, outputformat="%Y-%m-%d", url=url or None)
    return Clues(firstcreated=_certain(date.fromisoformat(found), root, url)) if found else Clues()


def _is_other(element: etree._Element) -> bool:
    return element.tag not in ("html", "head", "body") and related_boxes.is_box_or_dated_link(element)


def _certain(day: date, root: etree._Element, url: str) -> StatedTime | None:
    """Return the day, unless its only source is a date in figures, which htmldate reads the day first in any language.

    Such a date is read in the order of the page's language, and is None where that has none.
    """
    # "2024-03-05", "2024/3/5", "20240305": the order is certain.
    certain = re.compile(rf"{day.year}(?P<mark>[-/.]?)0?{day.month}(?P=mark)0?{day.day}(?!\d)")
    if day.day <= 12 and day.day != day.month and not certain.search(url):
        markup = etree.tostring(root, encoding="unicode")
        one, two = rf"0?{day.day}", rf"0?{day.month}"
        figures = rf"(?<![\d/])(?:{one}([/-]){two}\1|{two}([/-]){one}\2){day.year}(?!\d)"
        if not certain.search(markup) and (written := re.search(figures, f"{url} {markup}")):
            return read_stated_time(written[0], language_of_page(root))
    return StatedTime(datetime(day.year, day.month, day.day, tzinfo=UTC), "day")
