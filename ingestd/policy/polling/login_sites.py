"""Which sites a node leaves to others: those whose logins other nodes have, and it has not."""

from collections import Counter
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from ingestd.urls import FOLDER_PORTS, is_folder, pacing_key


def sites_of_others(
    own: Collection[str], others: Iterable[Collection[str]], folders: Collection[str] = ()
) -> frozenset[str]:
    """Return the sites that other nodes have more logins for than this one.

    `own` and `others` are the origins for which this node and each of the others have logins, such as
    "https://wire.example"; `folders` are the URLs of all drop folders on other hosts, since each is a site of its own.

    A site whose logins are divided among nodes belongs to those with most of them: all may poll it if they are even.
    """
    mine = _counts(own, folders)
    most: Counter[str] = Counter()
    for origins in others:
        most |= _counts(origins, folders)
    return frozenset(site for site, count in most.items() if count > mine[site])


def _counts(origins: Collection[str], folders: Collection[str]) -> Counter[str]:
    """Return how many of the origins each site has."""
    counts: Counter[str] = Counter()
    for origin in origins:
        if is_folder(f"{origin}/"):
            counts.update({pacing_key(url) for url in folders if _origin(url) == _origin(origin)})
        else:
            counts[pacing_key(f"{origin}/")] += 1
    return counts


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or FOLDER_PORTS.get(parts.scheme)
