"""Handing frames from task to task: Parquet files on object storage, private, and gone when the run is over.

They hold people's data. A run's folder says whose it is and since when, so that the next run sweeps what a dead one left.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from airflow.sdk import ObjectStoragePath

from contact_audit.errors import StagingError

KEEP = timedelta(days=1)
_STAMP = "%Y%m%dT%H%M%SZ"
_PREFIX = "contact_audit-"
_OWNER = "run_id"
_UNWRITABLE = {
    errno.ENOSPC: "its disk is full",
    errno.EDQUOT: "this user's share of its disk is full",
    errno.EFBIG: "a file would be larger than this process may write",
    errno.EROFS: "its file system is read-only",
    errno.EACCES: "this user may not write there",
}


class Staging:
    """The folder of one run under the staging URI.

    Attributes:
        folder: where its files are; `uri` is its text, to hand to the next task.
    """

    def __init__(self, uri: str) -> None:
        self.folder = ObjectStoragePath(uri)

    @property
    def uri(self) -> str:
        """The folder, as text."""
        return str(self.folder)

    @classmethod
    def create(cls, base: str, run: str, now: datetime) -> "Staging":
        """Make a run's folder, private to its user where the storage is a file system; `run`: the run's id."""
        folder = ObjectStoragePath(base) / f"{_PREFIX}{now.strftime(_STAMP)}-{_safe(run)}"
        with _explained(folder):
            cls._make(folder)
            (folder / _OWNER).write_text(run)
        return cls(str(folder))

    @staticmethod
    def _make(folder: ObjectStoragePath) -> None:
        if folder.protocol in ("file", "local", ""):
            local = Path(folder.path)
            local.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            local.mkdir(mode=0o700, exist_ok=True)
            local.chmod(0o700)
        else:
            folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, table: "pa.Table | pd.DataFrame") -> None:
        """Write a frame under a name."""
        if isinstance(table, pd.DataFrame):
            table = pa.Table.from_pandas(table, preserve_index=False)
        with self.open(name, "wb") as file:
            pq.write_table(table, file, compression="zstd")

    def read(self, name: str) -> pa.Table:
        """Read the table of a name."""
        with self.open(name, "rb") as file:
            return pq.read_table(file)

    @contextmanager
    def open(self, name: str, mode: str) -> Iterator[Any]:
        """Open the Parquet file of a name, to write or read it piece by piece. Raises StagingError; a file is whole or not there."""
        path = self.folder / f"{name}.parquet"
        with _explained(self.folder):
            try:
                with path.open(mode) as file:  # type: ignore[no-untyped-call]
                    yield file
            except BaseException:
                if "w" in mode:
                    with suppress(OSError):
                        path.unlink()
                raise

    def remove(self) -> None:
        """Remove the folder and all in it."""
        remove_tree(self.folder)


@contextmanager
def _explained(folder: ObjectStoragePath) -> Iterator[None]:
    """Where a folder cannot be written: which, why, and the setting that says where it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise StagingError(
            f"the staging folder {folder} cannot be written: {_UNWRITABLE[error.errno]}. Make room there, or set "
            "CONTACT_AUDIT_STAGING to another place; then clear the run from its first task."
        ) from error


def remove_tree(folder: ObjectStoragePath) -> None:
    """Remove a folder with its files, where it is there."""
    if folder.exists():
        folder.fs.rm(folder.path, recursive=True)


def sweep(base: str, now: datetime, is_over: Callable[[str], bool]) -> list[str]:
    """Remove the folders of runs that are over, or that began more than a day ago; their names. `is_over` is asked by a run's id."""
    root = ObjectStoragePath(base)
    if not root.exists():
        return []
    dead = [folder for folder in root.iterdir() if _is_dead(folder, now, is_over)]
    for folder in dead:
        remove_tree(folder)
    return [folder.name for folder in dead]


def _is_dead(folder: ObjectStoragePath, now: datetime, is_over: Callable[[str], bool]) -> bool:
    if not folder.name.startswith(_PREFIX):
        return False
    stamp = folder.name.removeprefix(_PREFIX).split("-", 1)[0]
    try:
        begun = datetime.strptime(stamp, _STAMP).replace(tzinfo=now.tzinfo)
    except ValueError:
        return False
    if now - begun > KEEP:
        return True
    try:
        return is_over((folder / _OWNER).read_text())
    except FileNotFoundError:
        return False  # it is being made, or another version made it


def _safe(text: str) -> str:
    return "".join(character if character.isalnum() or character in "_-" else "_" for character in text)
