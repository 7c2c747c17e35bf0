"""The settings of a command."""

from pathlib import Path

from ingestd.cli.log import configure_log
from ingestd.settings import Settings, load


def load_settings(config: Path | None, *, quiet: bool = True) -> Settings:
    """Read the settings and configure the log; with `quiet` it shows warnings and errors only.

    Raises ConfigError.
    """
    settings = load(config)
    configure_log("warning" if quiet else settings.log_level, settings.log_format)
    return settings
