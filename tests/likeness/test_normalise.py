import pytest

from ingestd.likeness.normalise import normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("It’s “late” – so", 'It\'s "late" - so', id="quotes-and-dashes"),
        pytest.param("one\n\n two\u00a0three", "one two three", id="white-space"),
        pytest.param("ﬁne ①", "fine 1", id="compatibility-forms"),
        pytest.param("cafe\u0301", "café", id="composed"),
        pytest.param("zero\u200bwidth so\u00adft", "zerowidth soft", id="invisible"),
        pytest.param("It rained.\n\nUpdated 5 minutes ago", "It rained.\n\nUpdated 2 hours ago", id="ago"),
        pytest.param("12:31 PM\nIt rained.", "It rained.", id="clock"),
        pytest.param("Posted Jun 24, 2020 1:15 AM CDT\n\nIt rained.", "It rained.", id="posted"),
        pytest.param("Published June 24, 2020 | Updated June 25, 2020 8:00 GMT\nIt rained.", "It rained.", id="both"),
        pytest.param("It\n\nAdvertisement\n\nrained.", "It rained.", id="advertisement"),
        pytest.param("It\n\nADVERTISEMENT - CONTINUE READING BELOW\n\nrained.", "It rained.", id="continue-reading"),
    ],
)
def test_noise_does_not_change_the_normal_form(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Polish it", "polish it", id="case"),
        pytest.param("It rained 12 times", "It rained 13 times", id="number"),
        pytest.param("It began at 12:31 PM.", "It began at 12:32 PM.", id="clock-in-a-sentence"),
        pytest.param("Advertisement rates rose.", "Rates rose.", id="word-in-a-sentence"),
    ],
)
def test_a_change_of_the_text_changes_the_normal_form(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_normalise_is_idempotent() -> None:
    once = normalise("“It’s”\n\nUpdated 5 minutes ago\n\nﬁne – so")

    assert normalise(once) == once == '"It\'s" fine - so'
