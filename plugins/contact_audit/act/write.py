"""A plan as files: plan.json, the import files and a manifest, in a folder on object storage or in one zip."""

import io
import zipfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from airflow.sdk import ObjectStoragePath

from contact_audit.act.undo import UndoPlan
from contact_audit.export.run import open_folder

PLAN, MANIFEST = "plan.json", "manifest.json"


def all_files(plan: UndoPlan, empty_mark: str | None) -> dict[str, bytes]:
    """Name → bytes: the import files, the plan, and last the manifest, which tells of all."""
    made = plan.files(empty_mark)
    files = {one.name: one.data for one in made.files} | {PLAN: plan.as_json()}
    digests = {name: sha256(data).hexdigest() for name, data in files.items()}
    told = {
        "made_at": plan.made_at,
        "complete_until": plan.complete_until,
        "events": plan.events,
        "changes": plan.counts(),
        **made.manifest(),
        "sha256": digests,
    }
    manifest = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return files | {MANIFEST: manifest}


def as_zip(plan: UndoPlan, empty_mark: str | None) -> bytes:
    """All files in one zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in all_files(plan, empty_mark).items():
            archive.writestr(name, data)
    return packed.getvalue()


def write_to(plan: UndoPlan, destination: str, empty_mark: str | None) -> dict[str, Any]:
    """Write all files into a folder; what a plan has left there before goes first. The counts, with `uri`, where plan.json is.

    The manifest goes first and comes last: no manifest, and the plan is not whole. Raises SettingsError for a bad destination.
    """
    folder = open_folder(destination)
    files = all_files(plan, empty_mark)
    _remove_former(folder)
    for name, data in files.items():
        _write(folder / name, data)
    counts = {"events": plan.events, "changes": plan.counts(), "contacts": plan.contacts()}
    return counts | {"files": sorted(files), "uri": str(folder / PLAN)}


def _remove_former(folder: ObjectStoragePath) -> None:
    manifest = folder / MANIFEST
    if not manifest.exists():
        return
    former: list[str] = []
    with suppress(ValueError, KeyError, AttributeError, TypeError), manifest.open("rb") as file:  # type: ignore[no-untyped-call]
        former = [Path(name).name for name in orjson.loads(file.read())["sha256"]]
    folder.fs.rm(manifest.path)
    for name in former:
        if name == PLAN or (name.startswith("contacts") and name.endswith(".csv")):
            with suppress(FileNotFoundError):
                folder.fs.rm((folder / name).path)


def _write(path: ObjectStoragePath, data: bytes) -> None:
    """A file; on a file system, for its owner alone: it holds people's data."""
    if path.protocol in ("file", "local"):
        Path(path.path).touch(mode=0o600)
    with path.open("wb") as file:  # type: ignore[no-untyped-call]
        file.write(data)
