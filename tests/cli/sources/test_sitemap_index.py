from pathlib import Path

import pytest

from tests.cli.running import ingestd
from tests.support.papers import Papers

INDEX = b"<sitemapindex><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>"


@pytest.mark.parametrize("command", [("sources", "add"), ("try",)])
def test_a_sitemap_index_is_refused_with_what_to_name_instead(
    papers: Papers, either: Path, command: tuple[str, ...]
) -> None:
    url = papers.publish("/index.xml", INDEX)

    done = ingestd(either, *command, url)

    assert (done.status, done.out) == (1, "")
    assert f"{url} is a sitemap index" in done.error
    assert f"such as {papers.url('/news.xml')}" in done.error
    assert f"`ingestd backfill sitemap {url}`" in done.error
    assert ingestd(either, "sources", "list", "--json").json == []
