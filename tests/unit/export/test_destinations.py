"""Where exports may write: below what is allowed, however the destination is written."""

from pathlib import Path

import pytest

from contact_audit.errors import SettingsError
from contact_audit.export.destinations import check_destination

ALLOWED = ["file:///srv/exports", "s3://logs@bucket/audit/"]


@pytest.mark.parametrize(
    "destination",
    [
        "file:///srv/exports",
        "file:///srv/exports/",
        "file:///srv/exports/2026/a b",
        "s3://logs@bucket/audit",
        "s3://logs@bucket/audit/x/y",
    ],
)
def test_a_folder_that_is_allowed_or_below_one_is_taken(destination: str) -> None:
    check_destination(destination, ALLOWED)


@pytest.mark.parametrize(
    "destination",
    [
        "file:///srv", "file:///srv/exports2", "file:///srv/exports/../secrets", "file:///srv/exports/%2e%2e/secrets",
        "file://elsewhere/srv/exports", "/srv/exports", "srv/exports", "", "s3://logs@bucket", "s3://logs@bucket/audit2",
        "s3://other@bucket/audit", "s3://logs@bucket2/audit", "s3://logs@bucket/audit/../x", "s3://logs@bucket/audit/%2e%2e/x",
        "gs://logs@bucket/audit", "s3://logs@bucket/audit?x=1", "memory://bucket/audit",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_is_valid(destination: str) -> None:
    with pytest.raises(
        SettingsError, match=r"file:///srv/exports, s3://logs@bucket/audit/.*CONTACT_AUDIT_EXPORT_DESTINATIONS"
    ):
        check_destination(destination, ALLOWED)


def test_a_link_leads_to_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "link").symlink_to(tmp_path)
    allowed = [(tmp_path / "allowed").as_uri()]
    check_destination((tmp_path / "allowed" / "inside").as_uri(), allowed)
    with pytest.raises(SettingsError):
        check_destination((tmp_path / "allowed" / "link" / "outside").as_uri(), allowed)
