"""Say in words whose text a record has, and by which evidence."""

import re
from collections.abc import Iterator

from ingestd.model.story import Story, StoryCopy
from ingestd.text import collapse

#: How a record came to its story, where it was compared with another one and no share was measured.
_HOW = {
    "equal short text": "the same short text as record {0}",
    "alert": "its headline is the alert of record {0}",
    "equal": "the same text as record {0}",
    "record": "a revision of record {0}",
}

#: What a rung of evidence gave, and what it means that it gave nothing.
_FOUND = {
    "agency": "{0}'s own document",
    "credited": "credits {0}",
    "containment": "its text is nearest to that of {0}",
    "second": "another part is from {0}",
    "named": "others name {0}",
    "earliest": "{0} was first",
    "via named": "names {0}",
    "via text": "has what {0} added",
}
_NOTHING = {"credited": "no credit of its own", "credits": "no agency is credited"}

#: Words before and after a fact that say where it is.
_AROUND = 4
_SEPARATORS = "[.,'’\u00a0\u2009\u202f]?"


def origin_of(story: Story) -> str | None:
    """Return whose text a story is, and by which evidence; None: it is alone and no agency is named."""
    others = [one for one in story.copies if one.record_id != story.origin_record]
    origin = next((one for one in story.copies if one.record_id == story.origin_record), None)
    if story.agency:
        credited = sum(story.agency in one.credits for one in others)
        by = f", credited by {credited} of {len(others)}" if credited else ", credited by none" if others else ""
        own = f"its own document is record {origin.record_id}" if origin else "its own document is not here"
        if not origin and any(one.own_agency == story.agency for one in others):
            return f"{story.agency}: its own document"
        return f"{story.agency}{by}; {own}"
    if origin is None:
        return "unknown" if len(story.copies) > 1 else None
    naming = sum(origin.publisher in one.named for one in others)
    if naming:
        return f"{origin.publisher}, named by {naming} of {len(others)}; record {origin.record_id}"
    return f"{origin.publisher}, the first; no agency is credited; record {origin.record_id}"


def reasons(one: StoryCopy) -> Iterator[str]:
    """Yield in words how a record came to its story, whose text it has, and what it changed."""
    yield _how(one)
    if said := [words for rung in one.evidence if (words := _rung(one, *rung))]:
        yield f"origin: {', '.join(said)}"
    if one.via_record:
        yield f"copied from record {one.via_record}"
    for change in one.changed:
        where = f', in "{change.where}"' if change.where else ""
        yield f"changed: {change.theirs} → {change.own}{where}"
    if one.also:
        yield "has parts of " + ", ".join(f"story {story} ({percent(share)})" for story, share in one.also)


def _how(one: StoryCopy) -> str:
    if one.how == "round-up":
        return "a round-up: parts of several stories, placed alone"
    if one.of_record is None:
        return "the first of its story" if one.how == "new" else one.how
    if one.how in _HOW:
        return _HOW[one.how].format(one.of_record)
    if not one.of_document:
        return f"{one.how}: record {one.of_record}"
    how = "word by word" if one.how == "aligned" else one.how
    return (
        f"{how}: {percent(one.of_document)} of it is in record {one.of_record}, {percent(one.of_member)} of that in it"
    )


def _rung(one: StoryCopy, name: str, found: str | None) -> str | None:
    """Return what a rung of evidence gave, in words; None where the next one says it."""
    if found is None:
        return _NOTHING.get(name)
    if name == "credits":
        return f"credits {found}, whose own document is not here" if found in one.credits else f"others credit {found}"
    return _FOUND[name].format(found) if name in _FOUND else f"{name}: {found}"


def percent(share: float | None) -> str | None:
    """Return a share in words, None for None."""
    return None if share is None else f"{share:.0%}"


def words_around(text: str, fact: str) -> str | None:
    """Return the first place of a text that has a fact, with the words around it; None: it is not there.

    A number may have separators of thousands in the text, which a fact has not.
    """
    first = fact.strip().partition(" ")[0]
    letters = [re.escape(letter) for letter in first]
    pattern = (_SEPARATORS if first.isdigit() else "").join(letters)
    found = re.search(rf"(?<![\w.,]){pattern}(?!\w|[.,]\d)", text) if letters else None
    if not found:
        return None
    before, after = text[: found.start()].rpartition("\n")[2], text[found.end() :].partition("\n")[0]
    # The words that touch it, such as "No." or "%", and some more.
    left, right = before.split(" ")[-_AROUND - 1 :], after.split(" ")[: _AROUND + 1]
    return collapse(f"{' '.join(left)}{found[0]}{' '.join(right)}")
