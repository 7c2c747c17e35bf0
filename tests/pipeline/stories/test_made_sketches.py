from ingestd.pipeline.stories.made_sketches import MadeSketches


def test_a_sketch_is_taken_once_and_for_its_base_only() -> None:
    made = MadeSketches()
    made.put("Rain fell.", b"sketch", 1)

    assert made.take("Rain fell.", 2) is None
    assert made.take("Snow fell.", 1) is None
    assert made.take("Rain fell.", 1) == b"sketch"
    assert made.take("Rain fell.", 1) is None


def test_the_oldest_sketches_are_dropped() -> None:
    made = MadeSketches(most=100)
    for number in range(10):
        made.put(f"text {number}", bytes(30), 1)
    made.put("text 9", bytes(20), 1)  # in its place

    assert [number for number in range(10) if made.take(f"text {number}", 1)] == [7, 8, 9]
    made.put("too large", bytes(101), 1)
    assert made.take("too large", 1) is None
    made.put("text", bytes(100), 1)
    assert made.take("text", 1)
