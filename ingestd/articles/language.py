"""Language of a text as a BCP 47 tag, from the text itself and the page's claim."""

import re
from functools import cache
from typing import Any

_TAG = re.compile(r"([a-zA-Z]{2,3})(?:[-_](?:([A-Za-z]{4})(?:[-_]|$))?(?:([A-Za-z]{2}|\d{3})\b)?)?")
#: Characters that are classified; more take longer and change nothing.
_SAMPLE = 600
_MIN_TEXT = 20
_MIN_TO_CONTRADICT = 150
#: A claimed language with a lower probability is contradicted by the text.
_UNLIKELY = 0.02
#: Languages that the model confuses, or that share one tag: none of them contradicts a claim of another.
_INDISTINGUISHABLE = (
    {"no", "nb", "nn", "da"}, {"hr", "sr", "bs", "sh", "me", "cnr"}, {"id", "ms", "jv"}, {"tl", "fil"},
    {"zh", "yue", "wuu"}, {"he", "iw"}, {"gl", "pt"}, {"zu", "xh", "ss", "nr"}, {"fa", "prs"}, {"ro", "mo"},
)  # fmt: skip


def bcp47_tag(claim: str | None) -> str | None:
    """Return a claim such as "en_us" as a BCP 47 tag, "en-US"; None when it is not a tag (a name, "x-default")."""
    match = _TAG.match((claim or "").strip())
    if not match or (claim or "").strip()[match.end(1) :][:1] not in ("", "-", "_", ".", "@", ","):
        return None
    language, script, region = match.groups()
    subtags = (language.lower(), script.title() if script else None, region.upper() if region else None)
    return "-".join(filter(None, subtags))


def identify(text: str, claim: str | None) -> tuple[str | None, str | None]:
    """Return the language of a text, and the language detected from the text alone; None where unknown.

    The claim is kept, with its script and region, unless a text long enough to be sure contradicts it: page templates
    often carry the wrong language.
    """
    claimed, probabilities = bcp47_tag(claim), _probabilities(text)
    if not probabilities:
        return claimed, None
    detected = next(iter(probabilities))
    if claimed is None:
        return detected, detected
    candidates = _indistinguishable_from(claimed.split("-")[0])
    probability = sum(probabilities.get(language, 0) for language in candidates)
    contradicted = len(text) >= _MIN_TO_CONTRADICT and probability < _UNLIKELY and candidates & _supported()
    return (detected if contradicted else claimed), detected


def detect(text: str) -> str | None:
    """Return the language detected from a text; None when the text is too short."""
    return next(iter(_probabilities(text)), None)


def _probabilities(text: str) -> dict[str, float]:
    """Return the probability of each language for a text, the most probable first; empty when it is too short."""
    if len(text) < _MIN_TEXT:
        return {}
    return {str(language): float(probability) for language, probability in _identifier().rank(text[:_SAMPLE])}


def _indistinguishable_from(language: str) -> set[str]:
    return {language}.union(*(candidates for candidates in _INDISTINGUISHABLE if language in candidates))


@cache
def _supported() -> frozenset[str]:
    return frozenset(map(str, _identifier().labels))


@cache
def _identifier() -> Any:
    # Imported when first needed: the model takes 75 MB and half a second.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - see above

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
