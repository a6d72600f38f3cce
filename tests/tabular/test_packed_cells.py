"""A file of a few hundred bytes must not cost seconds and hundreds of megabytes."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from dispatch.errors import RuleBroken
from dispatch.tabular.tables import read


def wide(sheets: int, corner: tuple[int, int]) -> bytes:
    """Sheets with one cell at the top left and one in the corner."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for _ in range(sheets):
            sheet = book.add_worksheet()
            sheet.write(0, 0, "车牌号")
            sheet.write(*corner, "x")
    return out.getvalue()


@pytest.mark.parametrize(("sheets", "corner"), [(1, (19_999, 199)), (6, (1999, 99))])
def test_far_corners_are_refused_before_the_rectangle_is_laid_out(sheets: int, corner: tuple[int, int]) -> None:
    with pytest.raises(RuleBroken, match="too many cells"):
        read("wide.xlsx", wide(sheets, corner))


def test_a_long_list_of_the_usual_width_is_read() -> None:
    assert len(read("long.xlsx", wide(1, (9_999, 30))).sheets[0].rows) == 10_000
