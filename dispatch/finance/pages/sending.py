"""A form with the photo of a slip, as it is sent."""

from __future__ import annotations

from dispatch.files.scans import Scan, read_scan
from dispatch.web.forms import Form
from dispatch.web.uploads import SentFile, maybe_file
from dispatch.words import say

TOO_LARGE = say("The file is larger than %(most)s MB. Take the photo with a lower resolution.")


def sent_with_file() -> tuple[Form, SentFile | None]:
    """What was typed, and the file if one was chosen. Raises TooLarge, of which nothing that was typed can be read."""
    file = maybe_file(too_large=TOO_LARGE)
    return Form.sent(), file


def scan_of(file: SentFile | None) -> Scan | None:
    """The photo that came along. Raises Invalid."""
    return read_scan(file.content) if file else None
