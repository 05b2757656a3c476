"""Where everything that runs locally keeps its state: one folder, private to its user.

Processes are remembered by pid and by the moment they started, so that a number given anew to another process is never
taken for ours.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[3]
HOME_VARIABLE = "AUDIT_STATE_HOME"
# A Unix socket's address holds 107 bytes on Linux, 103 on macOS.
_LONGEST_SOCKET_PATH = 103
_SOCKET_NAME = ".s.PGSQL.5432"
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-")


@dataclass(frozen=True)
class State:
    """The folders and files of local state.

    Attributes:
        home: the folder that holds all of it, absolute.
    """

    home: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "State":
        """The folder that AUDIT_STATE_HOME names, else .contact_audit/ in the project."""
        given = environment.get(HOME_VARIABLE, "").strip()
        return cls(Path(given).expanduser().absolute() if given else PROJECT / ".contact_audit")

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.home / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.home / "airflow"

    @property
    def staging(self) -> Path:
        """Where tasks hand frames to each other, unless set otherwise."""
        return self.home / "staging"

    @property
    def logs(self) -> Path:
        """What the commands' background processes print."""
        return self.home / "logs"

    @property
    def superset(self) -> Path:
        """The environment that `make superset` installs."""
        return self.home / "superset"

    @property
    def roundup(self) -> Path:
        """The state of its own that `make demo-roundup` keeps."""
        return self.home / "roundup"

    @property
    def parts(self) -> list[Path]:
        """All that is ever written under `home`."""
        folders = ("postgres", "socket", "airflow", "staging", "logs", "superset", "roundup")
        files = ("socket_folder", "lock", "airflow.pid", "url", "metadata.json", "jwt_secret")
        return [self.home / name for name in (*folders, *files)]

    def make(self) -> None:
        """Create the folder and those below it; under root, PostgreSQL's own user may pass through, else nobody."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.airflow, self.staging, self.logs):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)

    def secret(self, name: str) -> str:
        """A secret of this folder's own, in the file of that name: 64 random bytes in hexadecimal, made when first asked for."""
        file = self.home / name
        if not file.exists():
            with tempfile.NamedTemporaryFile("w", dir=self.home) as new:  # its owner's alone
                new.write(secrets.token_hex(64))
                new.flush()
                with suppress(FileExistsError):  # of two at once, the first one's holds
                    os.link(new.name, file)
        return file.read_text()

    def socket_folder(self) -> Path:
        """The folder of PostgreSQL's socket: in `home`, or a private one where that path is too long or needs quoting.

        The short one is remembered, so that addresses stay the same after a restart. It is made if missing.
        """
        folder = self.home / "socket"
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH and _PLAIN.issuperset(str(folder)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder
        note = self.home / "socket_folder"
        # The digest tells a copy of this folder, note included, from the original.
        digest = hashlib.sha256(f"{self.home}:{self.home.stat().st_ino}".encode()).hexdigest()
        if note.exists():
            owner, _, path = note.read_text().partition(" ")
            if owner == digest and Path(path).is_dir() and not Path(path).is_symlink():
                return Path(path)
        short = Path(tempfile.mkdtemp(prefix="contact-audit-", dir=_short_parent()))
        note.write_text(f"{digest} {short}")
        return short


def _short_parent() -> str:
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= 50 and _PLAIN.issuperset(usual) else "/tmp"  # noqa: S108


def note_process(path: Path, pid: int) -> None:
    """Remember a process in a pid file."""
    path.write_text(f"{pid} {psutil.Process(pid).create_time()}\n")


def noted_process(path: Path) -> psutil.Process | None:
    """The process that a pid file of `note_process` names, if it still runs."""
    try:
        pid, created = path.read_text().split()
        process = psutil.Process(int(pid))
        alive = process.create_time() == float(created) and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if alive else None
