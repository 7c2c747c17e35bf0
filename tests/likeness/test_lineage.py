from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.likeness.lineage import first_carrier, texts_needed, to_retrace, trace
from ingestd.likeness.named_publishers import named_publishers
from ingestd.likeness.sketch import Sketch, sketch
from ingestd.likeness.tellers import Lineage, Teller
from tests.support.invented_texts import joined, paragraphs, replaced

BASE = 7
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEXT = paragraphs("agency", 8)


def told(record: int, minutes: int, **fields: object) -> Teller:
    """Return a teller that was published so many minutes after noon and seen ten minutes later."""
    printed = NOON + timedelta(minutes=minutes)
    values: dict[str, object] = {
        "publisher": f"p{record}.example",
        "seen": printed + timedelta(minutes=10),
        "printed": printed,
        **fields,
    }
    return Teller(record=record, **values)  # type: ignore[arg-type]


AGENCY = told(1, 0, agency="AFP", publisher="afp.example")


def one(traced: Teller, tellers: Sequence[Teller], texts: Mapping[int, str] | None = None, **rest: object) -> Lineage:
    sketches: dict[int, Sketch] = {record: sketch(text, BASE) for record, text in (texts or {}).items()}
    needed = {record: sketches[record] for record in texts_needed([traced], tellers) if record in sketches}
    (found,) = trace([traced], tellers, texts=needed, **rest)  # type: ignore[arg-type]
    return found


def test_a_carrier_has_its_text_from_the_agency_that_it_credits() -> None:
    other = told(2, -10, agency="dpa", publisher="dpa.example")
    carrier = told(3, 30, credits=frozenset({"AFP"}))
    texts = {1: joined(TEXT), 2: joined(TEXT[:6]), 3: joined([*TEXT[:4], *paragraphs("own", 4)])}

    found = one(carrier, [AGENCY, other, carrier], texts)

    assert found.origins == (AGENCY,)
    assert found.agency == "AFP"
    assert found.share is not None
    assert 0.3 < found.share < 0.6
    assert ("credited", "AFP") in found.rungs


def test_without_a_credit_the_agency_whose_text_it_has() -> None:
    other = told(2, -10, agency="dpa", publisher="dpa.example")
    carrier = told(3, 30)
    texts = {1: joined(TEXT), 2: joined([*TEXT[:2], *paragraphs("theirs", 4)]), 3: joined(TEXT[:7])}

    assert one(carrier, [AGENCY, other, carrier], texts).origins == (AGENCY,)


def test_an_agency_that_is_credited_but_not_here_leaves_the_origin_open() -> None:
    first, second = told(1, 0, credits=frozenset({"AFP"})), told(2, 20)

    for carrier in (first, second):
        found = one(carrier, [first, second], {1: joined(TEXT), 2: joined(TEXT)})
        assert found.origins == ()
        assert found.agency == "AFP"


def test_without_agencies_the_earliest_is_the_origin() -> None:
    first, second = told(2, 0), told(1, 20)

    assert one(second, [second, first]).origins == (first,)
    assert one(first, [second, first]).origins == ()


def test_a_publisher_that_others_name_is_the_origin_though_it_was_seen_later() -> None:
    paper = told(1, 0, seen=NOON + timedelta(hours=3), printed=None)
    copy = told(2, 30, named=("p1.example",))

    # Its time is not known; that it was seen after the copy proves nothing where it could have been published before.
    assert one(copy, [replace(paper, printed=NOON), copy]).origins[0].record == 1


def test_a_named_publisher_that_had_it_after_others_were_seen_with_it_is_not_the_origin() -> None:
    first, second = told(1, 0), told(2, 60)
    copy = told(3, 90, named=("p2.example",))

    found = one(copy, [first, second, copy])

    assert found.origins == (first,)
    assert found.via == second


@pytest.mark.parametrize(
    ("printed", "believed"),
    [
        pytest.param(NOON + timedelta(hours=2), False, id="ahead-of-sight"),
        pytest.param(NOON - timedelta(hours=30), False, id="more-than-a-day"),
        pytest.param(NOON - timedelta(hours=3), True, id="three-hours"),
        pytest.param(None, False, id="none"),
    ],
)
def test_a_printed_time_counts_where_it_can_be(printed: datetime | None, believed: bool) -> None:
    teller = told(1, 0, seen=NOON, printed=printed)

    assert (teller.at == printed) is believed
    assert teller.at <= NOON


