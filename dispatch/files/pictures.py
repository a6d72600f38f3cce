"""Photos as they come from phones: checked, turned upright, made smaller, and rid of everything but the picture.

When and where the camera took it is read first: the file itself carries it no further.
"""

from __future__ import annotations

import io
import math
import struct
import threading
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from dispatch.errors import Invalid
from dispatch.words import say

pillow_heif.register_heif_opener()

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
MOST_PIXELS = 64_000_000
LONGEST_SIDE = 2048
SMALL_SIDE = 320
QUALITY = 82
CAMERA_YEARS = range(1990, 2101)
"""A camera whose clock was never set writes the year 1, which no calendar of a branch can show."""

EMPTY = say("The photo is empty. Please take it again.")
UNREADABLE = say("This is no photo that can be read. JPEG, HEIC, PNG and WebP can.")

# What the decoders raise over a damaged file, as far as they let it be known; RuntimeError comes from those of HEIC and AVIF.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, LookupError, TypeError, ArithmeticError, struct.error)

# One at a time in a process: a large photo takes some 300 MB while it is open, twice that if it is transparent.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A JPEG without any metadata; sizes in pixels. `taken_at` is the camera's own clock, which knows no zone; WGS-84 degrees."""

    jpeg: bytes
    width: int
    height: int
    taken_at: datetime | None
    lat: float | None
    lon: float | None


def read_picture(content: bytes) -> Picture:
    """A photo made fit to be kept. Raises Invalid for the field `photo`."""
    if not content:
        raise Invalid({"photo": EMPTY})
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _read(content)
        except (UnidentifiedImageError, Image.DecompressionBombError, MemoryError, *_DAMAGED):
            raise Invalid({"photo": UNREADABLE}) from None


def _read(content: bytes) -> Picture:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            most = MOST_PIXELS // 1_000_000
            raise Invalid(
                {"photo": say("The photo has more than %(most)s megapixels. Take it with a lower resolution.", most=most)}
            )
        exif = opened.getexif()
        taken_at, place = _taken_at(exif), _place(exif)
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at the size that is needed
        # The colours of a palette cannot be mixed.
        picture = opened.convert("RGBA" if "transparency" in opened.info else "RGB") if opened.mode == "P" else opened
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first: everything after it would take the memory again
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "JPEG", quality=QUALITY, optimize=True)
    return Picture(out.getvalue(), *picture.size, taken_at, *place)


def thumbnail(jpeg: bytes) -> bytes:
    """The same picture, small enough for a list."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        opened.draft("RGB", (SMALL_SIDE, SMALL_SIDE))
        opened.thumbnail((SMALL_SIDE, SMALL_SIDE))
        out = io.BytesIO()
        opened.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _taken_at(exif: Image.Exif) -> datetime | None:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    written = inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    try:
        taken = datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - cameras write no zone
    except ValueError:
        return None
    return taken if taken.year in CAMERA_YEARS else None


def _place(exif: Image.Exif) -> tuple[float, float] | tuple[None, None]:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or (lat, lon) == (0, 0):
        return None, None
    return lat, lon


def _degrees(parts: Any, side: Any, negative: str) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        return None
    return round(-value if str(side).upper() == negative else value, 7)
