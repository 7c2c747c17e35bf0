"""The language of a text as BCP 47: the page's claim, or else what its words say."""

import re

_TAG = re.compile(r"([a-zA-Z]{2,3})(?:[-_](?:([A-Za-z]{4})(?:[-_]|$))?(?:([A-Za-z]{2}|\d{3})\b)?)?")
#: Enough for a sure answer; more only takes longer.
_SAMPLE = 2000


def tag(claim: str | None) -> str | None:
    """Return a claim such as "en_us" as a BCP 47 tag, "en-US"; None when it is none (a name, "x-default")."""
    match = _TAG.match((claim or "").strip())
    if not match or (claim or "").strip()[match.end(1) :][:1] not in ("", "-", "_", ".", "@", ","):
        return None
    language, script, region = match.groups()
    parts = (language.lower(), script.title() if script else None, region.upper() if region else None)
    return "-".join(filter(None, parts))


def detect(text: str) -> str | None:
    """Name the language of a text by its letters; None when there is too little of it."""
    if len(text) < 20:
        return None
    # Imported when first needed: most pages say their language, and the model takes 40 MB and a quarter of a second.
    from py3langid import classify  # noqa: PLC0415 - see above

    language, _ = classify(text[:_SAMPLE])
    return str(language)
