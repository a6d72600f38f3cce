"""Receiving a file: its name and bytes, or a sentence that says why not."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from dispatch.errors import Invalid
from dispatch.web.login import settings
from dispatch.words import say

DRAINED_AT_MOST = 256 * 1024 * 1024
PIECE = 1024 * 1024


@dataclass(frozen=True)
class SentFile:
    """A file as it arrived."""

    name: str
    content: bytes


class TooLarge(Invalid):
    """The file is larger than this server takes."""

    status = 413


def sent_file() -> SentFile:
    """The file of this request. Raises Invalid when none was chosen, TooLarge beyond the limit."""
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        _drain()
        most = settings().max_upload_mb
        raise TooLarge(
            {"file": say("The file is larger than %(most)s MB. Send only the sheet with the list.", most=most)}
        ) from None
    if file is None or not file.filename:
        raise Invalid({"file": say("Please choose a file.")})
    return SentFile(file.filename[-200:], file.read())


def _drain() -> None:
    """Read what is still coming: a browser that is cut off while sending shows its own error instead of our sentence."""
    left = min(request.content_length or 0, DRAINED_AT_MOST)
    stream = request.environ["wsgi.input"]
    while left > 0 and (piece := stream.read(min(PIECE, left))):
        left -= len(piece)
