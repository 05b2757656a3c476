"""Settings: read once, refused whole, with the list of valid ones."""

import re
from datetime import timedelta

import pytest

from contact_audit.errors import SettingsError
from contact_audit.settings import Settings


def test_without_variables_the_defaults_hold() -> None:
    settings = Settings.from_environment({"HOME": "/home/someone", "AIRFLOW_HOME": "/srv/airflow"})
    assert settings == Settings()
    assert settings.source == "helpdesk"
    assert settings.skew == timedelta(minutes=2)
    assert settings.overlap == timedelta(hours=1)


def test_an_empty_variable_is_a_missing_one() -> None:
    assert Settings.from_environment({"CONTACT_AUDIT_MAX_WINDOWS": " "}) == Settings()


def test_every_setting_can_be_set() -> None:
    assert Settings.from_environment(
        {
            "CONTACT_AUDIT_SOURCE": "other",
            "CONTACT_AUDIT_STAGING": "s3://bucket/staging",
            "CONTACT_AUDIT_SKEW_SECONDS": "0.5",
            "CONTACT_AUDIT_OVERLAP_SECONDS": "0",
            "CONTACT_AUDIT_BRAKE_SHARE": "1",
            "CONTACT_AUDIT_SCHEMA_CHANGE_CONTACTS": "25",
            "CONTACT_AUDIT_MAX_WINDOWS": " 8 ",
            "CONTACT_AUDIT_STATEMENT_TIMEOUT_SECONDS": "60",
            "CONTACT_AUDIT_SOURCE_SCHEMA": "rt5",
            "CONTACT_AUDIT_DOWNLOADS": "5",
            "CONTACT_AUDIT_DOWNLOAD_SECONDS": "30",
            "CONTACT_AUDIT_EXPORT_DESTINATIONS": "file:///srv/exports s3://logs@bucket/audit",
            "CONTACT_AUDIT_CAPTURE_CHECK_HOURS": "12",
            "CONTACT_AUDIT_WATCHES": "/etc/contact_audit/watches.yaml",
        }
    ) == Settings(
        "other",
        "s3://bucket/staging",
        0.5,
        0.0,
        1.0,
        25,
        8,
        60,
        "rt5",
        5,
        30,
        "file:///srv/exports s3://logs@bucket/audit",
        capture_check_hours=12.0,
        watches="/etc/contact_audit/watches.yaml",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CONTACT_AUDIT_SKEW_SECONDS", "two minutes"),
        ("CONTACT_AUDIT_SKEW_SECONDS", "-1"),
        ("CONTACT_AUDIT_SKEW_SECONDS", "nan"),
        ("CONTACT_AUDIT_OVERLAP_SECONDS", "86401"),
        ("CONTACT_AUDIT_BRAKE_SHARE", "20"),
        ("CONTACT_AUDIT_BRAKE_SHARE", "20 %"),
        ("CONTACT_AUDIT_MAX_WINDOWS", "0"),
        ("CONTACT_AUDIT_MAX_WINDOWS", "1.5"),
        ("CONTACT_AUDIT_STATEMENT_TIMEOUT_SECONDS", "none"),
    ],
)
def test_a_malformed_setting_is_refused_by_name_and_value(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{name}={text!r}")):
        Settings.from_environment({name: text})


def test_an_unknown_setting_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(SettingsError, match=r"CONTACT_AUDIT_SKEW is not a setting.*CONTACT_AUDIT_SKEW_SECONDS"):
        Settings.from_environment({"CONTACT_AUDIT_SKEW": "120"})


def test_all_that_is_wrong_is_said_at_once() -> None:
    given = {"CONTACT_AUDIT_SKEW": "1", "CONTACT_AUDIT_MAX_WINDOWS": "many", "CONTACT_AUDIT_BRAKE_SHARE": "2"}
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(given)
    assert all(name in str(caught.value) for name in given)
