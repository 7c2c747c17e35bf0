"""Extract a page in a worker process and measure the time and memory it takes."""

import resource
import time
from dataclasses import dataclass

from ingestd.articles import extract
from ingestd.errors import ExtractError
from ingestd.model.page import Page


@dataclass(frozen=True)
class Measured:
    """Result of an extraction with its costs."""

    #: Empty when there is no article.
    text: str
    #: The error's message; empty without an error.
    reason: str
    #: CPU time of the process, in seconds.
    cpu: float
    #: Peak resident memory of the process, in MiB.
    resident: int


def measure(body: bytes) -> Measured:
    before = time.process_time()
    try:
        text, reason = extract(Page(url="https://paper.example/1", body=body)).body_text, ""
    except ExtractError as error:
        text, reason = "", str(error)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Measured(text, reason, time.process_time() - before, resident)
