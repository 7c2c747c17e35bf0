"""The settings: each field with its default, its limits and the description that the documentation quotes."""

import os
from pathlib import Path
from typing import Literal, Self

from platformdirs import user_state_path
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ingestd.settings import access, cluster, kept
from ingestd.settings.agencies import Agencies
from ingestd.settings.raw_archive import ArchiveCache, ArchiveKeys, ArchivePlace
from ingestd.settings.values import (
    Address,
    Bytes,
    DatabaseUrl,
    Directory,
    File,
    KnownHosts,
    Listen,
    Logins,
    MigrateOnStart,
    NameServers,
    Networks,
    Seconds,
    SecondsOrOff,
    with_async_driver,
)
from ingestd.units import show_duration

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
KIB, MIB, GIB = 2**10, 2**20, 2**30


def _state_dir() -> Path:
    # A unit with several state directories gets them separated by colons (systemd.exec(5), StateDirectory=).
    first = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else user_state_path("ingestd")


def _extractors() -> int:
    # The CPUs that this process may use: a container or a CPU mask may allow fewer than there are.
    return max(1, min(4, len(os.sched_getaffinity(0))))


class Settings(BaseSettings):
    """Settings of the operator, as `load` returns them; created directly, they ignore the environment."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="INGESTD_", env_ignore_empty=True,
        enable_decoding=False, validate_default=True, hide_input_in_errors=True,
    )  # fmt: skip

    state_dir: Directory = Field(
        default_factory=_state_dir,
        description=(
            "Directory for everything that must survive a restart. Default: $STATE_DIRECTORY (systemd), else "
            "ingestd in the XDG state directory, as in ~/.local/state/ingestd."
        ),
    )
    database_url: DatabaseUrl = Field(
        default_factory=lambda known: SecretStr(f"sqlite:///{known['state_dir']}/ingestd.db"),
        description=(
            "Database: sqlite:///PATH, or postgresql://USER:PASSWORD@HOST/DATABASE. Default: the SQLite file "
            "ingestd.db in state_dir. Put a URL with a password into a credential or an environment variable."
        ),
    )
    migrate_on_start: MigrateOnStart = Field(
        "auto",
        description=(
            "Whether `ingestd run` and commands that write upgrade a database with an older schema: always, never, or "
            "auto (an SQLite file yes; PostgreSQL no, run `ingestd db upgrade`). With always and auto they set up an "
            "empty database. Commands that only read never change one."
        ),
    )
    engine: cluster.Engine = "local"
    archive: ArchivePlace = Field(default_factory=lambda known: known["state_dir"] / "archive")
    archive_keys: ArchiveKeys = ()
    archive_cache: ArchiveCache = 256 * MIB
    node: cluster.NodeName = Field(default_factory=cluster.host_name)
    listen: Address = Field(
        Listen(host="127.0.0.1", port=8790),
        description=(
            "Where the daemon serves health, metrics and the status page: HOST:PORT, [IPV6]:PORT (port 0: any "
            "free port) or unix:PATH."
        ),
    )
    api_token: access.ApiToken = None
    inbox_token: access.InboxToken = None
    public_url: access.PublicAddress = None
    allowed_hosts: access.AllowedHosts = ()
    listen_open: access.ListenOpen = False
    metrics_open: access.MetricsOpen = False
    api_rate: access.ApiRate = 100.0
    api_burst: access.ApiBurst = 500
    api_concurrency: access.ApiConcurrency = 50
    contact: access.PublicContact = None
    interval: Seconds = Field(
        80 * MINUTE,
        gt=0,
        le=30 * DAY,
        description=(
            "Time between two polls of a source that publishes one entry an hour, in seconds or with a unit. "
            "Busier sources are polled more often, quieter ones less. An interval set for a source overrides "
            "it."
        ),
    )
    interval_floor: Seconds = Field(
        MINUTE, gt=0, le=DAY, description="Shortest interval of any source, in seconds or with a unit."
    )
    allow_networks: Networks = Field(
        (),
        description=(
            "Networks (CIDR) that may be connected to although they are private or reserved, as in "
            "10.0.0.0/8. In the environment: separated by commas."
        ),
    )
    nameservers: NameServers = Field(
        (),
        description=(
            "DNS servers to use instead of the system's resolver, each HOST or HOST:PORT. In the environment: "
            "separated by commas."
        ),
    )
    logins: Logins = Field(
        (),
        description=(
            "Logins, one line for each origin: ORIGIN basic USER PASSWORD, ORIGIN bearer TOKEN, ORIGIN header "
            "NAME VALUE or ORIGIN query NAME VALUE, with ORIGIN as in https://wire.example or "
            "https://wire.example:8443. For drop folders on other hosts, one line for each user: ORIGIN basic "
            "USER PASSWORD with ORIGIN as in ftps://wire.example or sftp://wire.example:2222, or ORIGIN key "
            "USER FILE, where FILE is the path of an SSH private key or the name of a credential that holds "
            "one. A login is sent to its origin only and never shown. Put them into a credential (a file of "
            "such lines, where # begins a comment) or an environment variable."
        ),
    )
    known_hosts: KnownHosts = Field(
        (),
        description=(
            "Host keys of SFTP servers, as lines of OpenSSH's known_hosts (ssh-keyscan prints them). ingestd "
            "does not log in to a server whose key is missing. As a credential or an environment variable: "
            "one key a line."
        ),
    )
    ca_file: File | None = Field(
        None, description="File of CA certificates (PEM) to trust besides the system's, for https and ftps."
    )
    host_concurrency: int = Field(1, ge=1, le=64, description="Most requests to one site at the same time.")
    host_delay: Seconds = Field(
        1.0,
        ge=0,
        le=HOUR,
        description=(
            "Time between the end of a request to a site and the start of the next, in seconds or with a unit."
        ),
    )
    fetch_timeout: Seconds = Field(
        60.0,
        gt=0,
        le=HOUR,
        description="Time limit of a request, redirects and body included, in seconds or with a unit.",
    )
    max_body: Bytes = Field(
        16 * MIB, ge=KIB, le=GIB, description="Largest response body, decompressed, in bytes or with a unit."
    )
    max_polls: int = Field(64, ge=1, le=10_000, description="Most polls at the same time.")
    max_pages: int = Field(32, ge=1, le=10_000, description="Most article pages fetched at the same time.")
    extractors: int = Field(
        default_factory=_extractors,
        ge=1,
        le=256,
        description="Worker processes that extract articles. Default: one for each usable CPU, at most 4.",
    )
    extract_timeout: Seconds = Field(
        20.0,
        gt=0,
        le=HOUR,
        description="CPU time for extracting a page or parsing a document, in seconds or with a unit.",
    )
    extract_memory: Bytes = Field(
        512 * MIB,
        ge=16 * MIB,
        le=64 * GIB,
        description="Memory limit for extracting one page, in bytes or with a unit.",
    )
    settle: Seconds = Field(
        2.0,
        ge=0,
        le=HOUR,
        description=(
            "Time that a file in a drop folder must not change before it counts as complete, in seconds or "
            "with a unit. A file that is moved into the folder, or given its final name there, is read at "
            "once."
        ),
    )
    folder_interval: Seconds = Field(
        30.0,
        ge=1,
        le=DAY,
        description=(
            "Time between two listings of a drop folder on another host (ftp, ftps, sftp), in seconds or with "
            "a unit. An interval set for a source overrides it."
        ),
    )
    attempts: int = Field(
        5, ge=1, le=100, description="Attempts to fetch and extract an entry before it is quarantined."
    )
    retry_delay: Seconds = Field(
        30.0,
        ge=0,
        le=DAY,
        description=(
            "Time before the second attempt of an entry, in seconds or with a unit; four times as long before "
            "each further one, up to 6 hours."
        ),
    )
    revisit_first: SecondsOrOff = Field(
        15 * MINUTE,
        ge=0,
        le=7 * DAY,
        description=(
            "Age at which the page of an article is fetched again for the first time, in seconds or with a "
            'unit; then at twice the age each time, up to revisit_until. "off" or 0: pages are not fetched '
            "again."
        ),
    )
    revisit_until: Seconds = Field(
        7 * DAY,
        ge=0,
        le=90 * DAY,
        description="Age from which the page of an article is not fetched again, in seconds or with a unit.",
    )
    stop_timeout: Seconds = Field(
        20.0,
        ge=0,
        le=HOUR,
        description=(
            "Time that running work has to finish when the daemon stops, in seconds or with a unit; the rest "
            "is resumed at the next start."
        ),
    )
    keep_polls: kept.KeepPolls = 30 * DAY
    keep_failures: kept.KeepFailures = 30 * DAY
    keep_entries: kept.KeepEntries = 90 * DAY
    keep_feed_documents: kept.KeepFeedDocuments = 7 * DAY
    keep_pages: kept.KeepPages = 90 * DAY
    archive_max: kept.ArchiveMax = None
    stories: bool = Field(
        True, description="Whether records are placed in stories: which have one another's text, and from whom."
    )
    story_window: kept.StoryWindow = 14 * DAY
    agencies: Agencies = ()
    keep_events: kept.KeepEvents = 90 * DAY
    keep_revisions: kept.KeepRevisions = "all"
    keep_records: kept.KeepRecords = None
    keep_records_of: kept.KeepRecordsOf = ()
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of log lines: debug, info, warning or error."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Format of log lines: console, json, or auto (console on a terminal, json elsewhere)."
    )

    @model_validator(mode="after")
    def _intervals_agree(self) -> Self:
        if self.interval < self.interval_floor:
            raise ValueError(
                f"interval ({show_duration(self.interval)}) should not be below interval_floor "
                f"({show_duration(self.interval_floor)})"
            )
        return self

    @model_validator(mode="after")
    def _engine_has_its_database(self) -> Self:
        if self.engine != "local" and not self.async_database_url.startswith("postgresql"):
            raise ValueError(f'engine = "{self.engine}" needs PostgreSQL; set database_url to postgresql://...')
        return self

    @property
    def async_database_url(self) -> str:
        """The database URL with its async driver and its password; never print it."""
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
        """Use only the values passed in: `load` reads the other sources, to report where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
