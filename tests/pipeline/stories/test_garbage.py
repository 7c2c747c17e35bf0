"""The garbage collector while texts are placed."""

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestd.pipeline.stories.garbage import collector_paused


def test_the_collector_runs_again_after_the_last_pause() -> None:
    assert gc.isenabled()
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_runs_again_after_an_error_in_a_thread() -> None:
    def fail() -> None:
        with collector_paused():
            raise ValueError

    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError):  # noqa: PT011
        executor.submit(fail).result()
    assert gc.isenabled()


def test_a_collector_that_somebody_else_has_stopped_stays_so() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
