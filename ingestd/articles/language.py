"""Language of a text as a BCP 47 tag, from the text itself and the page's claim."""

import re
from functools import cache
from typing import Any

from ingestd.model.language_tags import language_tag

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


def identify(text: str, claim: str | None) -> tuple[str | None, str | None]:
    """Return the language of a text, and the language detected from the text alone; None where unknown.

    The claim is kept, with its script and region, unless a text long enough to be sure contradicts it: page templates
    often carry the wrong language.
    """
    claimed, probabilities = language_tag(claim), _probabilities(text)
    if not probabilities:
        return claimed, None
    detected = max(probabilities, key=probabilities.__getitem__)
    if claimed is None:
        return detected, detected
    first = claimed.split("-")[0]
    candidates = _indistinguishable_from(first)
    probability = sum(probabilities.get(language, 0) for language in candidates)
    contradicted = len(text) >= _MIN_TO_CONTRADICT and probability < _UNLIKELY and candidates & _supported()
    if contradicted or not _is_in_script(text, first, claimed):
        return detected, detected
    return claimed, detected


def _is_in_script(text: str, language: str, claimed: str) -> bool:
    """Return whether a text may be in a language by its letters: no text in kana or Hangul is English."""
    sample = text[:_SAMPLE]
    if not sample.isascii() and _ANY_SCRIPT.search(sample):
        letters = sum(map(str.isalpha, sample))
        for of_script, languages in _SCRIPTS:
            if 2 * sum(map(str.isalpha, of_script.findall(sample))) > letters:
                return language in languages
    has_own_script = any(language in languages for _, languages in _SCRIPTS)
    return not has_own_script or "-Latn" in claimed or any(map(str.isalpha, _NOT_LATIN.findall(sample)))


#: Scripts of few languages, and these.
_SCRIPTS = tuple(
    (re.compile(characters), frozenset(languages.split()))
    for characters, languages in (
        ("[\u3040-\u30ff\u4e00-\u9fff\u3400-\u4dbf]", "ja zh yue wuu nan hak gan hsn lzh"),
        ("[\uac00-\ud7af\u1100-\u11ff]", "ko"),
        ("[\u0e00-\u0e7f]", "th"),
        ("[\u0e80-\u0eff]", "lo"),
        ("[\u0370-\u03ff\u1f00-\u1fff]", "el grc"),
        ("[\u0590-\u05ff]", "he yi lad"),
        ("[\u10a0-\u10ff]", "ka xmf"),
        ("[\u0530-\u058f]", "hy"),
        ("[\u1000-\u109f]", "my mnw shn"),
        ("[\u1780-\u17ff]", "km"),
        ("[\u0b80-\u0bff]", "ta"),
        ("[\u0c00-\u0c7f]", "te"),
    )
)
_ANY_SCRIPT = re.compile("|".join(of_script.pattern for of_script, _ in _SCRIPTS))
_NOT_LATIN = re.compile("[^\u0000-\u024f]")


def detect(text: str) -> str | None:
    """Return the language detected from a text; None when the text is too short."""
    probabilities = _probabilities(text)
    return max(probabilities, key=probabilities.__getitem__, default=None)


def _probabilities(text: str) -> dict[str, float]:
    """Return the probability of each language for a text; empty when it is too short."""
    if len(text) < _MIN_TEXT:
        return {}
    ranked: dict[str, float] = dict(_identifier().rank(text[:_SAMPLE]))
    # The model also knows "no language" (zxx), and Wu, which newspapers do not print.
    ranked["zh"] = ranked.get("zh", 0) + ranked.pop("wuu", 0)
    ranked.pop("zxx", None)
    return ranked


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
