from ingestd.model.item import Association, Item, Rendition
from ingestd.policy.wire.media import with_media

DONE = "file:///wire/done/"


def test_a_rendition_gets_the_file_it_names() -> None:
    picture = Association(name="lead", caption="The mayor", renditions=(Rendition(href="media\\mayor.jpg", width=800),))
    item = Item(guid="urn:a:1", associations=(picture,), renditions=(Rendition(href="https://a.example/x.jpg"),))

    found = with_media(item, {"mayor.jpg": f"{DONE}mayor.jpg"})

    assert found.associations == (
        Association(name="lead", caption="The mayor", renditions=(Rendition(href=f"{DONE}mayor.jpg", width=800),)),
    )
    assert found.renditions == item.renditions


def test_a_file_that_no_rendition_names_becomes_an_association() -> None:
    found = with_media(
        Item(guid="urn:a:1"), {"b.MP4": f"{DONE}b.MP4", "a.jpg": f"{DONE}a.jpg", "c.ogg": f"{DONE}c.ogg"}
    )

    assert [(one.name, one.type, one.renditions[0].href) for one in found.associations] == [
        ("a.jpg", "picture", f"{DONE}a.jpg"), ("b.MP4", "video", f"{DONE}b.MP4"), ("c.ogg", "audio", f"{DONE}c.ogg"),
    ]  # fmt: skip


def test_without_files_nothing_changes() -> None:
    item = Item(guid="urn:a:1")

    assert with_media(item, {}) is item
