"""The processes that answer people search for garbage briefly and often; the one that loads everything seldom."""

from __future__ import annotations

import gc
import importlib

import pytest


def test_who_answers_searches_among_fewer_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    thresholds: list[int] = []
    monkeypatch.setattr(gc, "set_threshold", lambda first, *_others: thresholds.append(first))
    settings = importlib.reload(importlib.import_module("dispatch.host.web_server"))
    settings.post_fork(None, None)
    loading, answering = thresholds[-2:]
    assert answering * 5 < loading
