"""Every knob there is.  A field's default is the documented default, its description is the documentation."""

import os
from pathlib import Path
from typing import Literal, Self

from platformdirs import user_state_path
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ingestd.settings.values import (
    Address,
    Bytes,
    Contact,
    DatabaseUrl,
    Directory,
    DirectoryOrOff,
    File,
    KnownHosts,
    Listen,
    Logins,
    NameServers,
    Networks,
    PublicUrl,
    Seconds,
    SecondsOrOff,
    with_async_driver,
)
from ingestd.units import show_duration

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
KIB, MIB, GIB = 2**10, 2**20, 2**30


def _state_dir() -> Path:
    # systemd names more than one where the unit has more than one (systemd.exec(5), StateDirectory=).
    first = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else user_state_path("ingestd")


def _extractors() -> int:
    # The processors this process may use: a container or a CPU mask may give fewer than there are.
    return max(1, min(4, len(os.sched_getaffinity(0))))


class Settings(BaseSettings):
    """What an operator may set.  `load` reads it; made by hand it takes nothing from the environment."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="INGESTD_", env_ignore_empty=True,
        enable_decoding=False, validate_default=True, hide_input_in_errors=True,
    )  # fmt: skip

    state_dir: Directory = Field(
        default_factory=_state_dir,
        description="Where what must last is kept. Default: $STATE_DIRECTORY (systemd), else ingestd in the XDG state "
        "directory, as in ~/.local/state/ingestd.",
    )
    database_url: DatabaseUrl = Field(
        default_factory=lambda known: SecretStr(f"sqlite:///{known['state_dir']}/ingestd.db"),
        description="The database: sqlite:///PATH, or postgresql://USER:PASSWORD@HOST/DATABASE. Default: the SQLite "
        "file ingestd.db in state_dir. With a password in it, rather a credential or an environment variable.",
    )
    archive: DirectoryOrOff = Field(
        default_factory=lambda known: known["state_dir"] / "archive",
        description='The directory for the raw bytes of feeds and pages, compressed; "off" keeps none, and nothing '
        "can be extracted again. Default: archive in state_dir.",
    )
    listen: Address = Field(
        Listen(host="127.0.0.1", port=8790),
        description="Where health, metrics and the status page answer: HOST:PORT, [IPV6]:PORT (port 0: any free one) "
        "or unix:PATH.",
    )
    api_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What must be sent as Authorization: Bearer to read /v1, which names sources; rather a credential "
        "or an environment variable. Without one, /v1 answers this host alone.",
    )
    inbox_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What must be sent as Authorization: Bearer to push to /v1/inbox; rather a credential or an "
        "environment variable. Without one, it is api_token, and without that, only this host may push.",
    )
    public_url: PublicUrl | None = Field(
        None,
        description="Where the world reaches this daemon's listen address, as in https://news.example.org/ingestd: "
        "hubs (WebSub) are then asked to push what sources publish, to websub/ below it. Let nothing else through.",
    )
    contact: Contact | None = Field(
        None,
        description="Whom a publisher can ask about our requests: a web page or a mail address. It is sent to every "
        "server in the User-Agent.",
    )
    interval: Seconds = Field(
        80 * MINUTE,
        gt=0,
        le=30 * DAY,
        description="Time between two polls of a source that publishes an entry an hour, in seconds or with a unit; "
        "busier ones are polled more often, quieter ones less. A source's own interval is kept to.",
    )
    interval_floor: Seconds = Field(
        MINUTE, gt=0, le=DAY, description="The shortest interval any source may have, in seconds or with a unit."
    )
    allow_networks: Networks = Field(
        (),
        description="Networks (CIDR) that may be connected to although they are private or reserved, as in 10.0.0.0/8. "
        "In the environment: with commas between.",
    )
    nameservers: NameServers = Field(
        (),
        description="The DNS servers to ask, HOST or HOST:PORT, instead of the system's resolver. In the environment: "
        "with commas between.",
    )
    logins: Logins = Field(
        (),
        description="How to log in where, one line for an origin: ORIGIN basic USER PASSWORD, ORIGIN bearer TOKEN, "
        "ORIGIN header NAME VALUE or ORIGIN query NAME VALUE, with ORIGIN as in https://wire.example or "
        "https://wire.example:8443. For drop folders on other hosts, a line for each user: ORIGIN basic USER PASSWORD "
        "with ORIGIN as in ftps://wire.example or sftp://wire.example:2222, or ORIGIN key USER FILE, where FILE is the "
        "path of an SSH private key, or the name of a credential with one. Sent to that origin alone, and shown "
        "nowhere; rather a credential (a file of such lines, where # begins a comment) or an environment variable.",
    )
    known_hosts: KnownHosts = Field(
        (),
        description="The keys of SFTP servers, lines as in OpenSSH's known_hosts (ssh-keyscan prints them); a server "
        "whose key is not there is not logged in to. As a credential or an environment variable: as many lines.",
    )
    ca_file: File | None = Field(
        None,
        description="A file of certificates (PEM) of authorities that are believed besides the system's, for https and "
        "ftps.",
    )
    host_concurrency: int = Field(1, ge=1, le=64, description="Requests to one site at a time.")
    host_delay: Seconds = Field(
        1.0,
        ge=0,
        le=HOUR,
        description="Time between the end of a request to a site and the start of the next, in seconds or with a unit.",
    )
    fetch_timeout: Seconds = Field(
        60.0,
        gt=0,
        le=HOUR,
        description="Time for one whole request, redirects and body included, in seconds or with a unit.",
    )
    max_body: Bytes = Field(
        16 * MIB, ge=KIB, le=GIB, description="The largest body that is read, decoded, in bytes or with a unit."
    )
    max_polls: int = Field(64, ge=1, le=10_000, description="Polls under way at once.")
    max_pages: int = Field(32, ge=1, le=10_000, description="Article pages under way at once.")
    extractors: int = Field(
        default_factory=_extractors,
        ge=1,
        le=256,
        description="Processes that clean pages. Default: one for each usable CPU, at most 4.",
    )
    extract_timeout: Seconds = Field(
        20.0,
        gt=0,
        le=HOUR,
        description="Time for cleaning one page, in seconds or with a unit; then its process is killed.",
    )
    extract_memory: Bytes = Field(
        512 * MIB,
        ge=16 * MIB,
        le=64 * GIB,
        description="Memory that cleaning one page may take, in bytes or with a unit.",
    )
    settle: Seconds = Field(
        2.0,
        ge=0,
        le=HOUR,
        description="Time that a file in a drop folder must stay the same before it is taken for whole, in seconds or "
        "with a unit; one that is moved into it, or given its final name there, is read at once.",
    )
    folder_interval: Seconds = Field(
        30.0,
        ge=1,
        le=DAY,
        description="Time between two looks at a drop folder on another host (ftp, ftps, sftp), in seconds or with a "
        "unit. A source's own interval is kept to.",
    )
    attempts: int = Field(5, ge=1, le=100, description="Tries for one entry before it is put aside as a failure.")
    retry_delay: Seconds = Field(
        30.0,
        ge=0,
        le=DAY,
        description="Time before an entry's second try, in seconds or with a unit; four times as long after each "
        "further one, up to 6 hours.",
    )
    revisit_first: SecondsOrOff = Field(
        15 * MINUTE,
        ge=0,
        le=7 * DAY,
        description="Age at which an article's page is visited again for the first time, in seconds or with a unit; "
        'then at twice the age each time, up to revisit_until. "off" or 0: pages are not visited again.',
    )
    revisit_until: Seconds = Field(
        7 * DAY,
        ge=0,
        le=90 * DAY,
        description="Age from which on an article's page is not visited again, in seconds or with a unit.",
    )
    stop_timeout: Seconds = Field(
        20.0,
        ge=0,
        le=HOUR,
        description="Time that work under way has to finish when the daemon stops, in seconds or with a unit; the "
        "rest is taken up at the next start.",
    )
    keep_polls: Seconds = Field(
        30 * DAY,
        ge=HOUR,
        le=3650 * DAY,
        description="How long the history of polls is kept, in seconds or with a unit.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least a log line must be worth: debug, info, warning or error."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="How log lines look: console, json, or auto: console on a terminal, json elsewhere."
    )

    @model_validator(mode="after")
    def _intervals_agree(self) -> Self:
        if self.interval < self.interval_floor:
            raise ValueError(
                f"interval ({show_duration(self.interval)}) should not be below interval_floor "
                f"({show_duration(self.interval_floor)})"
            )
        return self

    @property
    def async_database_url(self) -> str:
        """The database URL with its async driver, password included: for the store, not for show."""
        return with_async_driver(self.database_url.get_secret_value())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values as given: `load` reads the other sources, because it says where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
