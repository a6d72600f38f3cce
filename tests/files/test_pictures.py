"""Photos are checked, turned upright, made smaller, and carry nothing but the picture."""

from __future__ import annotations

import contextlib
import io
import random
from datetime import datetime
from typing import Any

import pytest
from PIL import ExifTags, Image

from dispatch.errors import Invalid
from dispatch.files.pictures import LONGEST_SIDE, read_picture


def _photo(size: tuple[int, int] = (400, 300), format: str = "JPEG", **more: Any) -> bytes:
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture.paste((200, 20, 20), (0, 0, size[0] // 4, size[1] // 4))  # red: the corner that is top left in the file
    out = io.BytesIO()
    picture.save(out, format, **more)
    return out.getvalue()


def _exif(**more: Any) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "PhoneMaker"
    exif[ExifTags.Base.Orientation] = more.get("orientation", 1)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = more.get("taken", "2026:12:02 14:05:00")
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", more.get("lat", (22.0, 32.0, 24.0))
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (113.0, 57.0, 0.0)
    return exif


def _sentence(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_picture(content)
    return str(refused.value.fields["photo"])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_what_phones_take_becomes_a_jpeg(format: str) -> None:
    picture = read_picture(_photo(format=format))
    assert (picture.width, picture.height) == (400, 300)
    assert Image.open(io.BytesIO(picture.jpeg)).format == "JPEG"


def test_time_and_place_are_read_and_then_gone() -> None:
    picture = read_picture(_photo(exif=_exif()))
    assert picture.taken_at == datetime(2026, 12, 2, 14, 5)
    assert (picture.lat, picture.lon) == (22.54, 113.95)
    again = Image.open(io.BytesIO(picture.jpeg))
    assert not again.getexif() and "exif" not in again.info
    assert b"PhoneMaker" not in picture.jpeg


@pytest.mark.parametrize(
    "odd",
    [
        {"taken": "gestern"},
        {"taken": "0000:00:00 00:00:00"},
        {"taken": "0001:01:01 00:00:00"},
        {"lat": (0.0, 0.0)},
        {"lat": (999.0, 0.0, 0.0)},
    ],
)
def test_odd_camera_data_are_left_out(odd: dict[str, Any]) -> None:
    picture = read_picture(_photo(exif=_exif(**odd)))
    assert picture.taken_at is None if "taken" in odd else picture.lat is None


def test_a_photo_taken_sideways_stands_upright() -> None:
    picture = read_picture(_photo(exif=_exif(orientation=6)))
    assert (picture.width, picture.height) == (300, 400)
    red, _, blue = Image.open(io.BytesIO(picture.jpeg)).getpixel((picture.width - 10, 10))  # type: ignore[misc]
    assert red > blue + 100


def test_a_photo_of_forty_megapixels_is_made_smaller() -> None:
    picture = read_picture(_photo((7700, 5200)))
    assert max(picture.width, picture.height) == LONGEST_SIDE
    assert len(picture.jpeg) < 1_500_000


def test_a_hundred_megapixels_are_refused_with_a_sentence() -> None:
    assert "megapixels" in _sentence(_photo((12_000, 9_000), "PNG"))


@pytest.mark.parametrize(
    "content",
    [b"only text in a file named .jpg", b"%PDF-1.7", b"\xff\xd8\xff\xe0half a jpeg", b"GIF89a" + b"\0" * 40, _photo()[:900]],
    ids=["text", "pdf", "stub", "gif", "cut short"],
)
def test_what_is_no_photo_is_refused_with_a_sentence(content: bytes) -> None:
    assert _sentence(content).startswith("This is no photo")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_whatever_is_wrong_with_a_photo_is_a_sentence(format: str) -> None:
    whole, dice = _photo((64, 48), format, exif=_exif()), random.Random(format)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 2, 8))):
            damaged[dice.randrange(2, min(len(damaged), 420))] = dice.choice((0, 1, 255, dice.randrange(256)))
        with contextlib.suppress(Invalid):
            read_picture(bytes(damaged))


@pytest.mark.parametrize("mode", ["P", "1", "L", "LA", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_picture_is_made_smaller(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (3000, 1000)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert read_picture(out.getvalue()).width == LONGEST_SIDE


def test_an_empty_file_is_refused_with_a_sentence() -> None:
    assert _sentence(b"").startswith("The photo is empty")


def test_transparency_does_no_harm() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 40), (0, 0, 0, 0)).save(out, "PNG")
    assert read_picture(out.getvalue()).width == 50
