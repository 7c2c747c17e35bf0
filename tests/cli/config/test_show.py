import json
from pathlib import Path

from tests.cli.config.running import LOGINS, ingestd


def test_show_prints_every_setting_and_its_origin(tmp_path: Path) -> None:
    file = tmp_path / "ingestd.toml"
    file.write_text('interval = "30m"')

    done = ingestd("config", "show", "--config", str(file), INGESTD_ALLOW_NETWORKS="10.0.0.0/8,127.0.0.0/8")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "setting\tvalue\tfrom"
    assert f"interval\t30m\t{file}" in lines
    assert "allow_networks\t10.0.0.0/8,127.0.0.0/8\tenvironment" in lines
    assert "fetch_timeout\t1m\tdefault" in lines


def test_show_prints_json_without_secrets() -> None:
    done = ingestd("config", "show", "--json", INGESTD_DATABASE_URL="postgresql://ingestd:secret@db.example/news")

    shown = json.loads(done.stdout)
    assert shown["database_url"] == {"value": "postgresql://db.example/news", "from": "environment"}
    assert shown["max_polls"] == {"value": 64, "from": "default"}
    assert "secret" not in done.stdout + done.stderr


def test_show_prints_logins_without_secrets() -> None:
    table, listed = (
        ingestd("config", "show", INGESTD_LOGINS=LOGINS),
        ingestd("config", "show", "--json", INGESTD_LOGINS=LOGINS),
    )

    shown = ["https://wire.example basic", "http://paper.example query key", "http://127.0.0.1 bearer"]
    assert f"logins\t{','.join(shown)}\tenvironment" in table.stdout.splitlines()
    assert json.loads(listed.stdout)["logins"] == {"value": shown, "from": "environment"}
    assert "secret" not in table.stdout + table.stderr + listed.stdout + listed.stderr
