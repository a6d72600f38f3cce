"""What kind of file is this? Told from the bytes; a name may lie. Refuses, with a sentence, all that is not a table."""

from __future__ import annotations

from dispatch.errors import RuleBroken
from dispatch.words import Text, say

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_A_PICTURE = say("This is a picture, not a table. Please send the spreadsheet itself.")
_AN_ARCHIVE = say("This is an archive. Please unpack it and send the spreadsheet in it.")
_A_WEB_PAGE = say("This is a web page or XML, whatever its name says. Open it in a spreadsheet program and save it as .xlsx.")
_A_LETTER = say("This is a text document, not a spreadsheet. Copy its table into a spreadsheet and send that.")
_A_PDF = say("This is a PDF. Please send the spreadsheet it was made from.")
_LOCKED = say("The file is protected with a password. Remove the password and send it again.")
_DAMAGED = say("The file is damaged and cannot be opened. Save it again and send it once more.")
_NO_TABLE = say("This is not a spreadsheet. Spreadsheets (.xlsx, .xls, .ods) and text tables (.csv) can be read.")

_SIGNS: tuple[tuple[bytes, Text], ...] = (
    (b"%PDF", _A_PDF),
    (b"\xff\xd8\xff", _A_PICTURE),
    (b"\x89PNG", _A_PICTURE),
    (b"GIF8", _A_PICTURE),
    (b"II*\x00", _A_PICTURE),
    (b"MM\x00*", _A_PICTURE),
    (b"RIFF", _A_PICTURE),
    (b"Rar!", _AN_ARCHIVE),
    (b"7z\xbc\xaf", _AN_ARCHIVE),
    (b"\x1f\x8b", _AN_ARCHIVE),
    (b"{\\rtf", _A_LETTER),
    (b"PK\x05\x06", _DAMAGED),
)


def damaged() -> RuleBroken:
    """The refusal of a file that starts well and cannot be read on."""
    return RuleBroken(_DAMAGED)


def locked() -> RuleBroken:
    """The refusal of a file with a password."""
    return RuleBroken(_LOCKED)


def kind_of(content: bytes) -> str:
    """-> "zip" (xlsx, ods), "ole" (xls) or "text". Raises RuleBroken for everything else."""
    if not content.strip(b"\x00 \t\r\n\x1a\xef\xbb\xbf\xff\xfe"):
        raise RuleBroken(say("The file is empty."))
    for sign, refusal in _SIGNS:
        if content.startswith(sign):
            raise RuleBroken(refusal)
    if content[4:8] == b"ftyp":
        raise RuleBroken(_A_PICTURE)
    if content.startswith(ZIP):
        return "zip"
    return _ole(content) if content.startswith(OLE) else _text(content)


def _ole(content: bytes) -> str:
    """The old Office container holds sheets, letters, or (for a locked .xlsx) an encrypted package: its directory tells."""
    if _stream(content, "EncryptedPackage"):
        raise locked()
    if _stream(content, "Workbook") or _stream(content, "Book"):
        return "ole"
    raise RuleBroken(_A_LETTER if _stream(content, "WordDocument") else _NO_TABLE)


def _stream(content: bytes, name: str) -> bool:
    return name.encode("utf-16-le") in content


def has_macros(content: bytes) -> bool:
    """Does a spreadsheet carry programs? The names of parts stand unpacked in a zip and in the directory of an old file."""
    if content.startswith(ZIP):
        return b"vbaProject.bin" in content
    return content.startswith(OLE) and _stream(content, "_VBA_PROJECT")


def _text(content: bytes) -> str:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<?xml", b"<table", b"<meta", b"mime-version")):
        raise RuleBroken(_A_WEB_PAGE)
    return "text"


def zip_kind(names: list[str]) -> str:
    """The files inside a zip -> "xlsx" or "ods". Raises RuleBroken for other zips."""
    inside = {name.lower() for name in names}
    if "xl/workbook.xml" in inside:
        return "xlsx"
    if "content.xml" in inside and "meta-inf/manifest.xml" in inside:
        return "ods"
    if "word/document.xml" in inside:
        raise RuleBroken(_A_LETTER)
    office = "[content_types].xml" in inside
    raise RuleBroken(_NO_TABLE if office else _AN_ARCHIVE)
