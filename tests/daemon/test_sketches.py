"""Sketches of pages are made where their articles are extracted; the placer makes those that it has not got."""

from collections.abc import Callable

import pytest

from ingestd.daemon.service import Service
from ingestd.likeness import short_texts
from ingestd.likeness.sketch import Sketch
from ingestd.pipeline.stories.placer import Placer
from tests.support.desk import OTHER, STORY, add, feed, page
from tests.support.newsroom import Newsroom
from tests.support.stories import clusters, dumped, unplace


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of which this process has made a sketch to place them."""
    texts: list[str] = []
    original: Callable[[str, int], Sketch] = short_texts.sketch

    def sketch(text: str, base: int) -> Sketch:
        texts.append(text)
        return original(text, base)

    monkeypatch.setattr(short_texts, "sketch", sketch)
    return texts


async def test_the_placer_makes_no_sketch_of_an_extracted_page(
    service: Service, newsroom: Newsroom, made: list[str]
) -> None:
    database = service.runtime.database
    links = [
        newsroom.publish(f"/{number}.html", content_type="text/html", body=page(f"Report {number}", text))
        for number, text in enumerate((STORY, OTHER))
    ]
    await add(service.runtime, newsroom.publish("/feed.xml", content_type="application/atom+xml", body=feed(*links)))
    assert service.placer
    await service.placer.place_all()  # from now on it is known for which base

    await service.run_until_idle()

    assert await clusters(database) == [[1], [2]]
    assert made == []
    placed = await dumped(database)

    await unplace(database)
    await Placer(database).place_all()  # as after a restart

    assert len(made) == 2
    assert await dumped(database) == placed
