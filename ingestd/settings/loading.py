"""Where settings come from: environment, credentials, file; read, checked and merged."""

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

#: Variables that begin like a setting and are none: where the file is, and what the tests run on.
NOT_SETTINGS = frozenset({"INGESTD_CONFIG", "INGESTD_TEST_DATABASE_URL", "INGESTD_CORPUS"})

SYSTEM_CONFIG = Path("/etc/ingestd/ingestd.toml")

#: Settings whose value is in no message.
SECRETS = frozenset({"api_token", "database_url", "inbox_token", "logins"})

#: Key → value as written, by the name of where it was found; the weightiest first.
Sources = dict[str, Mapping[str, Any]]


def load(config: Path | None = None) -> Settings:
    """Read the settings from all their sources; `config` is the file from the command line.

    Raises ConfigError with everything that is wrong, one a line; no secret is in it.
    """
    sources = _read(config)
    wrong = list(_unknown(sources))
    try:
        settings = Settings(**_merged(sources))
    except ValidationError as error:
        wrong += _explained(error, sources)
        raise ConfigError("\n".join(wrong)) from error
    if wrong:
        raise ConfigError("\n".join(wrong))
    return settings


def origins(config: Path | None = None) -> dict[str, str]:
    """Return where each setting comes from: "environment", "credentials", the path of the file, or "default".

    Raises ConfigError as `load` does where a source cannot be read.
    """
    sources = _read(config)
    return {key: _origin(key, sources) for key in Settings.model_fields}


def find_config(config: Path | None = None) -> Path | None:
    """Return the file to read: the one given, the one `$INGESTD_CONFIG` names, or the first that exists.

    Raises ConfigError when it may not even be looked for.
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
            raise ConfigError(f"cannot read {path}: {error.strerror}; --config names another") from error
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
        raise ConfigError(f"{path} is no TOML: not UTF-8 (at line {line})") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from error


def _credentials() -> dict[str, Any]:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory or not Path(directory).is_dir():
        return {}
    try:
        with warnings.catch_warnings():
            # The library warns of a file it won't read, and goes on: with the default for a password.
            warnings.simplefilter("error", UserWarning)
            return SecretsSettingsSource(Settings, directory, env_prefix="")()
    except (SettingsError, UserWarning) as error:
        raise ConfigError(f"cannot read the credentials: {error.__cause__ or error}") from error


def _merged(sources: Sources) -> dict[str, Any]:
    """Return known keys only: unknown ones have their own message."""
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
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            yield f"unknown setting {name!r} in the environment" + _did_you_mean(
                PREFIX + near[0].upper() if near else ""
            )
    for source, values in sources.items():
        for key in (key for key in values if key not in known):
            near = get_close_matches(key.lower(), known, n=1, cutoff=0.5)
            yield f"unknown setting {key!r} in {source}" + _did_you_mean(near[0] if near else "")


def _did_you_mean(name: str) -> str:
    return f": did you mean {name!r}?" if name else "; `ingestd config show` lists them all"


def _explained(error: ValidationError, sources: Sources) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0]) if detail["loc"] else ""
        # A default that is made of another setting has nothing to add where that one is wrong.
        if detail["type"] == "default_factory_not_called":
            continue
        yield f"{key} ({_origin(key, sources)}): {_reason(key, detail)}" if key else _reason(key, detail)


def _reason(key: str, detail: ErrorDetails) -> str:
    reason = detail["msg"].removeprefix("Value error, ")
    shown = "the value" if key in SECRETS else repr(detail["input"])
    if reason.startswith("Input should"):
        return shown + reason.removeprefix("Input")
    return f"the URL {reason}" if key == "database_url" else reason
