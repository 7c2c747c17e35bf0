"""Find what a wire item says in words about being taken back; its status does not say so."""

from ingestd.model.item import Item
from ingestd.model.kill_phrases import find_kill, find_replacement


def words_of_kill(item: Item) -> str | None:
    """Return the words by which an item takes its story back, such as "STORY WITHDRAWN"; None if it does not.

    An item that replaces its earlier versions takes them back, not itself, unless it has no text.
    """
    if item.pubstatus == "canceled":
        return None
    headings, notes = _texts(item)
    replacement = find_replacement(headings, notes)
    if replacement and (item.body_text or item.body_html):
        return None
    return replacement or find_kill(headings, notes)


def replaces_earlier_versions(item: Item) -> bool:
    """Return whether an item with a text says that it voids its earlier versions: "annule et remplace"."""
    has_text = bool(item.body_text or item.body_html)
    return has_text and item.pubstatus != "canceled" and find_replacement(*_texts(item)) is not None


def _texts(item: Item) -> tuple[list[str | None], list[str]]:
    return [item.headline, item.slugline, item.title, item.extra.get("marks")], [note.text for note in item.ednotes]
