"""The settings of a process (`config_table.py` lists them). Values come from the environment, which nothing else reads.

`load(environ)` is pure: text in, `Settings` out, or a `SettingError` that names the variable. `from_environment()` reads the real
environment and adds what must be kept between starts (the secret key, in a file that only its owner can read).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, replace
from typing import Any

from dispatch.config_table import Settings as Settings
from dispatch.config_values import SettingError, without_password
from dispatch.own_keys import kept_secret

RESTORING = "restoring.json"
"""Lies in DATA_DIR while a backup is brought back; nothing starts meanwhile."""


def rows() -> Iterator[Field[Any]]:
    """The table's rows, in its order."""
    yield from fields(Settings)


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from names and texts; a name that is missing or empty takes its default. Raises SettingError."""
    values = {row.name: _read(row, given) for row in rows() if (given := environ.get(row.metadata["name"], "").strip())}
    if values.get("tls"):
        values.setdefault("host", "0.0.0.0")  # noqa: S104 - https is for phones, and they are not on this machine
    settings = Settings(**values)
    return settings if settings.trusted_hosts else replace(settings, trusted_hosts=_default_hosts(settings.host))


def given(**instead: str) -> Settings:
    """The settings of this process's environment; `instead` (named as the environment is) goes before it. Writes nothing."""
    return load({**os.environ, **instead})


def from_environment() -> Settings:
    """The settings of this process, with a secret key."""
    return with_secret(given())


def with_secret(settings: Settings) -> Settings:
    """The settings with their secret keys: the given ones, or those kept in DATA_DIR, made there on first use.

    Raises SettingError when files are there whose key is gone: a new one would not open them; and for a half restored folder.
    """
    folder = settings.data_dir
    if (folder / RESTORING).exists():
        raise SettingError(
            "DATA_DIR", str(folder), "a whole one: a backup is on its way back there; see it through by `./run restore`"
        )
    if not settings.files_key and not (folder / "files_key").exists() and any((folder / "files").glob("*")):
        raise SettingError("FILES_KEY", "", f"the key of the files in {folder / 'files'}: the file files_key beside them is gone")
    secret_key = settings.secret_key or kept_secret(folder / "secret_key")
    files_key = settings.files_key or kept_secret(folder / "files_key")
    return replace(settings, secret_key=secret_key, files_key=files_key)


def demonstration(settings: Settings) -> Settings:
    """The settings of the demonstration company: its own data folder, and with it its own database."""
    return replace(settings, demo=True, data_dir=settings.data_dir / "demo")


def to_environment(settings: Settings) -> dict[str, str]:
    """The environment for a child process: ours, overlaid with these settings. `load` of it gives them back."""
    ours = {row.metadata["name"]: as_text(getattr(settings, row.name)) for row in rows()}
    return {**os.environ, **ours}


def surroundings(**more: str) -> dict[str, str]:
    """The environment for a program of somebody else's: ours, with `more` in it."""
    return {**os.environ, **more}


def table(settings: Settings) -> list[tuple[str, str, str]]:
    """Name, present value (secrets masked) and explanation of every setting."""
    return [(row.metadata["name"], _shown(row, getattr(settings, row.name)), row.metadata["line"]) for row in rows()]


def as_text(value: Any) -> str:
    """A value as it would stand in the environment."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _read(row: Field[Any], given: str) -> Any:
    try:
        return row.metadata["read"](given)
    except ValueError as wrong:
        shown = "(hidden)" if row.metadata["secret"] else without_password(given)
        raise SettingError(row.metadata["name"], shown, str(wrong)) from None


def _shown(row: Field[Any], value: Any) -> str:
    if row.metadata["secret"]:
        return "********" if value else ""
    return without_password(as_text(value))


def _default_hosts(host: str) -> tuple[str, ...]:
    wildcard = host in ("0.0.0.0", "::")  # noqa: S104
    return tuple(dict.fromkeys(["localhost", "127.0.0.1", *([] if wildcard else [host])]))
