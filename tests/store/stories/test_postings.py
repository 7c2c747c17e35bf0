"""Shingles in the index, which the short hashes of texts find."""

from random import Random

import numpy as np

from ingestd.likeness.arrays import shortened
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.stories import postings

RANDOM = Random(7)
HASHES = sorted(RANDOM.getrandbits(48) for _ in range(200))
OURS, OTHERS = HASHES[::2], HASHES[1::2]


def short(hashes: list[int]) -> list[int]:
    return [int(one) for one in shortened(np.array(hashes, np.uint64))]


async def test_short_hashes_name_the_shingles_of_a_story(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        await postings.add(connection, [(one, 1) for one in HASHES] + [(one, 2) for one in HASHES])

        await postings.remove(connection, 1, short(OURS))

        found = await postings.find(connection, HASHES)
    assert [one for one in HASHES if 1 in found[one]] == OTHERS
    assert [one for one in HASHES if 2 in found[one]] == HASHES


async def test_a_story_gets_shingles_of_another_one(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        await postings.add(connection, [(one, 1) for one in HASHES] + [(OURS[0], 3)])

        await postings.copy(connection, 1, 3, short([*OURS, 5]))

        found = await postings.find(connection, HASHES)
    assert [one for one in HASHES if 3 in found[one]] == OURS
    assert all(1 in having for having in found.values())


def test_short_hashes_tell_what_a_long_text_is_sampled_by() -> None:
    assert [one % 4 == 0 for one in short([4 << 30, 5 << 31, (9 << 32) + 2, (11 << 33) + 1])] == [
        True,
        True,
        False,
        False,
    ]
