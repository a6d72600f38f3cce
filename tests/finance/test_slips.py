"""Photos of slips: read, kept once, asked for from a sum on, shown to those whose business it is."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.fees import slip_queries
from dispatch.fees.operations import add_slip
from dispatch.fees.slip_queries import slip_seen, slips_of
from dispatch.files.scans import JPEG, PDF, Scan, read_scan
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import banked, handed, owing

PAPER = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<<>>\n%%EOF\n"


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#eee").save(out, "PNG")
    return out.getvalue()


def test_what_can_be_read_is_kept_as_picture_or_pdf() -> None:
    assert read_scan(photo()).media_type == JPEG and read_scan(PAPER) == Scan(PAPER, PDF)
    wrong = [b"", b"MZ\x90", b"%PDF-1.7 cut off", PAPER.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>")]
    for content in wrong:
        with pytest.raises(Invalid) as refusal:
            read_scan(content)
        assert set(refusal.value.fields) == {"file"}


@pytest.mark.usefixtures("settings")
def test_slips_go_with_hand_ins_and_deposits(
    db: Session, cast: Cast, as_person: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
    db.commit()
    qian = as_person(cast.qian)
    page = f"/finance/hand-ins/{made.id}"
    refused = qian.post(page, data={"n100": "3", "file": (io.BytesIO(b"no"), "x.jpg")})
    assert refused.status_code == 422 and 'value="3"' in refused.text and "This is no photo and no PDF" in refused.text
    answer = qian.post(page, data={"n100": "3", "file": (io.BytesIO(photo()), "slip.png")})
    assert answer.status_code == 302
    (kept,) = slips_of(db, hand_in_id=made.id)
    again = {"file": (io.BytesIO(photo()), "again.png")}
    assert qian.post(f"{page}/slips", data=again).status_code == 302
    assert qian.post(f"{page}/slips", data={"file": (io.BytesIO(PAPER), "slip.pdf")}).status_code == 302
    assert "Please choose a file." in qian.post(f"{page}/slips", data={}).text
    pdf, first = slips_of(db, hand_in_id=made.id)
    assert (first.id, pdf.media_type) == (kept.id, PDF) and f"/finance/slips/{pdf.id}" in qian.get(page).text
    assert qian.get(f"/finance/slips/{kept.id}?small=1").mimetype == JPEG
    assert qian.get(f"/finance/slips/{pdf.id}").headers["Content-Disposition"] == "attachment"
    assert slip_seen(db, kept.id, cast.su).id == kept.id
    for other in (cast.wei, cast.he):
        with pytest.raises(NotFound):
            slip_seen(db, kept.id, other)
    _deposits(db, cast, made.id, monkeypatch)


def _deposits(db: Session, cast: Cast, hand_in_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a sum on a deposit needs the photo; nobody but finance adds one."""
    monkeypatch.setattr(slip_queries, "_needed_from", 300)
    with pytest.raises(Invalid) as refusal:
        banked(db, [hand_in_id], "300", cast.qian)
    assert str(refusal.value.fields["file"]) == "From ¥300.00 on the photo of the bank's slip is needed."
    row = banked(db, [hand_in_id], "300", cast.qian, scan=read_scan(photo()))
    assert len(slips_of(db, deposit_id=row.id)) == 1
    with pytest.raises(NotAllowed):
        add_slip(db, row, read_scan(PAPER), by=cast.wang, at=AT)
