"""Load the settings from environment, credentials and file; check and merge them."""

import os
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SecretsSettingsSource, SettingsError

from ingestd.errors import ConfigError
from ingestd.settings.model import Settings

PREFIX = "INGESTD_"

#: Variables with the prefix of a setting that are not settings: the path of the file, and options of the tests.
NOT_SETTINGS = frozenset({"INGESTD_CONFIG", "INGESTD_TEST_DATABASE_URL", "INGESTD_CORPUS"})

SYSTEM_CONFIG = Path("/etc/ingestd/ingestd.toml")

#: Settings whose values never appear in messages.
SECRETS = frozenset({"api_token", "archive_keys", "database_url", "inbox_token", "logins"})

#: Name of a source → key → value as written; in order of precedence.
Sources = dict[str, Mapping[str, Any]]


def load(config: Path | None = None) -> Settings:
    """Read the settings from all their sources; `config` is the file from the command line.

    Raises ConfigError with every fault, one a line, and no secret.
    """
    sources = _read(config)
    faults = list(_unknown(sources))
    try:
        settings = Settings(**_merged(sources))
    except ValidationError as error:
        faults += _faults(error, sources)
        raise ConfigError("\n".join(faults)) from error
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def origins(config: Path | None = None) -> dict[str, str]:
    """Return where each setting comes from: "environment", "credentials", the path of the file, or "default".

    Raises ConfigError if a source cannot be read.
    """
    sources = _read(config)
    return {key: _origin(key, sources) for key in Settings.model_fields}


def find_config(config: Path | None = None) -> Path | None:
    """Return the file to read: the one given, the one `$INGESTD_CONFIG` names, or the first that exists.

    Raises ConfigError if this process may not access a place where it could be.
    """
    if config:
        return config
    if named := os.environ.get("INGESTD_CONFIG"):
        return Path(named)
    for path in (SYSTEM_CONFIG, user_config_path("ingestd") / "ingestd.toml"):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}; name another file with --config") from error
        return path
    return None


def _read(config: Path | None) -> Sources:
    path = find_config(config)
    sources: Sources = {"environment": EnvSettingsSource(Settings)(), "credentials": _credentials()}
    return sources if path is None else {**sources, str(path): _toml(path)}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} is not valid TOML: not UTF-8 (at line {line})") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _credentials() -> dict[str, Any]:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory or not Path(directory).is_dir():
        return {}
    try:
        with warnings.catch_warnings():
            # The library only warns of a file it refuses to read, and a default would replace a password.
            warnings.simplefilter("error", UserWarning)
            return SecretsSettingsSource(Settings, directory, env_prefix="")()
    except (SettingsError, UserWarning) as error:
        raise ConfigError(f"cannot read the credentials: {error.__cause__ or error}") from error


def _merged(sources: Sources) -> dict[str, Any]:
    """Return the values of known keys; `_unknown` reports the others."""
    merged: dict[str, Any] = {}
    for values in reversed(sources.values()):
        merged.update((key, value) for key, value in values.items() if key in Settings.model_fields)
    return merged


def _origin(key: str, sources: Sources) -> str:
    return next((name for name, values in sources.items() if key in values), "default")


def _unknown(sources: Sources) -> Iterator[str]:
    known = list(Settings.model_fields)
    for name in os.environ:
        key = name.upper().removeprefix(PREFIX).lower()
        if name.upper().startswith(PREFIX) and name not in NOT_SETTINGS and key not in known:
            similar = get_close_matches(key, known, n=1, cutoff=0.5)
            yield f"unknown setting {name!r} in the environment" + _did_you_mean(
                PREFIX + similar[0].upper() if similar else ""
            )
    for source, values in sources.items():
        for key in (key for key in values if key not in known):
            similar = get_close_matches(key.lower(), known, n=1, cutoff=0.5)
            yield f"unknown setting {key!r} in {source}" + _did_you_mean(similar[0] if similar else "")


def _did_you_mean(name: str) -> str:
    return f": did you mean {name!r}?" if name else "; `ingestd config show` lists all settings"


def _faults(error: ValidationError, sources: Sources) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0]) if detail["loc"] else ""
        # This default depends on another setting, whose own fault is reported.
        if detail["type"] == "default_factory_not_called":
            continue
        yield f"{key} ({_origin(key, sources)}): {_reason(key, detail)}" if key else _reason(key, detail)


def _reason(key: str, detail: ErrorDetails) -> str:
    reason = detail["msg"].removeprefix("Value error, ")
    shown = "the value" if key in SECRETS else repr(detail["input"])
    if reason.startswith("Input should"):
        return shown + reason.removeprefix("Input")
    return f"the URL {reason}" if key == "database_url" else reason
