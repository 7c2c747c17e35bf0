"""One daemon for an SQLite file, by any of its names."""

import errno
import os
from pathlib import Path

import pytest

from ingestd.daemon.single_instance import instance_lock
from ingestd.errors import ConfigError


def test_a_second_daemon_is_refused_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "state")
    (tmp_path / "other.db").symlink_to(tmp_path / "state" / "ingestd.db")

    with instance_lock(tmp_path / "state" / "ingestd.db"):
        for name in ("state/ingestd.db", "link/ingestd.db", "other.db"):
            with pytest.raises(ConfigError, match="another daemon"), instance_lock(tmp_path / name):
                pytest.fail("two at once")

    with instance_lock(tmp_path / "other.db"):
        pass


def test_a_full_disk_is_named_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", fail)

    with pytest.raises(OSError, match="No space left") as caught, instance_lock(tmp_path / "ingestd.db"):
        pytest.fail("without a lock")

    assert caught.value.filename == str(tmp_path / "ingestd.db.daemon")
