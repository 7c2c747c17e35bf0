from ingestd.likeness.content_hash import SHORT, content_hash

STORY = "The mayor said on Monday that the bridge would stay closed until the autumn. " * 4
TEASER = "Subscribe to read on."


def test_a_story_has_the_same_hash_under_any_headline() -> None:
    assert len(STORY) > SHORT
    assert content_hash(STORY, headline="A") == content_hash(STORY.replace(". ", ".\n\n"), headline=None)


def test_a_short_text_has_the_same_hash_only_under_the_same_headline() -> None:
    assert content_hash(TEASER, headline="Bridge “closed”") == content_hash(TEASER, headline='BRIDGE "closed"')
    assert content_hash(TEASER, headline="Bridge closed") != content_hash(TEASER, headline="Ferry sinks")


def test_the_scheme_has_not_changed() -> None:
    # Stored hashes are compared with new ones: another value here is a new scheme.
    assert content_hash("It rained.", headline="Rain") == (
        "bfb328ebce828ac03cc740ef81dd66cfd6fad9a340358bbbb7596f9be70984e4"  # sha256 of "rain\nIt rained."
    )
