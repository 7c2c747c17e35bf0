"""The examples in docs/api.md answer as the page says."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.daemon.processes import Daemon
from tests.docs.examples import PAGES, page
from tests.support.papers import Papers


def test_the_examples_of_the_api_answer_as_the_page_says(tmp_path: Path, papers: Papers) -> None:
    pages = (page("Ferry runs"), page("Ferry stops").replace(b"will run again", b"will not run again"))
    stories = [papers.publish(f"/stories/{n}", content) for n, content in enumerate(pages)]
    items = "".join(f"<item><guid>{n}</guid><link>{url}</link></item>" for n, url in enumerate(stories))
    papers.publish("/feed.xml", f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode())
    config = write_config(tmp_path)
    assert ingestd(config, "sources", "add", papers.url("/feed.xml")).status == 0
    assert ingestd(config, "poll", "1").status == 0
    environment = {
        "TOKEN": ingestd(config, "tokens", "add", "own", "--role", "read", "--json").json["secret"],
        "CUSTOMER": ingestd(config, "tokens", "add", "other", "--role", "read", "--filter", "source:2", "--json").json[
            "secret"
        ],
    }  # fmt: skip
    [block] = re.findall(r"```sh\n(V1=.+?)```", PAGES["docs/api.md"], re.DOTALL)
    base, *lines = block.splitlines()
    daemon = Daemon(config)
    try:
        base = f"V1={daemon.logged('started')['address'].rstrip('/')}/v1"
        answers = []
        for line in lines:
            status, headers, value = run(f"{base}\n{line}", environment)
            answers.append((status, value))
            if found := re.search(r"cursor=([\w-]+)", headers):
                environment.setdefault("CURSOR", found[1])
    finally:
        assert daemon.end() == 0

    first, second, one, events, customers, problem = answers
    assert [status for status, _ in answers] == [200] * 5 + [400]
    assert {first[1][0]["id"], second[1][0]["id"]} == {1, 2}
    assert one[1]["id"] == 1
    assert [event["kind"] for event in events[1]["events"]] == ["new", "new"]
    assert customers[1] == []
    assert problem[1]["type"] == "urn:ingestd:problem:invalid-request"


def run(script: str, environment: dict[str, str]) -> tuple[int, str, Any]:
    """Run a shell script that sends one request with `curl -i`; return status, headers and value."""
    script = script.replace("curl -i", "curl -sS -i --noproxy '*'")
    done = subprocess.run(
        ["sh", "-c", script], env={**os.environ, "CURSOR": "", **environment}, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    headers, _, body = done.stdout.partition("\n\n")
    return int(headers.split()[1]), headers, json.loads(body)
