"""The verdict over files: ours, touched ones, other people's, and those made to break a reader."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name as name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PdfFileWriter
from sqlalchemy.orm import Session

from dispatch import config
from dispatch.sheets import commands, signing
from dispatch.sheets.verifying import VERDICTS, judge, verify
from tests.sheets.engine import AT, flipped, needs_libraries, needs_poppler, stranger, told, unsigned

pytestmark = needs_libraries


def verdict_of(pdf: bytes, issued: bool = True) -> str:
    return verify(pdf, issued=issued).verdict


def test_what_we_issued_is_valid(seal: Path, made: bytes) -> None:
    verdict = verify(made, issued=True)
    assert verdict.as_json() == {
        "verdict": "valid",
        "issued_file": True,
        "signatures": [
            {
                "field": "Issuer",
                "kind": "signature",
                "signer": verdict.signatures[0]["signer"],
                "at": AT.isoformat(),
                "ours": True,
                "intact": True,
            }
        ],
    }


def test_ours_and_intact_is_not_enough(seal: Path, made: bytes) -> None:
    verdict = verify(made, issued=False)
    assert (verdict.verdict, verdict.issued_file) == ("unknown", False)
    assert "not known to have been issued" in str(verdict.said)


def test_one_flipped_byte_is_found_wherever_it_is(seal: Path, made: bytes) -> None:
    places = random.Random(3).sample(range(8, len(made)), 20)
    assert {place for place in places if verdict_of(flipped(made, place)) != "altered"} == set()


def test_a_byte_is_found_where_no_digest_looks(seal: Path, made: bytes) -> None:
    """Between the signed ranges: in the signature's frame, its certificate, its padding, and in the case of a digit."""
    gap, behind = (int(n) for n in re.findall(rb"/ByteRange \[0 (\d+) (\d+)", made)[0])
    near, far = range(gap, gap + 60), range(gap + 60, behind, (behind - gap) // 20)
    missed = [
        (place, bit) for place in (*near, *far) for bit in (0x01, 0x20) if verdict_of(flipped(made, place, bit)) != "altered"
    ]
    assert missed == []


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_altered(seal: Path, made: bytes, kept: float) -> None:
    assert verdict_of(made[: int(len(made) * kept)]) == "altered"


def test_a_file_whose_signature_was_cut_off_is_altered(seal: Path, made: bytes) -> None:
    first = made.index(b"%%EOF") + 6
    assert "signature is gone" in str(verify(made[:first], issued=False).said)
    assert verdict_of(made[:first], issued=False) == "altered"


@pytest.mark.parametrize("more", [b"\n", b"\n% a remark\n", b"\0" * 100])
def test_what_hangs_on_behind_is_found(seal: Path, made: bytes, more: bytes) -> None:
    assert verdict_of(made + more) == "altered"


def covered(pdf: bytes) -> IncrementalPdfFileWriter:
    """A stamp over the first page, as an annotation."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    look = writer.add_object(generic.StreamObject(_box(), stream_data=b"1 1 1 rg 0 0 400 60 re f"))
    stamp = {"/Type": name("/Annot"), "/Subtype": name("/Stamp"), "/F": generic.NumberObject(4)}
    note = generic.DictionaryObject({name(key): value for key, value in stamp.items()})
    note[name("/Rect")] = generic.ArrayObject([generic.NumberObject(n) for n in (50, 700, 450, 760)])
    note[name("/AP")] = generic.DictionaryObject({name("/N"): look})
    writer.register_annotation(writer.find_page_for_modification(0)[0], writer.add_object(note))
    return writer


def _box() -> dict[str, Any]:
    box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 400, 60)])
    return {"/Type": name("/XObject"), "/Subtype": name("/Form"), "/BBox": box}


def redrawn(pdf: bytes) -> IncrementalPdfFileWriter:
    """Another content for the first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.find_page_for_modification(0)[0]
    page.get_object()[name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"0 0 m"))
    writer.mark_update(page)
    return writer


def swapped_facts(pdf: bytes) -> IncrementalPdfFileWriter:
    """Other facts in the JSON inside."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    named = writer.root["/AF"][0].get_object()
    named["/EF"][name("/F")] = writer.add_object(generic.StreamObject(stream_data=b"{}"))
    writer.mark_update(writer.root["/AF"].raw_get(0))
    return writer


def acting(pdf: bytes) -> IncrementalPdfFileWriter:
    """A script that runs when it is opened."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    script = {name("/S"): name("/JavaScript"), name("/JS"): generic.TextStringObject("app.alert(1)")}
    writer.root[name("/OpenAction")] = generic.DictionaryObject(script)
    writer.update_root()
    return writer


@pytest.mark.parametrize("attack", [covered, redrawn, swapped_facts, acting])
def test_an_update_that_changes_what_is_seen_is_altered(
    seal: Path, made: bytes, attack: Callable[[bytes], IncrementalPdfFileWriter]
) -> None:
    out = io.BytesIO()
    attack(made).write(out)
    assert out.getvalue().startswith(made)
    assert verdict_of(out.getvalue()) == "altered"


@needs_poppler
def test_others_would_have_believed_the_cover(seal: Path, made: bytes, tmp_path: Path) -> None:
    file = tmp_path / "covered.pdf"
    with file.open("wb") as out:
        covered(made).write(out)
    assert "Signature is Valid" in told("pdfsig", "-nocert", file)
    assert verdict_of(file.read_bytes()) == "altered"


