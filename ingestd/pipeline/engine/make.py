"""Make the engine that the settings name."""

from importlib.util import find_spec

from ingestd.errors import ConfigError
from ingestd.pipeline.engine.engine import Engine, Reports
from ingestd.pipeline.engine.local import LocalEngine
from ingestd.pipeline.runtime import Runtime


def make_engine(runtime: Runtime, reports: Reports, *, max_polls: int, max_pages: int, per_site: int) -> Engine:
    """Return the engine of a daemon; a command that works once, as `ingestd poll`, has that of one process.

    Raises ConfigError if the engine needs a library that is missing.
    """
    if runtime.role != "daemon" or runtime.settings.engine == "local":
        return LocalEngine(runtime, reports, max_polls=max_polls, max_pages=max_pages, per_site=per_site)
    if find_spec("procrastinate") is None:
        raise ConfigError(
            "engine = \"procrastinate\" needs procrastinate: pip install 'ingestd[cluster]', or set engine to local"
        )
    # Imported here: a daemon on one machine does without the library.
    from ingestd.pipeline.engine.turns.engine import TurnEngine  # noqa: PLC0415

    return TurnEngine(runtime, reports, concurrency=max_polls + max_pages, per_site=per_site)
