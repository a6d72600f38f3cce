"""The PDF engine: what is in its PDFs, what it refuses, and that its child process can be killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from dispatch.errors import Refusal
from dispatch.sheets import gateway, making
from dispatch.sheets.gateway import SheetFailed, missing_glyphs
from tests.host.conftest import gone, wait_until
from tests.sheets.engine import FACTS, HTML, TITLE, needs_libraries, needs_poppler, sheet, told

pytestmark = needs_libraries


def jpeg(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


@needs_poppler
def test_the_text_can_be_copied_out_again(made_file: Path) -> None:
    text = told("pdftotext", "-layout", made_file, "-")
    for words in (
        "维修服务单",
        "粤B·12345",
        "861234567890123 → 861234567890999",
        "¥680.00",
        "第二页 签字确认",
        "Received in cash",
    ):
        assert words in text


@needs_poppler
def test_only_our_font_is_in_it_whatever_the_machine_has(made_file: Path) -> None:
    rows = [line.split() for line in told("pdffonts", made_file).splitlines()[2:]]
    assert len(rows) == 2
    assert all("Noto-Sans-SC" in row[0] and row[-5:-2] == ["yes", "yes", "yes"] for row in rows)


def test_it_says_of_itself_what_archives_ask_for(made: bytes) -> None:
    root = PdfFileReader(io.BytesIO(made)).root
    about = root["/Metadata"].data.decode()
    assert 'pdfaid:part="3"' in about or "<pdfaid:part>3<" in about
    assert 'pdfaid:conformance="U"' in about or "<pdfaid:conformance>U<" in about
    assert TITLE in about
    assert root["/Lang"] == "zh-CN"
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert made.startswith(b"%PDF-1.7")


def test_its_facts_are_inside_byte_for_byte(made: bytes) -> None:
    (named,) = PdfFileReader(io.BytesIO(made)).root["/AF"]
    file = named.get_object()
    assert file["/AFRelationship"] == "/Data"
    assert file["/UF"] == "sheet.json"
    assert file["/EF"]["/F"].data == FACTS.encode()


def test_given_pictures_are_shown(seal: Path) -> None:
    html = "<img src='file:abc.jpg'><img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'>"
    pdf = making.make_pdf(html, **sheet(files={"abc.jpg": jpeg()}))
    assert jpeg() in pdf


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/a.png",
        "file:///etc/hostname",
        "FILE:///etc/hostname",
        "file:unknown.jpg",
        "a.png",
        "//localhost/a.png",
    ],
)
@pytest.mark.parametrize("page", ["<img src='%s'>", "<link rel=stylesheet href='%s'>", "<p style='background: url(%s)'>x</p>"])
def test_nothing_is_fetched(seal: Path, page: str, address: str) -> None:
    with pytest.raises(SheetFailed, match="was not given"):
        making.make_pdf(page % address, **sheet())


def test_letters_that_the_font_lacks_are_found() -> None:
    assert missing_glyphs("粤B·12345 恒通物流 old → new ✓ ¥1,280.00 龘\n\t\u3000") == ""
    assert missing_glyphs("王𠮷和😀王𠮷") == "𠮷😀"


def test_a_killed_child_is_replaced_and_asked_again(seal: Path) -> None:
    making.make_pdf(HTML, **sheet())
    child = making._maker()
    before = child.pid
    assert before
    with ThreadPoolExecutor() as pool:
        making_many = [pool.submit(making.make_pdf, HTML * 20, **sheet()) for _ in range(3)]
        time.sleep(0.2)
        os.kill(before, signal.SIGKILL)
        assert all(one.result().startswith(b"%PDF-") for one in making_many)
    assert child.pid not in (None, before)


def test_it_ends_with_whoever_needed_it_even_if_that_is_killed(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from dispatch.sheets import making, signing; from tests.sheets.engine import HTML, sheet;"
        f"signing.configure(Path({str(tmp_path)!r})); making.make_pdf(HTML, **sheet()); print(making._maker().pid, flush=True);"
        "import time; time.sleep(60)"
    )
    checkout = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], cwd=checkout, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: gone(child))


def test_a_child_that_made_many_makes_room_for_a_fresh_one(seal: Path) -> None:
    child = making.Apart(making._begin, making.signing.seal(), limits=making.Limits(60, 60, pieces=2))
    pids = []
    for _ in range(3):
        child.do(HTML, {name: value for name, value in sheet().items() if name not in ("reason", "at")}, "x", sheet()["at"])
        pids.append(child.pid)
    child.stop()
    assert pids[0] == pids[1] != pids[2]


def test_without_a_library_the_sheet_says_which(seal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "missing_libraries", lambda: ("libharfbuzz-subset0",))
    with pytest.raises(SheetFailed, match=r"^The sheet cannot be made here: libharfbuzz-subset0 is missing\.$"):
        making.make_pdf(HTML, **sheet())


def test_without_a_font_the_start_says_which(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gateway.check_ready()
    monkeypatch.setattr(gateway, "FONTS", (tmp_path / "Noto.ttf",))
    with pytest.raises(Refusal, match=r"The font file .*Noto\.ttf is missing"):
        gateway.check_ready()
