"""The laws that all templates obey: nothing inline, and nothing that is not here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dispatch import paths

TEMPLATES = sorted(paths.TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_template_carries_no_inline_style_or_script(file: Path) -> None:
    source = file.read_text("utf-8")
    assert not re.search(r"<[^>]*\s(style|on[a-z]+)=", source)
    assert not re.search(r"<style\b", source)
    for opening in re.findall(r"<script\b[^>]*>", source):
        assert "src=" in opening or "nonce=" in opening, opening


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_template_loads_only_what_is_here(file: Path) -> None:
    for path in re.findall(r"asset\(['\"]([^'\"]+)['\"]\)", file.read_text("utf-8")):
        assert (paths.STATIC / path).is_file(), path


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_every_icon_is_in_the_sprite(file: Path) -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (paths.STATIC / "vendor/icons/icons.svg").read_text("utf-8")))
    assert set(re.findall(r"\bicon\([\"']([a-z0-9-]+)[\"']\)", file.read_text("utf-8"))) <= sprite
