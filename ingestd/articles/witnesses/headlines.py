"""Headlines as printed, without the site's name that titles carry for search engines."""

from collections.abc import Iterable

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
