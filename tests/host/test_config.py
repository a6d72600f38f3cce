from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dispatch.config import Settings, load, rows, table, to_environment
from dispatch.config_values import ApprovalStep, SettingError
from dispatch.own_keys import kept_secret


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load({})
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, "")
    assert settings.trusted_hosts == ("localhost", "127.0.0.1")
    assert settings == load({"PORT": "", "HOST": "  "})


def test_the_attribute_is_the_environments_name_in_small_letters() -> None:
    assert [row.metadata["name"] for row in rows()] == [row.name.upper() for row in rows()]
    assert all(row.metadata["line"] for row in rows())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("PORT", "٨٠"),
        ("PORT", "8000.5"),
        ("TLS", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_URL", "mysql://a@b/c"),
        ("DATABASE_URL", "postgresql"),
        ("DEFAULT_ZONE", "Mars/North"),
        ("DEFAULT_ZONE", "../../etc/passwd"),
        ("TRAVEL_FACTOR", "nan"),
        ("TRAVEL_FACTOR", "0.2"),
        ("PLAN_SECONDS", "1e9"),
        ("APPROVALS", "installation>20"),
        ("APPROVALS", "installation>20:manager"),
        ("APPROVALS", "party:director"),
        ("PUBLIC_URL", "dispatch.example.com"),
        ("MAP_TILES_DATUM", "mars"),
        ("DATA_DIR", __file__),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        load({name: value})
    assert name in str(refused.value)
    assert value in str(refused.value)


def test_no_sentence_shows_a_password() -> None:
    with pytest.raises(SettingError) as refused:
        load({"DATABASE_URL": "mysql://me:hunter2@host/name"})
    assert "hunter2" not in str(refused.value)


def test_the_table_masks_secrets() -> None:
    settings = load({"SECRET_KEY": "hunter2", "DATABASE_URL": "postgres://me:hunter2@host/name"})
    shown = {name: value for name, value, _ in table(settings)}
    assert "hunter2" not in str(shown)
    assert shown["DATABASE_URL"] == "postgresql+psycopg://me:***@host/name"


@pytest.mark.parametrize("spelling", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_a_database_address_is_understood(spelling: str) -> None:
    assert load({"DATABASE_URL": f"{spelling}://u@h/d"}).database_url == "postgresql+psycopg://u@h/d"


def test_approval_steps_are_read() -> None:
    steps = load({"APPROVALS": "installation>20:director, repair:director"}).approvals
    assert steps == (ApprovalStep("installation", 20, "director"), ApprovalStep("repair", 0, "director"))


def test_a_child_process_reads_back_the_same_settings(tmp_path: Path) -> None:
    settings = load(
        {"APPROVALS": "repair:director", "TLS": "on", "DATA_DIR": str(tmp_path / "a b"), "TRUSTED_HOSTS": "a.example, b.example"}
    )
    assert load(to_environment(settings)) == settings


def test_https_listens_for_phones_unless_told_otherwise() -> None:
    assert load({"TLS": "on"}).host == "0.0.0.0"
    assert load({"TLS": "on", "HOST": "127.0.0.1"}).host == "127.0.0.1"
    assert load({"TLS": "on"}).base_url == "https://localhost:8000"


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret_key"
    secret = kept_secret(file)
    assert len(secret) >= 40
    assert kept_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in file.parent.iterdir()] == ["secret_key"]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]
