from pathlib import Path

from tests.cli.feeds import feed
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_exported_opml_can_be_imported(papers: Papers, config: Path, tmp_path: Path) -> None:
    urls = [feed(papers, f"/{n}.xml") for n in range(3)]
    for url in urls:
        ingestd(config, "sources", "add", url, "--unchecked")
    file = tmp_path / "sources.opml"
    file.write_text(ingestd(config, "sources", "export").out)
    ingestd(config, "sources", "remove", urls[0])

    done = ingestd(config, "sources", "import", file)

    assert done.out == "1 sources added, 2 exist already\n"
    assert [row["url"] for row in ingestd(config, "sources", "list", "--json").json] == urls


def test_a_file_that_is_not_opml_is_reported(config: Path, tmp_path: Path) -> None:
    (tmp_path / "no.opml").write_text("no")

    assert ingestd(config, "sources", "import", tmp_path / "no.opml").status == 1
    assert "No such file" in ingestd(config, "sources", "import", tmp_path / "missing").error
