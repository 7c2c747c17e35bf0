import random

from ingestd.policy.articles.recurrence import LINE_ARTICLES, PROSE_ARTICLES, Habits, learn, recurring_blocks

BOX, BACKGROUND = 1, 2


def after(*articles: list[int], habits: Habits | None = None) -> Habits:
    known = habits or Habits()
    for block_hashes in articles:
        known = learn(known, block_hashes)
    return known


def alone(number: int) -> list[int]:
    """Return an article with blocks that no other article has."""
    return [1000 * number + block for block in range(20)]


def test_a_line_in_three_articles_is_boilerplate_and_in_two_it_is_not() -> None:
    two = after(*([*alone(n), BOX] for n in range(1, LINE_ARTICLES)))
    three = after([*alone(9), BOX], habits=two)

    assert recurring_blocks(two).lines == frozenset()
    assert recurring_blocks(three).lines == {BOX}


def test_prose_needs_more_articles_than_a_line() -> None:
    known = after(*([*alone(n), BACKGROUND] for n in range(1, PROSE_ARTICLES)))

    assert BACKGROUND in recurring_blocks(known).lines
    assert BACKGROUND not in recurring_blocks(known).prose
    assert BACKGROUND in recurring_blocks(after([*alone(99), BACKGROUND], habits=known)).prose


def test_the_background_of_follow_ups_is_not_boilerplate_once_the_story_ends() -> None:
    known = after(*([*alone(n), BACKGROUND, BOX] for n in range(1, PROSE_ARTICLES + 1)))
    moved_on = after(*([*alone(n), BOX] for n in range(100, 150)), habits=known)

    assert recurring_blocks(known).prose == {BACKGROUND, BOX}
    assert recurring_blocks(moved_on).prose == {BOX}


def test_a_block_counts_once_in_each_article() -> None:
    assert recurring_blocks(after([BOX, BOX, BOX], [BOX, BOX])).lines == frozenset()


def test_a_block_that_no_longer_recurs_is_forgotten() -> None:
    known = after(*([*alone(n), BOX] for n in range(1, 50)))

    for number in range(1000, 1250):
        known = learn(known, alone(number))

    assert BOX not in known.tallies


def test_habits_are_bounded() -> None:
    chance = random.Random(1)
    known = Habits()
    for _ in range(300):
        known = learn(known, [chance.randrange(2000) for _ in range(1000)])

    assert len(known.tallies) <= 400
    assert len(known.recent) <= 20
    assert max(map(len, known.recent)) <= 100
