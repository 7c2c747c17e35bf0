"""Stories as a reader sees them who does not see all records and carriers."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from ingestd.model.story import Story, StoryCopy


def seen_story(story: Story, records: Collection[int], entries: Collection[int]) -> Story:
    """Return a story without the records and the entries that carry them that are not among those given."""
    copies = tuple(_seen_copy(one, records, entries) for one in story.copies if one.record_id in records)
    carried = [carrier for one in copies for carrier in one.carriers]
    agencies = Counter(one.agency for one in copies if one.agency)
    origin = story.origin_record if story.origin_record in records else None
    by_origin = sorted(copies, key=lambda one: one.record_id != origin)
    return replace(
        story,
        headline=next((one.headline for one in by_origin if one.headline), None),
        first_seen_at=min((one.seen_at for one in copies), default=story.first_seen_at),
        last_seen_at=max((one.seen_at for one in carried), default=story.last_seen_at),
        carriers=len(carried),
        publishers=len({one.publisher for one in carried}),
        first_record=story.first_record if story.first_record in records else None,
        first_entry=story.first_entry if story.first_entry in entries else None,
        origin_record=origin,
        agency=agencies.most_common(1)[0][0] if agencies else None,
        copies=copies,
    )


def _seen_copy(copy: StoryCopy, records: Collection[int], entries: Collection[int]) -> StoryCopy:
    carried = tuple(one for one in copy.carriers if one.entry_id in entries)
    seen = replace(copy, carriers=carried, also=())
    if len(carried) < len(copy.carriers):
        publishers = [one.publisher for one in carried]
        publisher = copy.publisher if copy.publisher in publishers else next(iter(publishers), "")
        seen = replace(seen, publisher=publisher, seen_at=min((one.seen_at for one in carried), default=copy.seen_at))
    if copy.of_record not in records:
        seen = replace(
            seen, of_record=None, of_document=None, of_member=None, clashes=None, facts=None, changed=()
        )  # fmt: skip
    origins = (copy.origin_record, copy.second_origin, copy.via_record)
    if any(one is not None and one not in records for one in (*origins, copy.of_record)):
        seen = replace(seen, evidence=())
    origin, second, via = (one if one in records else None for one in origins)
    share = copy.share if origin is not None else None
    return replace(seen, origin_record=origin, second_origin=second, via_record=via, share=share)
