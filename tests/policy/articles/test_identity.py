from dataclasses import replace

import pytest

from ingestd.policy.articles.identity import Candidate, Head, Verdict, decide


def head(record_id: int = 1, *, text: str = "old", headline: str = "Ferry runs", origin: int = 10) -> Head:
    return Head(id=record_id, revision=1, content_hash=text, headline=headline, origin_entry_id=origin)


def candidate(
    *, entry: int = 10, text: str = "old", headline: str | None = "Ferry runs", fragment: bool = False,
    carries: int | None = None, whole: str | None = None,
) -> Candidate:  # fmt: skip
    return Candidate(
        entry_id=entry, content_hash=text, whole_hash=whole or text, headline=headline, fragment=fragment,
        carries=carries,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "own", "holder", "verdict", "of"),
    [
        pytest.param(candidate(), None, None, "new", None, id="nobody-has-it"),
        pytest.param(candidate(entry=11), None, head(), "carried", 1, id="another-address-same-text"),
        pytest.param(candidate(entry=11, carries=1), None, head(), "same", 1, id="carrier-again"),
        pytest.param(candidate(carries=1), head(), head(), "same", 1, id="origin-again"),
        pytest.param(candidate(text="new", carries=1), head(), None, "text", 1, id="origin-edits"),
        pytest.param(
            candidate(text="new", whole="old", carries=1), head(), head(), "same", 1, id="we-leave-out-what-was-kept"
        ),
        pytest.param(
            candidate(text="new", carries=1), head(), head(2, text="new"), "text", 1, id="identity-before-text"
        ),
        pytest.param(candidate(entry=11, text="new"), head(), None, "text", 1, id="page-at-the-address-edits"),
        pytest.param(
            candidate(entry=11, text="cut", fragment=True), head(), None, "carried", 1, id="excerpt-elsewhere"
        ),
        pytest.param(
            candidate(entry=11, text="cut", fragment=True, carries=1), head(), None, "same", 1, id="excerpt-again"
        ),
        pytest.param(
            candidate(text="new", fragment=True, carries=1), head(), None, "text", 1, id="origin-is-a-feed-text"
        ),
        pytest.param(candidate(entry=11), head(), head(), "carried", 1, id="second-feed-same-address"),
        pytest.param(candidate(entry=11, carries=1), head(), head(), "same", 1, id="second-feed-again"),
        pytest.param(candidate(headline="Ferry stops", carries=1), head(), head(), "headline", 1, id="new-headline"),
        pytest.param(
            candidate(headline="FERRY  runs", carries=1), head(), head(), "same", 1, id="headline-reset-in-capitals"
        ),
        pytest.param(candidate(headline=None, carries=1), head(), head(), "same", 1, id="headline-lost"),
        pytest.param(
            candidate(entry=11, headline="Boat runs", carries=1), head(), head(), "same", 1, id="headline-of-a-carrier"
        ),
    ],
)
def test_an_article_becomes_a_record_a_revision_or_a_carrier(
    found: Candidate, own: Head | None, holder: Head | None, verdict: Verdict, of: int | None
) -> None:
    got, record = decide(found, own=own, holder=holder)

    assert (got, record.id if record else None) == (verdict, of)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(candidate(text="now", carries=1), "same", id="by-the-present-rules"),
        pytest.param(candidate(text="before", headline="Ferry runs | News", carries=1), "same", id="by-those-before"),
        pytest.param(candidate(text="first", carries=1), "same", id="by-those-before-them"),
        pytest.param(candidate(text="edited", carries=1), "text", id="edited"),
        pytest.param(candidate(text="now", headline="Ferry stops", carries=1), "headline", id="another-headline"),
    ],
)
def test_a_reprocessed_page_is_recognised_by_the_texts_of_all_its_rules(found: Candidate, verdict: Verdict) -> None:
    own = head(text="first")
    own = own.reprocessed(content_hash="before", headline="Ferry runs | News")
    own = own.reprocessed(content_hash="now", headline="Ferry runs")

    assert decide(found, own=own, holder=own)[0] == verdict
    assert own.revision == 3


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("origin_is_whole", [True, False])
@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("same_entry", [True, False])
@pytest.mark.parametrize("same_text", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_every_combination_at_a_known_address(
    is_whole: bool, origin_is_whole: bool, beside: bool, same_entry: bool, same_text: bool, held: bool
) -> None:
    """The table in docs/records.md."""
    own = replace(head(), fragment=origin_is_whole)
    text = "old" if same_text else "new"
    found = replace(candidate(entry=10 if same_entry else 11, text=text, fragment=is_whole), listed_beside=beside)

    verdict, record = decide(found, own=own, holder=head(2, text=text) if held else None)

    side_by_side = beside and is_whole and origin_is_whole
    if not same_text and side_by_side:
        assert (verdict, record and record.id) == (("carried", 2) if held else ("new", None))
    else:
        assert record == own
        if same_text:
            assert verdict == ("same" if same_entry else "carried")
        else:
            assert verdict == ("text" if same_entry or not is_whole else "carried")
