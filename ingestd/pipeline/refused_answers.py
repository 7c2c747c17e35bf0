"""Keep the answers of servers that refused a page or a feed: their status line and headers."""

from datetime import UTC, datetime

import structlog

from ingestd.archive.protocol import Archive
from ingestd.errors import ArchiveError, Refused
from ingestd.urls import without_userinfo
from ingestd.web.politeness.robots import answer_of_refusal

log = structlog.get_logger(__name__)


async def keep_refused_answer(archive: Archive, url: str, error: Exception) -> None:
    """Store the answer if an error is a server's refusal of a URL.

    It is lost if the archive fails: the failure itself has the status, and must not wait for a full disk.
    """
    if isinstance(error, Refused):
        url = without_userinfo(url)
        try:
            await archive.put(b"", "refused", answer_of_refusal(url, error, datetime.now(UTC)))
        except ArchiveError as failure:
            log.warning("answer not kept", url=url, error=str(failure))
