"""JSON of stories, as printed and as the API answers."""

from dataclasses import asdict
from typing import Any

from ingestd.model.story import Story
from ingestd.model.story_words import origin_of


def story_as_json(story: Story) -> dict[str, Any]:
    """Return a whole story in plain values, with its origin in words."""
    return asdict(story) | {"origin": origin_of(story)}
