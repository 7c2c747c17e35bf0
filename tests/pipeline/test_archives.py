"""Which archive the settings open."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingestd.archive.directory import DirectoryArchive
from ingestd.errors import NotInstalled
from ingestd.pipeline.runtime import make_archive
from ingestd.settings import Settings

WITHOUT_OBJECTS = """
import sys
from ingestd.pipeline.runtime import make_archive
from ingestd.settings import Settings
make_archive(Settings(state_dir=sys.argv[1]))
print("obstore" in sys.modules)
"""


def test_a_directory_needs_no_client_of_object_stores(tmp_path: Path) -> None:
    assert isinstance(make_archive(Settings(state_dir=tmp_path)), DirectoryArchive)

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_OBJECTS, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "False\n"


def test_an_address_without_the_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("ingestd.archive.objects.")]:
        if name != "ingestd.archive.objects.address":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    settings = Settings(state_dir=tmp_path, archive="s3://news")

    with pytest.raises(NotInstalled, match=r"s3://news: .* pip install 'ingestd\[cluster\]'"):
        make_archive(settings)
