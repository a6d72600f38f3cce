"""Files that are no lists, or more than that: each is read or refused with a sentence, by page and by command alike."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dispatch.errors import RuleBroken
from dispatch.intake.errands import Errand, looked_at_alone
from dispatch.intake.reading import MACROS
from dispatch.tabular.tables import read
from tests.intake.test_import_command import run
from tests.tabular.files import biff_record, ods, ods_row, ole, xls, xlsx, xlsx_around, zipped

HEAD = ["车牌号", "车架号"]
LINE = ["粤B11111", "LFW9PCF45SB252353"]


def with_part(name: str, content: bytes) -> bytes:
    """A request with one more part in its zip."""
    import io

    with zipfile.ZipFile(io.BytesIO(xlsx([HEAD, LINE]))) as whole:
        return zipped({part: whole.read(part) for part in whole.namelist()} | {name: content})


def looked_at(name: str, content: bytes) -> list[str]:
    """The plates of a request, and what was noted of it."""
    outcome = looked_at_alone(Errand("vehicles", name, content))
    return [*(line.values["plate"] for line in outcome.lines), *map(str, outcome.notes)]


def test_a_macro_is_told_and_never_run() -> None:
    found = looked_at("list.xlsm", with_part("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"))
    assert found[0] == "粤B11111" and str(MACROS) in found
    assert not read("list.xls", xls([HEAD, LINE])).macros
    assert read("list.xlsx", xlsx([HEAD, LINE])).macros is False


def test_a_formula_counts_as_what_it_came_to() -> None:
    formula = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>车牌号</t></is></c><c r="B1" t="inlineStr"><is><t>车架号</t></is></c></row>'
    )
    formula += '<row r="2"><c r="A2" t="str"><f>"粤B"&amp;"11111"</f><v>粤B11111</v></c></row>'
    assert looked_at("list.xlsx", xlsx_around(formula))[0] == "粤B11111"
    assert looked_at("list.csv", "车牌号,车架号\n=HYPERLINK(1),LFW9PCF45SB252353\n".encode())[0].startswith("=HYPERLINK")


def test_a_hundred_thousand_empty_rows_are_nothing() -> None:
    empty = "".join(f'<row r="{row}"/>' for row in range(3, 100_003))
    filled = '<row r="1"><c t="inlineStr"><is><t>车牌号</t></is></c><c t="inlineStr"><is><t>车架号</t></is></c></row>'
    filled += '<row r="2"><c t="inlineStr"><is><t>粤B11111</t></is></c></row>'
    assert looked_at("list.xlsx", xlsx_around(filled + empty))[0] == "粤B11111"
    assert looked_at("list.csv", ("车牌号,车架号\n粤B11111,\n" + ",\n" * 100_000).encode())[0] == "粤B11111"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bomb.xlsx", zipped({"xl/workbook.xml": b" " * (130 << 20)}), "too large once unpacked"),
        ("list.xlsx", "车牌号,车架号\n粤B11111,\n".encode(), ""),
        ("list.csv", xlsx([HEAD, LINE]), ""),
        ("list.txt", xls([HEAD, LINE]), ""),
        ("list.xls", ods(ods_row(*HEAD) + ods_row(*LINE)), ""),
        ("list.xlsx", b"%PDF-1.7", "This is a PDF"),
        ("list.csv", b"\x89PNG\r\n\x1a\n", "This is a picture"),
        ("list.xls", ole({"WordDocument": b"x" * 5000}), "This is a text document"),
        ("list.xls", ole({"Workbook": biff_record(0x809, b"")}), "damaged"),
    ],
)
def test_what_a_file_is_called_means_nothing(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    if not words:
        assert looked_at(name, content)[0] == "粤B11111"
        return
    with pytest.raises(RuleBroken, match=words):
        looked_at(name, content)
    answer = run("vehicles", file, "--dry-run")
    assert answer.exit_code == 2 and words in answer.output
