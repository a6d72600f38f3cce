"""Receiving a file: its name and bytes, or a sentence that says why not."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from dispatch.errors import Invalid, Refusal
from dispatch.web.forms import Form
from dispatch.web.login import settings
from dispatch.words import Text, say

DRAINED_TIMES = 8
"""How many times the allowed size of a refused file is still read, so that the browser hears the answer."""

PIECE = 1 << 20


@dataclass(frozen=True)
class SentFile:
    """A file as it arrived."""

    name: str
    content: bytes


class TooLarge(Invalid):
    """The file is larger than this server takes."""

    status = 413


LONG_LIST = say("The file is larger than %(most)s MB. Send only the sheet with the list.")


def sent_file(*, too_large: Text = LONG_LIST) -> SentFile:
    """The file of this request. Raises Invalid when none was chosen, TooLarge beyond the limit."""
    file = maybe_file(too_large=too_large)
    if file is None:
        raise Invalid({"file": say("Please choose a file.")})
    return file


def maybe_file(*, too_large: Text = LONG_LIST) -> SentFile | None:
    """The file of this request, if one was chosen. Raises TooLarge beyond the limit, in this sentence with the MB as `most`."""
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        most = settings().max_upload_mb
        drain(DRAINED_TIMES * most)
        raise TooLarge({"file": say(too_large.msgid, most=most)}) from None
    return SentFile(file.filename[-200:], file.read()) if file and file.filename else None


def refused_file(refusal: Refusal) -> Form:
    """The form of a file with the sentence that says why it was not taken."""
    said = refusal.fields.get("file", refusal.text) if isinstance(refusal, Invalid) else refusal.text
    return Form(errors={"file": said})


def drain(most_mb: int) -> None:
    """Read what is still coming: a browser that is cut off while sending shows its own error instead of our sentence."""
    left = min(request.content_length or 0, most_mb << 20)
    stream = request.environ["wsgi.input"]
    while left > 0 and (piece := stream.read(min(PIECE, left))):
        left -= len(piece)
