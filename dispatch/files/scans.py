"""A paper as somebody has photographed or scanned it: a picture made fit to be kept, or a PDF that only shows something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dispatch.errors import Invalid
from dispatch.files.pictures import read_picture
from dispatch.words import say

JPEG, PDF = "image/jpeg", "application/pdf"
_TAIL = 2048
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b")

UNREADABLE = say("This is no photo and no PDF that can be read. JPEG, PNG, HEIC and PDF can.")


@dataclass(frozen=True)
class Scan:
    """What is kept of it: a JPEG without any metadata, or the PDF as it came."""

    content: bytes
    media_type: str


def read_scan(content: bytes) -> Scan:
    """A photo or a PDF made fit to be kept. Raises Invalid for the field `file`.

    A PDF that does more than show something (it runs, starts or brings along other things) is not taken.
    """
    if content.startswith(b"%PDF-"):
        return Scan(_passive(content), PDF)
    try:
        return Scan(read_picture(content).jpeg, JPEG)
    except Invalid as refusal:
        said = refusal.fields["photo"]
        raise Invalid({"file": said if said.params else UNREADABLE}) from None


def _passive(content: bytes) -> bytes:
    if b"%%EOF" not in content[-_TAIL:]:
        raise Invalid({"file": say("This PDF is not whole. Please send it again.")})
    if _ACTIVE.search(content):
        raise Invalid({"file": say("This PDF holds programs or other files. Send a photo, or print it anew as a PDF.")})
    return content
