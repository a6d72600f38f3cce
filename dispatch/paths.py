"""Where the files beside the code are: in a checkout next to the package, in an installed wheel inside it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# A checkout has pyproject.toml beside the package; an installed wheel carries templates/, static/ and migrations/ inside it.
CHECKOUT: Path | None = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else None

_ROOT = CHECKOUT or PACKAGE
TEMPLATES = _ROOT / "templates"
STATIC = _ROOT / "static"
MIGRATIONS = _ROOT / "migrations"
