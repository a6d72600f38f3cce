"""Photos of a stop: sent, sent again, shown, and refused with a sentence."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from dispatch.field.models import Photo
from tests.conftest import Cast, SignIn
from tests.field.phone import Phone, file, jpeg


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of a picture."""
    with Image.open(io.BytesIO(content)) as seen:
        return seen.size


def send(
    phone: Phone, photo: object, *, key: uuid.UUID | None = None, query: str = "?kind=condition", **headers: str
) -> TestResponse:
    """Send a photo as the page does."""
    content = {"fact": str(key or uuid.uuid4()), "photo": photo}
    return phone.client.post(f"{phone.root}/photos{query}", data=content, headers=headers)


def test_a_photo_sent_again_is_the_same_and_comes_back_as_jpeg(db: Session, phone: Phone, cast: Cast, as_person: SignIn) -> None:
    key = uuid.uuid4()
    for _sent in range(2):
        answer = send(phone, jpeg(size=(900, 600)), key=key, **{"X-Photo": "1"})
        assert answer.status_code == 201 and answer.json == {"url": f"/photos/{key}"}
    assert [row.id for row in db.scalars(sa.select(Photo))] == [key]
    whole = phone.client.get(f"/photos/{key}")
    assert whole.mimetype == "image/jpeg" and "immutable" in whole.headers["Cache-Control"]
    assert size_of(whole.data) == (900, 600)
    assert max(size_of(phone.client.get(f"/photos/{key}?small=1").data)) == 320
    assert as_person(cast.lin).get(f"/photos/{key}").status_code == 200
    for stranger in (cast.wei, cast.he):
        assert as_person(stranger).get(f"/photos/{key}").status_code == 404
    assert phone.client.get(f"/photos/{uuid.uuid4()}").status_code == 404


def test_time_and_place_come_beside_a_photo_that_was_drawn_anew(db: Session, phone: Phone) -> None:
    told = {"taken_at": "2026-12-02T06:05:00.000Z", "taken_lat": "22.54", "taken_lon": "113.95"}
    silly = {"taken_at": "yesterday", "taken_lat": "91", "taken_lon": "nan"}
    found = []
    for beside in (told, told | {"taken_at": "2026-12-02T14:05:00"}, silly, {"taken_at": "0001-01-01T00:00:00"}):
        key = uuid.uuid4()
        content = {"fact": str(key), "photo": jpeg()} | beside
        assert phone.client.post(f"{phone.root}/photos?kind=condition", data=content).status_code == 303
        kept = db.get_one(Photo, key)
        found.append((kept.taken_at, kept.lat, kept.lon))
    at = datetime(2026, 12, 2, 6, 5, tzinfo=UTC)  # a time without a zone is the branch's
    assert found == [(at, 22.54, 113.95), (at, 22.54, 113.95), (None, None, None), (None, None, None)]


def test_several_photos_of_one_form_are_several(db: Session, phone: Phone) -> None:
    content = {"fact": str(uuid.uuid4()), "photo": [jpeg(), jpeg(colour="red")]}
    for _sent in range(2):
        content["photo"] = [jpeg(), jpeg(colour="red")]
        assert phone.client.post(f"{phone.root}/photos?kind=condition", data=content).status_code == 303
    assert len(db.scalars(sa.select(Photo)).all()) == 2


@pytest.mark.parametrize(
    ("photo", "sentence"),
    [
        (file("这是一个文本".encode()), "This is no photo that can be read."),
        (file(b""), "The photo is empty."),
        (file(b"", ""), "Take a photo first."),
    ],
    ids=["text", "empty", "none"],
)
def test_what_is_no_photo_gets_a_sentence(db: Session, phone: Phone, photo: object, sentence: str) -> None:
    refused = send(phone, photo)
    assert refused.status_code == 422 and sentence in refused.text and "Take a photo" in refused.text
    assert not db.scalars(sa.select(Photo)).all()


def test_a_photo_that_is_too_large_gets_a_sentence(phone: Phone) -> None:
    # As bytes: the test client would leave a temporary file open.
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    whole = {"data": head + b"\xff" * (21 << 20) + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
    refused = phone.client.post(f"{phone.root}/photos", headers={"X-Photo": "1"}, **whole)
    assert refused.status_code == 413 and "larger than 20 MB" in refused.json["error"]


def test_photos_of_unknown_kinds_and_vehicles_lead_nowhere(phone: Phone) -> None:
    for query in ("?kind=selfie", "?kind=refusal", "?kind=work&line=999999"):
        assert phone.client.get(f"{phone.root}/photos{query}").status_code == 404
        assert send(phone, jpeg(), query=query).status_code == 404
