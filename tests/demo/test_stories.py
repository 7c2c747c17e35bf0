from itertools import pairwise

import pytest

from ingestd.demo.stories import Story, last_change, load, version

STORIES = load()


def test_slugs_are_unique() -> None:
    assert len({story.slug for story in STORIES}) == len(STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.slug)
def test_a_story_has_the_length_of_a_news_story(story: Story) -> None:
    assert 4 <= len(story.paragraphs) <= 8
    assert all(len(paragraph) > 60 for paragraph in story.paragraphs)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.slug)
def test_a_story_is_not_published_early(story: Story) -> None:
    assert version(story, story.after - 0.001) is None
    assert version(story, story.after) is not None


@pytest.mark.parametrize(
    "edit_of", [(story, edit) for story in STORIES for edit in story.edits], ids=lambda pair: pair[0].slug
)
def test_an_edit_replaces_text_that_is_there_and_comes_later(edit_of: tuple) -> None:
    story, edit = edit_of
    before, after = version(story, edit.after - 0.001), version(story, edit.after)

    assert (before.paragraphs != after.paragraphs) == bool(edit.was)
    assert before.updated < after.updated == edit.posted
    assert edit.after - story.after >= 10  # a daemon that polls every few seconds has seen the first version


@pytest.mark.parametrize("outlet", ["meridian", "courier", "herald"])
def test_publication_order_and_stated_times_agree(outlet: str) -> None:
    own = [story for story in STORIES if story.outlet == outlet]
    changes = sorted((moment.after, moment.posted) for story in own for moment in (story, *story.edits))

    # Otherwise Last-Modified would not tell two versions of a feed apart.
    assert all(earlier < later for (_, earlier), (_, later) in pairwise(changes))
    assert all(earlier < later for (earlier, _), (later, _) in pairwise(changes))


def test_a_reprint_is_the_agencys_text_word_for_word_and_comes_later() -> None:
    by_slug = {story.slug: story for story in STORIES}
    reprints = [story for story in STORIES if story.reprint]

    assert len(reprints) == 2
    for story in reprints:
        original = by_slug[story.reprint]
        assert (story.paragraphs, story.dateline) == (original.paragraphs, original.dateline)
        assert (story.headline, story.byline, story.photo) == (original.headline, original.byline, original.photo)
        assert story.outlet != original.outlet == "meridian"
        assert story.after > original.after
        assert not story.edits
        assert not original.edits  # else the two texts would part, and the count with them


def test_everything_is_published_within_half_a_minute() -> None:
    assert last_change(STORIES) == 24
