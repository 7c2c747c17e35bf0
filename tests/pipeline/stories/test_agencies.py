"""An agency that the operator names is the origin of its texts, and is credited by its name."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from ingestd.pipeline.stories.placer import make_placer
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.stories import listing
from tests.support.outcomes import NOON
from tests.support.stories import cut, publish, report

HOUR = timedelta(hours=1)


async def test_its_text_is_the_origin_even_if_it_comes_last(database_url: str) -> None:
    settings = Settings(agencies=["Harbour Press = harbourpress.example"])
    async with Database(with_async_driver(database_url)) as database:
        placer = make_placer(settings, database)
        assert placer
        await publish(database, "https://paper.example/feed", f"{cut(report(1), 4)}\n\nHarbour Press")
        await publish(database, "https://times.example/feed", cut(report(1), 5), at=NOON + HOUR)
        await publish(database, "https://harbourpress.example/feed", report(1), at=NOON + 2 * HOUR)
        await placer.place_all()
        async with database.read() as connection:
            story = await listing.find(connection, 1)

    assert (story.agency, story.origin_record) == ("Harbour Press", 3)
    assert [(one.origin_record, one.credits) for one in story.copies] == [(3, ("Harbour Press",)), (3, ()), (None, ())]
    assert dict(story.copies[0].evidence)["credited"] == "Harbour Press"


def test_what_is_wrong_with_a_name_is_said() -> None:
    with pytest.raises(ValidationError, match="with a name of at most 40 characters"):
        Settings(agencies=[f"{'Harbour' * 6}=harbourpress.example"])


@pytest.mark.parametrize("text", ["Harbour Press", "=paper.example", "Press=https://paper.example/"])
def test_what_names_no_site_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="should be NAME=SITE"):
        Settings(agencies=[text])
