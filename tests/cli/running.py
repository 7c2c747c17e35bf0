"""Run commands in this process, with the exit statuses of `ingestd`."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ingestd.cli.app import app
from ingestd.errors import ConfigError, IngestError, UsageError


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def ingestd(config: Path, *arguments: object, stdin: str | None = None) -> Done:
    """Run a command; any exception but IngestError is raised."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--config", str(config)], input=stdin)
    error = result.exception
    if isinstance(error, IngestError):
        return Done(2 if isinstance(error, ConfigError | UsageError) else 1, result.stdout, f"{result.stderr}{error}\n")
    if error and not isinstance(error, SystemExit):
        raise error
    sys.stdout.flush()
    return Done(result.exit_code, result.stdout, result.stderr)
