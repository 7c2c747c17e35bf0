import pytest

from ingestd.formats import parse
from ingestd.model.source import NO_HINTS, Hints

SY = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"


def hints(channel: str) -> Hints:
    body = f"<rss version='2.0' {SY}><channel><title>F</title>{channel}<item><guid>1</guid></item></channel></rss>"
    return parse(body.encode(), url="https://paper.example/feed").hints


@pytest.mark.parametrize(
    ("channel", "found"),
    [
        ("", NO_HINTS),
        ("<ttl>60</ttl>", Hints(ttl=3600.0)),
        ("<ttl>-5</ttl>", NO_HINTS),
        ("<ttl>never</ttl>", NO_HINTS),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", Hints(period=86_400.0)),
        ("<sy:updatePeriod> Hourly </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", Hints(period=900.0)),
        ("<sy:updateFrequency>2</sy:updateFrequency>", Hints(period=43_200.0)),
        ("<sy:updatePeriod>fortnightly</sy:updatePeriod>", NO_HINTS),
        ("<skipHours><hour>0</hour><hour> 24 </hour><hour>3</hour></skipHours>", Hints(skip_hours=(0, 3))),
        ("<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>", NO_HINTS),
        ("<skipDays><day>Sunday</day><day>saturday</day><day>Doomsday</day></skipDays>", Hints(skip_days=(5, 6))),
    ],
)
def test_polling_hints_of_a_channel_are_read(channel: str, found: Hints) -> None:
    assert hints(channel) == found
