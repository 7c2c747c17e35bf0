"""Extraction in a worker process, with what it took."""

import resource
import time
from dataclasses import dataclass

from ingestd.articles import extract
from ingestd.errors import ExtractError
from ingestd.model.page import Page


@dataclass(frozen=True)
class Measured:
    """How the extraction of a page ended."""

    #: Empty when it gave no article.
    text: str
    #: The error's message, empty without one.
    reason: str
    #: Of the process, in seconds.
    cpu: float
    #: The most that was resident, in MiB.
    resident: int


def measure(body: bytes) -> Measured:
    before = time.process_time()
    try:
        text, reason = extract(Page(url="https://paper.example/1", body=body)).body_text, ""
    except ExtractError as error:
        text, reason = "", str(error)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Measured(text, reason, time.process_time() - before, resident)
