"""`run`, `test` and the lock files."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SCRIPTS = ("run", "test", ".ci/run", "dispatch/host/setup.sh")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-postgres.txt")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_are_plain_shell(script: str) -> None:
    done = subprocess.run(["/bin/sh", "-n", str(CHECKOUT / script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", SCRIPTS[:3])
def test_the_scripts_can_be_started(script: str) -> None:
    assert os.access(CHECKOUT / script, os.X_OK)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_files_name_no_registry_and_have_hashes(lock: str) -> None:
    text = (CHECKOUT / lock).read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") > len(re.findall(r"^\S+==", text, re.MULTILINE)) > 10


def test_the_three_lock_files_agree() -> None:
    versions = [dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / lock).read_text(), re.MULTILINE)) for lock in LOCKS]
    assert all(other[name] == version for name, version in versions[0].items() for other in versions[1:])


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        str(file.relative_to(CHECKOUT))
        for file in (CHECKOUT / "dispatch").rglob("*.py")
        if re.search(r"os\.environ|getenv|from os import.*environ", file.read_text())
    ]
    assert readers == ["dispatch/config.py"]


def shell(room: Path, script: str, **environment: str) -> str:
    """What the set-up's functions answer, with `here` in a copy whose path has spaces."""
    here = room / "a check out"
    here.mkdir(exist_ok=True)
    begin = f'set -eu; here="{here}"; lock=requirements.txt; . "{CHECKOUT}/dispatch/host/setup.sh"; '
    done = subprocess.run(
        ["/bin/sh", "-c", begin + script],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_things_are_kept_in_the_checkout(tmp_path: Path) -> None:
    assert shell(tmp_path, 'choose_base; echo "$base"') == f"{tmp_path}/a check out/var\n"


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder that nobody can write")
def test_a_checkout_that_cannot_be_written_keeps_them_at_home(tmp_path: Path) -> None:
    said = shell(tmp_path, 'here=/proc; choose_base; echo "$base $DATA_DIR"', HOME=str(tmp_path))
    assert re.fullmatch(rf"({tmp_path}/\.local/share/gps-dispatch/[0-9a-f]{{12}}) \1\n", said)


def test_a_named_database_needs_no_server(tmp_path: Path) -> None:
    assert shell(
        tmp_path, 'choose_base; has_postgresql() { return 1; }; need_postgresql; echo "$lock"', DATABASE_URL="postgresql://a/b"
    ) == ("requirements.txt\n")


ALL_LIBRARIES = "libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0"


@pytest.mark.parametrize(
    ("known", "asked_for"),
    [
        (ALL_LIBRARIES, ""),
        ("libpango-1.0.so.0 libpangoft2-1.0.so.0", "libharfbuzz-subset0"),
        ("libc.so.6", "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
        ("", ""),
    ],
)
def test_only_missing_libraries_of_sheets_are_installed(tmp_path: Path, known: str, asked_for: str) -> None:
    script = f'choose_base; known_libraries() {{ echo {known}; }}; apt_install() {{ echo "apt $*"; }}; need_sheet_libraries'
    assert shell(tmp_path, script) == (f"apt {asked_for}\n" if asked_for else "")


def test_libraries_that_cannot_be_installed_are_named(tmp_path: Path) -> None:
    stand_ins = "known_libraries() { echo libpango-1.0.so.0; }; apt_install() { return 1; }"
    said = shell(tmp_path, f"choose_base; {stand_ins}; need_sheet_libraries; echo on")
    assert "apt-get install libpangoft2-1.0-0 libharfbuzz-subset0\n" in said
    assert "on\n" in said


def test_environments_of_older_lock_files_are_removed(tmp_path: Path) -> None:
    here = tmp_path / "a check out"
    (here / "var" / "venv-0123456789ab").mkdir(parents=True)
    for lock in LOCKS:
        (here / lock).write_text(lock)
    left = shell(
        tmp_path, 'choose_base; mkdir "$base/venv-$(lock_hash requirements-dev.txt)"; remove_old_venvs; ls "$base"'
    ).split()
    assert len(left) == 1
    assert "0123456789ab" not in left[0]


PRETENDING = """
base="$here"; venv="$here/venv"; mkdir -p "$venv/bin" "$here/dispatch/routing/search"; : >"$here/dispatch/routing/clockwork.py"
printf '#!/bin/sh\\necho "$@" >>"%s/asked"\\n' "$here" >"$venv/bin/python"; chmod +x "$venv/bin/python"
echo 1 >"$here/dispatch/routing/search/a.py"; use_venv; use_venv
echo 2 >"$here/dispatch/routing/search/a.py"; use_venv; ls -d "$venv"/compiled-* | wc -l; wc -l <"$here/asked"
"""


def test_the_planner_is_compiled_once_and_anew_when_it_has_changed(tmp_path: Path) -> None:
    assert shell(tmp_path, PRETENDING).split()[:2] == ["1", "2"]
