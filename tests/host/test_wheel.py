"""The wheel, installed outside the checkout, finds its own pages, files and migrations."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests import databases

CHECKOUT = Path(__file__).parents[2]
PARTS = ("dispatch", "templates", "static", "migrations", "pyproject.toml", "README.md", "LICENSE")
QUESTION = """
from dispatch import paths
assert paths.CHECKOUT is None, paths.CHECKOUT
assert paths.TEMPLATES.is_dir() and any(paths.TEMPLATES.rglob("*.html")), paths.TEMPLATES
assert paths.STATIC.is_dir() and (paths.MIGRATIONS / "env.py").is_file()
from dispatch.app import create_app
from dispatch.config import load
app = create_app(load({"SECRET_KEY": "test", "DATABASE_URL": "postgresql://nobody@/none"}))
print(paths.PACKAGE, app.jinja_env.list_templates()[:1])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel brings."""
    room = tmp_path_factory.mktemp("wheel")
    copy = room / "source"
    for part in PARTS:
        copy_part(CHECKOUT / part, copy / part)
    outside(room, "-m", "hatchling", "build", "-t", "wheel", "-d", str(room / "dist"), cwd=copy)
    (wheel,) = (room / "dist").glob("*.whl")
    shutil.rmtree(copy)
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(room / "site"))
    outside(room, "-m", "pip", "install", *options, str(wheel))
    return room / "site"


def copy_part(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def outside(room: Path, *arguments: str, cwd: Path | None = None, site: Path | None = None) -> str:
    """Run this Python where the checkout is out of reach."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(room), **({"PYTHONPATH": str(site)} if site else {})}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd or room, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_it_starts_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    assert "serve" in outside(tmp_path, "-m", "dispatch.cli", "--help", site=installed)
    assert str(installed) in outside(tmp_path, "-c", QUESTION, site=installed)


@pytest.mark.slow
def test_it_serves_outside_the_checkout(installed: Path, cluster_url: str, tmp_path: Path) -> None:
    with databases.database(cluster_url, f"wheel_{os.getpid()}") as url, (tmp_path / "log").open("w") as log:
        port = free_port()
        own = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data"), "PORT": str(port)}
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(installed), **own}
        command = [sys.executable, "-m", "dispatch.cli", "serve"]
        served = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=log, stderr=log)
        try:
            shown = first_page(served, tmp_path / "log")
        finally:
            served.terminate()
            assert served.wait(20) == 0
    assert "<form" in shown and "stylesheet" in shown


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_page(served: subprocess.Popen[bytes], log: Path) -> str:
    """The page at the address that the first start tells."""
    until = time.monotonic() + 60
    while not (told := re.search(r"http://\S+/setup\?token=\w+", log.read_text())):
        assert served.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(0.2)
    with urllib.request.urlopen(told[0].replace("localhost", "127.0.0.1"), timeout=20) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
def test_it_carries_licence_and_nothing_of_the_tests(installed: Path) -> None:
    assert list(installed.glob("gps_dispatch-*.dist-info/licenses/LICENSE"))
    assert not list(installed.rglob("test_*.py"))
