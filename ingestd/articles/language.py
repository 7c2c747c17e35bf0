"""The language of a text as BCP 47: what its words say, with the page's claim as a witness."""

import re
from functools import cache
from typing import Any

_TAG = re.compile(r"([a-zA-Z]{2,3})(?:[-_](?:([A-Za-z]{4})(?:[-_]|$))?(?:([A-Za-z]{2}|\d{3})\b)?)?")
#: Enough for a sure answer, in characters; more only takes longer.
_SAMPLE = 600
_LEAST = 20
_LEAST_TO_BE_SURE = 150
#: A claim that is less likely is wrong.
_UNLIKELY = 0.02
#: Languages whose texts are too much alike to contradict a claim, or that have a tag for all of them.
_ALIKE = (
    {"no", "nb", "nn", "da"}, {"hr", "sr", "bs", "sh", "me", "cnr"}, {"id", "ms", "jv"}, {"tl", "fil"},
    {"zh", "yue", "wuu"}, {"he", "iw"}, {"gl", "pt"}, {"zu", "xh", "ss", "nr"}, {"fa", "prs"}, {"ro", "mo"},
)  # fmt: skip


def bcp47_tag(claim: str | None) -> str | None:
    """Return a claim such as "en_us" as a BCP 47 tag, "en-US"; None when it is none (a name, "x-default")."""
    match = _TAG.match((claim or "").strip())
    if not match or (claim or "").strip()[match.end(1) :][:1] not in ("", "-", "_", ".", "@", ","):
        return None
    language, script, region = match.groups()
    parts = (language.lower(), script.title() if script else None, region.upper() if region else None)
    return "-".join(filter(None, parts))


def identify(text: str, claim: str | None) -> tuple[str | None, str | None]:
    """Return the language of a text, and the one that its letters alone show.

    A claim that names another language than the text is surely in loses, as that of a template does.  One that
    agrees is kept whole, with its script and region.
    """
    claimed, ranks = bcp47_tag(claim), _ranks(text)
    if not ranks:
        return claimed, None
    shown = next(iter(ranks))
    if claimed is None:
        return shown, shown
    alike = _alike(claimed.split("-")[0])
    likely = sum(ranks.get(language, 0) for language in alike)
    surely_another = len(text) >= _LEAST_TO_BE_SURE and likely < _UNLIKELY and alike & _known()
    return (shown if surely_another else claimed), shown


def detect(text: str) -> str | None:
    """Name the language of a text by its letters; None when there is too little of it."""
    return next(iter(_ranks(text)), None)


def _ranks(text: str) -> dict[str, float]:
    """Return how likely each language is that of a text, the likeliest first."""
    if len(text) < _LEAST:
        return {}
    return {str(language): float(probability) for language, probability in _identifier().rank(text[:_SAMPLE])}


def _alike(language: str) -> set[str]:
    return {language}.union(*(alike for alike in _ALIKE if language in alike))


@cache
def _known() -> frozenset[str]:
    return frozenset(map(str, _identifier().labels))


@cache
def _identifier() -> Any:
    # Imported when first needed: the model takes 75 MB and half a second.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - see above

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
