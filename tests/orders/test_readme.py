"""The README tells the lifecycle as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch import paths
from dispatch.orders.commands import as_markdown
from dispatch.orders.lifecycle import TABLES


@pytest.mark.parametrize("table", TABLES)
def test_the_readme_shows_the_table_as_it_is(table: str) -> None:
    readme = (Path(paths.CHECKOUT or "") / "README.md").read_text("utf-8")
    assert "\n".join(as_markdown(table)) in readme