def test_a_cover_that_somebody_signed_for_is_altered_all_the_same(seal: Path, made: bytes) -> None:
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    from dispatch.sheets.pen import _LoadedSigner

    signer = PdfSigner(PdfSignatureMetadata(field_name="QA", md_algorithm="sha256"), _LoadedSigner(stranger()))
    assert verdict_of(signer.sign_pdf(covered(made), existing_fields_only=True).getvalue()) == "altered"


def test_another_ones_sheet_is_unknown(seal: Path) -> None:
    from dispatch.sheets.pen import Pen

    theirs = Pen(stranger("Another company")).sign(unsigned("<p>账单</p>", attachment=("a.json", b"{}")), reason="x", at=AT)
    verdict = verify(theirs, issued=False)
    assert (verdict.verdict, verdict.signatures[0]["ours"], verdict.signatures[0]["intact"]) == ("unknown", False, True)
    assert verdict_of(flipped(theirs, len(theirs) // 3), issued=False) == "altered"


def test_a_plain_pdf_is_unknown(seal: Path) -> None:
    assert verdict_of(unsigned("<p>账单</p>", attachment=("a.json", b"{}")), issued=False) == "unknown"


@pytest.mark.parametrize("content", [b"", b"\0", "技术员".encode(), b"PK\x03\x04" + b"\0" * 2000, b"x" * 2000 + b"%PDF-1.7"])
def test_what_is_no_pdf_is_called_that(seal: Path, content: bytes) -> None:
    assert verdict_of(content, issued=False) == "not_a_pdf"


@pytest.mark.parametrize(
    "content", [b"%PDF-", b"%PDF-1.7\n%%EOF", b"%PDF-1.7\n" + b"[" * 100_000, b"%PDF-1.4\nstartxref\n0\n%%EOF\n"]
)
def test_the_head_of_a_pdf_alone_is_a_damaged_one(seal: Path, content: bytes) -> None:
    assert verdict_of(content, issued=False) == "altered"


def test_a_locked_pdf_is_unknown(seal: Path) -> None:
    writer, out = PdfFileWriter(), io.BytesIO()
    writer.encrypt("geheim")
    writer.write(out)
    assert "password" in str(verify(out.getvalue(), issued=False).said)
    assert verdict_of(out.getvalue(), issued=False) == "unknown"


@functools.cache
def bomb() -> bytes:
    """A small PDF whose table of contents unpacks to 300 MB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    head = b"%PDF-1.7\n"
    body = b"1 0 obj\n<</Type/XRef/Size 2/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n" % len(packed)
    return head + body + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


def test_a_bomb_costs_little_and_is_unknown(seal: Path) -> None:
    verdict = verify(bomb(), issued=False)
    assert (verdict.verdict, "more than a check may cost" in str(verdict.said)) == ("unknown", True)
    assert verdict_of(b"%PDF-1.7" + bytes(65 * 1024 * 1024), issued=False) == "unknown"


def test_the_next_file_is_judged_after_a_bad_one(seal: Path, made: bytes) -> None:
    verify(bomb(), issued=False)
    assert verdict_of(made) == "valid"


def test_every_finding_has_a_verdict() -> None:
    for readable in (True, False):
        for one in ([], [{"ours": True, "intact": True}], [{"ours": False, "intact": False}]):
            found = {"readable": readable, "encrypted": False, "ours_inside": False, "whole": True, "signatures": one}
            assert judge(found, issued=True).verdict in VERDICTS


# --- the command


def run(settings: config.Settings, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands.sheet, ["verify", *arguments], obj=settings)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


@pytest.fixture
def here(seal: Path) -> config.Settings:
    """Settings of an installation with this key and no database."""
    return config.load({"DATA_DIR": str(seal)})


def test_the_command_answers_people_in_their_language(here: config.Settings, tmp_path: Path) -> None:
    file = tmp_path / "note.pdf"
    file.write_text("no pdf")
    assert run(here, str(file), "--lang", "en") == (2, "This file is not a PDF.\n")
    assert run(here, str(tmp_path / "nowhere.pdf"), "--lang", "en") == (2, "")
    assert run(here, str(tmp_path)) == (2, "")


def test_the_command_answers_programs_in_json(here: config.Settings, made_file: Path) -> None:
    code, said = run(here, str(made_file), "--json")
    assert code == 1
    assert json.loads(said)["verdict"] == "unknown"
    assert set(json.loads(said)) == {"verdict", "issued_file", "signatures"}


def test_the_command_knows_what_was_issued(
    seal: Path, made: bytes, made_file: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = hashlib.sha256(made).hexdigest()

    def released_as(session: Session, sha256: str) -> object | None:
        assert session.connection()
        return object() if sha256 == released else None

    monkeypatch.setattr(commands, "release_of", released_as)
    settings = config.load({"DATA_DIR": str(seal), "DATABASE_URL": database, "SECRET_KEY": "x", "FILES_KEY": "x"})
    code, said = run(settings, str(made_file), "--json")
    assert (code, json.loads(said)["verdict"], json.loads(said)["issued_file"]) == (0, "valid", True)
    made_file.write_bytes(flipped(made, len(made) // 2))
    assert run(settings, str(made_file), "--json")[0] == 1


def test_the_key_may_be_asked_for_before_anything_was_signed(tmp_path: Path) -> None:
    signing.configure(tmp_path)
    assert signing.trusted() == ()
