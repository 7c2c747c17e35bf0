import pytest

from ingestd.policy.polling.login_sites import sites_of_others

FOLDERS = ("sftp://desk@wire.example/out/", "sftp://wire.example:2222/out/", "ftp://files.example/")


@pytest.mark.parametrize(
    ("own", "others", "left"),
    [
        pytest.param((), [("https://wire.example",)], {"wire.example"}, id="only another has it"),
        pytest.param(("https://wire.example",), [("https://wire.example",)], set(), id="both have it"),
        pytest.param(("https://wire.example",), [], set(), id="nobody else"),
        pytest.param(
            ("https://a.example.org",), [("https://a.example.org", "https://b.example.org")], {"example.org"},
            id="another has more of the site's logins",
        ),
        pytest.param(("https://a.example.org",), [("https://b.example.org",)], set(), id="divided evenly"),
        pytest.param((), [("sftp://wire.example",)], {"sftp://wire.example/out/"}, id="folder, not other ports"),
        pytest.param((), [("sftp://wire.example:2222",)], {"sftp://wire.example:2222/out/"}, id="folder at a port"),
        pytest.param((), [("sftp://wire.example:22",)], {"sftp://wire.example/out/"}, id="default port"),
        pytest.param((), [("ftp://files.example",), ("https://x.example",)], {"ftp://files.example/", "x.example"},
                     id="several nodes"),
    ],
)  # fmt: skip
def test_sites_are_left_to_nodes_with_more_of_their_logins(
    own: tuple[str, ...], others: list[tuple[str, ...]], left: set[str]
) -> None:
    assert sites_of_others(own, others, FOLDERS) == left
