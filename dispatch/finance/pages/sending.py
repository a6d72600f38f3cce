"""The photo of a slip as it comes with a form."""

from __future__ import annotations

from dispatch.files.scans import Scan, read_scan
from dispatch.web.uploads import maybe_file
from dispatch.words import say

TOO_LARGE = say("The file is larger than %(most)s MB. Take the photo with a lower resolution.")


def sent_scan() -> Scan | None:
    """The photo that came with a form, if one was chosen. Raises Invalid."""
    file = maybe_file(too_large=TOO_LARGE)
    return read_scan(file.content) if file else None
