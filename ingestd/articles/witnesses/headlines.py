"""Headlines as printed, without the site's name that titles carry for search engines."""

import re
from collections.abc import Iterable

from ingestd import text
from ingestd.caching import cached_if_short

_NO_LETTER = re.compile(r"[\W_]+")
#: Letters of a kicker before a headline, and of the shortest headline that is told from it.
_MAX_KICKER, _MIN_BEHIND_KICKER = 60, 12
_SEPARATORS = "|-–—·•:»›<"
#: A shorter heading may match the start of a headline by chance.
_MIN_HEADING = 10


def without_site(headline: str, names: Iterable[str | None]) -> str:
    """Return a headline without the site's name at its end: "Storm nears | The Paper" is "Storm nears"."""
    for name in filter(None, names):
        for form in (name, name.removeprefix("The ")):
            head = headline[: -len(form)].rstrip()
            if headline.casefold().endswith(form.casefold()) and head[-1:] and head[-1] in _SEPARATORS:
                headline = head.rstrip(_SEPARATORS + " ") or headline
    return headline


def as_printed(headline: str, heading: str | None) -> str:
    """Return the page's heading if the headline is that heading followed by a separator, else the headline."""
    if not heading or len(heading) < _MIN_HEADING or not headline.casefold().startswith(heading.casefold()):
        return headline
    rest = headline[len(heading) :].lstrip()
    return heading if rest and rest[0] in _SEPARATORS else headline


@cached_if_short(1024)  # the names of a page are asked for twice, those of a site on each of its pages
def letters(line: str) -> str:
    """Return the letters and digits of a line, folded: publishers set kicker and headline apart in many ways."""
    return _NO_LETTER.sub("", text.fold(line))


def prints(line: str, headline: str) -> bool:
    """Return whether a line is a headline, with or without a kicker before it, whatever stands between the two."""
    printed, wanted = letters(line), letters(headline)
    kicker = len(printed) - len(wanted)
    return printed == wanted or (
        len(wanted) >= _MIN_BEHIND_KICKER and 0 < kicker <= _MAX_KICKER and printed.endswith(wanted)
    )
