"""Where exports may write: below the folders that a setting names, and nowhere else.

Whoever may trigger the DAG chooses the destination; what the worker's user may write to is wider than what he should.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from contact_audit.errors import SettingsError

VARIABLE = "CONTACT_AUDIT_EXPORT_DESTINATIONS"
_LOCAL = ("file", "local")


def check_destination(destination: str, allowed: Sequence[str]) -> None:
    """Raise SettingsError unless the URI of the destination is one of these folders' or below it; links and .. are followed first."""
    if not any(_is_below(destination, folder) for folder in allowed):
        raise SettingsError(
            f"destination={destination!r} is not below a folder that exports may write to; valid: {', '.join(allowed)}, and what is "
            f"below. Others: name them in {VARIABLE}."
        )


def _is_below(destination: str, folder: str) -> bool:
    one, root = urlsplit(destination), urlsplit(folder)
    if one.scheme in _LOCAL and root.scheme in _LOCAL:
        if one.netloc or root.netloc:
            return False
        # as it is, and as a URI is read: whichever the storage takes it for
        return all(
            Path(read(one.path)).resolve().is_relative_to(Path(read(root.path)).resolve()) for read in (str, unquote)
        )
    if (one.scheme, one.netloc) != (root.scheme, root.netloc) or one.query or one.fragment:
        return False
    parts = PurePosixPath(one.path).parts
    return ".." not in unquote(one.path).split("/") and PurePosixPath(*parts).is_relative_to(
        PurePosixPath(root.path or "/")
    )
