"""The colours of both themes can be read: status, words, buttons and fields."""

from __future__ import annotations

import re

import pytest

from dispatch import paths

TOKENS = (paths.STATIC / "web/tokens.css").read_text("utf-8")


def theme(name: str) -> dict[str, str]:
    """The colours of one theme: token -> #rrggbb."""
    block = re.search(r'\[data-bs-theme="' + name + r'"\]\s*\{(.*?)\n\}', TOKENS, re.S)
    assert block
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})\b", block[1]))


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours, 1 to 21."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


STATUSES = ("draft", "awaiting", "approved", "planned", "dispatched", "moving", "site", "waiting", "done", "closed", "refused")


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("status", STATUSES)
def test_status_can_be_read(name: str, status: str) -> None:
    colours = theme(name)
    grounds = [colours[ground] for ground in (f"{status}-soft", "surface", "raised", "hover") if ground in colours]
    assert min(contrast(colours[status], ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("word", ["text", "muted", "action-word", "danger-word", "warning-word"])
def test_words_can_be_read_on_every_ground(name: str, word: str) -> None:
    colours = theme(name)
    assert min(contrast(colours[word], colours[ground]) for ground in ("bg", "surface", "raised", "sunken", "hover")) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_buttons_and_fields_can_be_made_out(name: str) -> None:
    colours = theme(name)
    assert contrast(colours["on-action"], colours["action"]) >= 4.5
    assert contrast("#ffffff", colours["danger"]) >= 4.5
    assert contrast(colours["line-field"], colours["surface"]) >= 3
