"""Which features there are, lowest first. The assemblies ask each for its edges; import contracts keep the order."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from types import ModuleType

FEATURES = (
    "web",
    "geo",
    "files",
    "audit",
    "staff",
    "approvals",
    "customers",
    "devices",
    "routing",
    "orders",
    "outside",
    "fees",
    "paycodes",
    "intake",
    "board",
    "field",
    "sheets",
    "lives",
    "finance",
    "reports",
)


def edges(kind: str) -> Iterator[ModuleType]:
    """The modules of one kind ("models", "pages", "api", "jobs", "commands", "papers") that exist, in the features' order."""
    for name in FEATURES:
        if importlib.util.find_spec(f"dispatch.{name}.{kind}") is not None:
            yield importlib.import_module(f"dispatch.{name}.{kind}")