def test_the_first_carrier_is_no_origin_and_not_before_it() -> None:
    liar = told(2, -60, seen=NOON + timedelta(minutes=50))  # a clock that is an hour wrong
    first, later = told(3, 20), told(4, 40)

    assert first_carrier([AGENCY, liar, first, later]) == first
    assert first_carrier([AGENCY]) is None


def test_a_carrier_of_the_origins_own_text_can_be_first() -> None:
    carrier = told(1, 5, carrier=9, publisher="paper.example")

    assert first_carrier([AGENCY, carrier, told(2, 20)]) == carrier
    assert one(carrier, [AGENCY, carrier], {1: joined(TEXT)}).origins == (AGENCY,)


def test_a_copy_of_a_copy_shows_by_what_that_one_added() -> None:
    added = joined([*TEXT, *paragraphs("added", 2)])
    first, second, third = told(2, 10), told(3, 20), told(4, 30)
    texts = {1: joined(TEXT), 2: added, 3: joined(TEXT[:5]), 4: replaced(added, 0.01, "few")}

    assert one(third, [AGENCY, first, second, third], texts).via == first
    assert one(second, [AGENCY, first, second, third], texts).via is None


def test_a_second_agency_explains_a_part() -> None:
    carrier = told(2, 30, credits=frozenset({"AFP", "dpa"}))
    dpa = told(9, 0, agency="dpa", publisher="dpa.example")

    assert one(carrier, [AGENCY, carrier], others=[(dpa, 0.3)]).origins == (AGENCY, dpa)
    assert one(carrier, [AGENCY, carrier], others=[(dpa, 0.1)]).origins == (AGENCY,)
    assert one(replace(carrier, credits=frozenset()), [AGENCY, carrier], others=[(dpa, 0.3)]).origins == (AGENCY,)


def test_a_late_document_of_an_agency_changes_the_origin_of_all() -> None:
    carriers = [told(number, number) for number in range(2, 6)]

    assert to_retrace(told(6, 50), carriers) == (told(6, 50),)
    assert to_retrace(AGENCY, carriers) == (*carriers, AGENCY)
    assert [found.origins for found in trace(carriers, [*carriers, AGENCY], texts={})] == [(AGENCY,)] * 4


def test_the_texts_read_are_bounded() -> None:
    carriers = [told(number, number) for number in range(2, 400)]
    agencies = [told(number, 0, agency="AFP") for number in range(500, 530)]
    tellers = [*carriers, *agencies]

    assert len(texts_needed([carriers[-1]], tellers)) <= 25
    assert len(texts_needed(carriers, tellers)) <= 32


def test_the_order_of_tellers_changes_nothing() -> None:
    tellers = [AGENCY, *(told(number, number % 3, credits=frozenset({"AFP"})) for number in range(2, 12))]
    texts = {teller.record: sketch(replaced(joined(TEXT), 0.05, teller.record), BASE) for teller in tellers}

    assert trace(tellers, tellers, texts=texts) == trace(tellers, tellers[::-1], texts=texts)
    assert first_carrier(tellers) == first_carrier(tellers[::-1])


@given(st.permutations(range(2, 9)), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_of_equal_times_the_order_of_arrival_changes_no_origin(
    order: list[int], has_agency: bool, has_credits: bool
) -> None:
    credits_ = frozenset({"AFP"}) if has_credits else frozenset()
    tellers = [told(number, 0, publisher=f"p{number % 3}.example", credits=credits_) for number in range(2, 9)]
    tellers += [AGENCY] if has_agency else []
    texts = {teller.record: sketch(replaced(joined(TEXT), 0.03, teller.record), BASE) for teller in tellers}
    by_record = {teller.record: teller for teller in tellers}
    permuted = [by_record[number] for number in order] + tellers[7:]

    expected = {one.teller.record: one for one in trace(tellers, tellers, texts=texts)}

    assert {one.teller.record: one for one in trace(permuted, permuted, texts=texts)} == expected
    assert first_carrier(permuted) == first_carrier(tellers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained.\n\nThis article first appeared in Sarola-Post.example.", ("sarola-post.example",)),
        ("Es regnete.\n\nDieser Beitrag erschien zuerst bei www.post.example.", ("post.example",)),
        ("Cet article a été publié initialement sur https://post.example/a.", ("post.example",)),
        ("First reported by post.example. It rained.", ("post.example",)),
        ("The plan was first published by the ministry.", ()),
    ],
)
def test_named_publishers(text: str, expected: tuple[str, ...]) -> None:
    assert named_publishers(text) == expected
