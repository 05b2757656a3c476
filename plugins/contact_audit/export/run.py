"""An export from beginning to end: as a stream of bytes, or onto object storage, whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowNotFoundException

from contact_audit.errors import SettingsError
from contact_audit.export import ecs, formulas, ocsf
from contact_audit.export.events import Coverage, reading
from contact_audit.export.request import Request
from contact_audit.export.tabular import csv, parquet

Say = Callable[[str], None]
_SAID_EVERY = 100_000


@dataclass(frozen=True)
class Format:
    """How events become bytes.

    Attributes:
        suffix: of the file; media_type: for HTTP; schema: whose words it uses; encode: batches, coverage → pieces of the file.
    """

    suffix: str
    media_type: str
    schema: str
    encode: Callable[[Iterable[pa.Table], Coverage], Iterator[bytes]]


FORMATS = {
    "csv": Format(".csv", "text/csv; charset=utf-8", "audit.contact_activity", csv),
    "parquet": Format(".parquet", "application/vnd.apache.parquet", "audit.contact_activity", parquet),
    "ocsf": Format(".ocsf.ndjson", "application/x-ndjson", f"OCSF {ocsf.VERSION}", ocsf.ocsf),
    "ecs": Format(".ecs.ndjson", "application/x-ndjson", f"ECS {ecs.VERSION}", ecs.ecs),
}


def file_name(request: Request) -> str:
    """The file's name."""
    return request.name() + FORMATS[request.format].suffix


def stream(
    dsn: str,
    request: Request,
    counted: Callable[[int], None] | None = None,
    covered: Callable[[Coverage], None] | None = None,
    timeout_seconds: float = 0,
) -> Iterator[bytes]:
    """The file, piece by piece; the database is read as the pieces are taken.

    `covered` is told, before the first piece, what the export covers; `counted` the rows of each batch. An error in the middle is
    raised: whoever passes the pieces on must not end as if they were whole.
    """
    with reading(dsn, request, timeout_seconds) as found:
        if covered is not None:
            covered(found.coverage)
        yield from FORMATS[request.format].encode(_counted(found.batches(), counted or _nobody), found.coverage)


def export_to(dsn: str, request: Request, destination: str, run_id: str, now: datetime, say: Say) -> dict[str, Any]:
    """Write the file and its manifest into a folder on object storage; the manifest, with `uri`, where the file is.

    The file has its name only when it is whole: until then it is <name>.partial-<run>, which goes when the export fails. The
    manifest, <name>.manifest.json, is written last, with the file's size and digest; a file without one is not to be trusted.
    """
    folder, chosen = open_folder(destination), FORMATS[request.format]
    name = file_name(request)
    rows, size, digest = 0, 0, sha256()

    def count(more: int) -> None:
        nonlocal rows
        if (rows + more) // _SAID_EVERY > rows // _SAID_EVERY:
            say(f"{rows + more:,} events read")
        rows += more

    partial = folder / f"{name}.partial-{_safe(run_id)}"
    manifest = folder / f"{name}.manifest.json"
    try:
        with reading(dsn, request) as found:
            coverage = found.coverage
            with _create(partial) as file:
                for piece in chosen.encode(_counted(found.batches(), count), coverage):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
        if manifest.exists():  # it tells of the file that goes now
            folder.fs.rm(manifest.path)
        folder.fs.mv(partial.path, (folder / name).path)
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            if partial.exists():
                folder.fs.rm(partial.path)
        raise
    told = {
        "file": name,
        "format": request.format,
        "schema": chosen.schema,
        **({"formulas": formulas.RULE} if request.format == "csv" else {}),
        "events": rows,
        "bytes": size,
        "sha256": digest.hexdigest(),
        "from": request.start.isoformat(),
        "to": request.end.isoformat(),
        "filters": request.filters.given(),
        "coverage": coverage.as_dict(),
        "run_id": run_id,
        "made_at": now.astimezone(UTC).isoformat(),
    }
    with _create(manifest) as file:
        file.write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return told | {"uri": str(folder / name)}


def open_folder(destination: str) -> ObjectStoragePath:
    """The destination, a folder; made where it is a local one. SettingsError where nothing can be written to such an address."""
    valid = "valid: the URI of a folder, as in file:///srv/exports or s3://connection@bucket/folder"
    if "://" not in destination:
        raise SettingsError(f"destination={destination!r} is no object storage URI; {valid}.")
    try:
        folder = ObjectStoragePath(destination)
        system = folder.fs
    except (AirflowNotFoundException, ImportError, ValueError) as error:
        raise SettingsError(
            f"destination={destination!r}: {error}; {valid}. Other storage comes with its Airflow provider (s3: amazon, gs: google, ...)."
        ) from error
    if folder.protocol in ("file", "local"):
        try:
            Path(folder.path).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"destination={destination!r} is no folder to write to: {error}; {valid}.") from error
    else:
        system.makedirs(folder.path, exist_ok=True)
    return folder


def _create(path: ObjectStoragePath) -> Any:
    """Open a new file; on a file system, for its owner alone: it holds people's data."""
    if path.protocol in ("file", "local"):
        Path(path.path).touch(mode=0o600)
    return path.open("wb")  # type: ignore[no-untyped-call]


def _counted(batches: Iterator[pa.Table], count: Callable[[int], None]) -> Iterator[pa.Table]:
    for table in batches:
        yield table
        count(table.num_rows)


def _nobody(_: int) -> None:
    """Nobody asked for the count."""


def _safe(text: str) -> str:
    return "".join(character if character.isalnum() or character in "_-" else "_" for character in text)
