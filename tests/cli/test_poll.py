from pathlib import Path

from tests.backfill.backfills import atom, page
from tests.cli.running import ingestd
from tests.support.desk import OTHER
from tests.support.dropping import item, names, write
from tests.support.papers import Papers


def test_a_second_poll_adds_no_records(papers: Papers, either: Path) -> None:
    links = [papers.publish(f"/{n}", page("Ferry", n)) for n in range(2)]
    feed = papers.publish("/feed.xml", atom(*links))
    ingestd(either, "sources", "add", feed, "--unchecked")

    first, second = (ingestd(either, "poll", feed, "--json") for _ in range(2))

    assert (first.status, first.json["records"], first.json["pending"]) == (0, 2, 0)
    assert (second.json["polls"], second.json["records"]) == (2, 2)


def test_without_a_source_all_due_sources_are_polled(papers: Papers, config: Path) -> None:
    for n in range(3):
        link = papers.publish(f"/{n}", page("Ferry", n))
        ingestd(config, "sources", "add", papers.publish(f"/{n}.xml", atom(link)), "--unchecked")

    first, second = (ingestd(config, "poll", "--json") for _ in range(2))

    assert (first.json["polls"], first.json["records"]) == (3, 3)
    assert second.json["polls"] == 3


def test_a_failed_poll_has_status_1(papers: Papers, config: Path) -> None:
    ingestd(config, "sources", "add", papers.url("/missing"), "--unchecked")

    assert ingestd(config, "poll").status == 1


def test_an_unknown_source_is_a_usage_error(config: Path) -> None:
    done = ingestd(config, "poll", "7")

    assert done.status == 2
    assert "`ingestd sources list`" in done.error


def test_a_drop_folder_is_polled_until_it_is_empty(either: Path, tmp_path: Path) -> None:
    either.write_text(either.read_text() + "settle = 0.5\n")
    folder = tmp_path / "wire"
    folder.mkdir()
    for n in range(3):
        write(folder, f"{n}.json", item(f"urn:{n}", text=f"{n}. {OTHER}"))
    ingestd(either, "sources", "add", folder)

    done = ingestd(either, "poll", folder, "--json")
    gone = ingestd(either, "poll", tmp_path / "none")

    assert (done.status, done.json["records"], done.json["pending"], done.json["failures"]) == (0, 3, 0, 0)
    assert names(folder / "done") == {"0.json", "1.json", "2.json"}
    assert gone.status == 2
