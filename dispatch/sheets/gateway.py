"""The PDF engine: HTML in, PDF/A-3u with the sheet's JSON inside out. Nothing is fetched, from the network or from the disk.

`render` belongs into the child process of making.py: WeasyPrint is not to be run in threads, and is loaded with our fonts alone.
`missing_glyphs`, `missing_libraries` and `check_ready` may be asked anywhere.
"""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.request import DataHandler, Request

from dispatch import paths
from dispatch.errors import Refusal
from dispatch.words import say

FONTS_CONF = paths.STATIC / "sheets" / "fonts.conf"
STYLES = paths.STATIC / "sheets" / "sheet.css"
FONTS = tuple(paths.STATIC / "vendor" / "noto-sans-sc" / f"NotoSansSC_{face}.ttf" for face in ("400Regular", "700Bold"))
# As the dynamic linker knows them, and as people install them. Without the last one a sheet would take ten times as long.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BASE_STYLE = 'html { font-family: "Noto Sans SC"; }'
UNPRINTED = {0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


class SheetFailed(Refusal):
    """A sheet could not be made; the sentence says why, and is fit to be shown to the office."""

    status = 503


def check_ready() -> None:
    """Raise a Refusal if the product's own files for sheets are not there: fonts and their list."""
    for file in (FONTS_CONF, *FONTS):
        if not file.is_file():
            raise SheetFailed(say("The font file %(file)s is missing: sheets cannot be printed without it.", file=str(file)))


@cache
def missing_libraries() -> tuple[str, ...]:
    """The packages of this system's libraries that sheets need and that are not installed."""
    return tuple(package for library, package in LIBRARIES.items() if not _loads(library))


def check_libraries() -> None:
    """Raise SheetFailed if this machine lacks a library; everything but the making of sheets works without them."""
    if missing := missing_libraries():
        raise SheetFailed(say("The sheet cannot be made here: %(library)s is missing.", library=", ".join(missing)))


def missing_glyphs(text: str) -> str:
    """The characters of `text` that the fonts cannot print, each once, in order of appearance; "" is the usual answer."""
    known = _printable()
    return "".join(dict.fromkeys(c for c in text if ord(c) not in known and not c.isspace() and c.isprintable()))


def render(
    html: str,
    *,
    title: str,
    language: str,
    created: datetime,
    attachment: tuple[str, bytes],
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """The page as PDF/A-3u. `files` are the pictures that the HTML names `file:NAME`; `attachment` is (name, JSON).

    Any address but `file:NAME` of a given file and `data:` ends it with SheetFailed, as does a picture that was not given.
    """
    engine = _engine()
    try:
        document = engine.html(html, files or {}).render(font_config=engine.font_config, stylesheets=engine.styles)
    except engine.refused_address as refused:
        raise SheetFailed(say("The sheet names a picture that was not given: %(name)s", name=str(refused.__cause__))) from None
    moment = created.isoformat(timespec="seconds")
    document.metadata.title, document.metadata.lang = title, language
    document.metadata.created = document.metadata.modified = moment
    document.metadata.generator = "GPS Dispatch"
    inside = engine.attachment(*attachment, title, created)
    pdf: bytes = document.write_pdf(pdf_variant="pdf/a-3u", attachments=[inside], finisher=_name_files_once)
    return pdf


def _name_files_once(_document: Any, pdf: Any) -> None:
    """WeasyPrint lists every attachment twice among the associated files."""
    pdf.catalog["AF"][:] = list(dict.fromkeys(pdf.catalog["AF"]))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


@contextmanager
def _libraries_by_their_names() -> Iterator[None]:
    """WeasyPrint tries the names that its libraries have on all systems. For each that is none here Python asks the linker and
    the compiler where it might be, which starts fifty processes; Linux knows the right one without asking.
    """
    asking = ctypes.util.find_library
    if sys.platform == "linux":
        ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = asking


@cache
def _printable() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    faces = [TTFont(file, lazy=True) for file in FONTS]
    known = frozenset.intersection(*(frozenset(face.getBestCmap()) for face in faces))
    for face in faces:
        face.close()
    return known | UNPRINTED


class _GivenFiles:
    """What WeasyPrint asks for addresses: the given files and `data:`, nothing else on this earth."""

    _fail_on_errors = True  # its name for: an address that cannot be had ends the document

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def __call__(self, url: str) -> Any:
        from weasyprint.urls import URLFetcherResponse

        if url[:5].lower() == "data:":
            answer = DataHandler().data_open(Request(url))  # noqa: S310 - it opens nothing
            return URLFetcherResponse(url, answer, answer.headers)
        name = url.removeprefix("file:")
        if name == url or name not in self._files:
            raise LookupError(url[:200])
        # Under an address that is no file's: WeasyPrint would look for one on the disk.
        return URLFetcherResponse(f"given:{name}", self._files[name])


class _Engine:
    """WeasyPrint with our fonts and one parsed style sheet, shared by all sheets that this process makes."""

    def __init__(self) -> None:
        check_ready()
        check_libraries()
        # Fontconfig reads this when WeasyPrint is imported, not later.
        os.putenv("FONTCONFIG_FILE", str(FONTS_CONF))
        with _libraries_by_their_names():
            import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError

        self.weasyprint: Any = weasyprint
        self.refused_address: type[BaseException] = FatalURLFetchingError
        self.font_config = FontConfiguration()
        texts = [BASE_STYLE, *([STYLES.read_text("utf-8")] if STYLES.is_file() else [])]
        self.styles = [weasyprint.CSS(string=text, font_config=self.font_config, url_fetcher=_GivenFiles({})) for text in texts]

    def html(self, text: str, files: Mapping[str, bytes]) -> Any:
        """The parsed page; it can reach nothing but `files`."""
        return self.weasyprint.HTML(string=text, base_url="file:", url_fetcher=_GivenFiles(files))

    def attachment(self, name: str, content: bytes, title: str, at: datetime) -> Any:
        """The JSON as a file inside, marked as the data that the page was made of."""
        utc = at.astimezone(UTC)
        about = {"name": name, "created": utc, "modified": utc, "relationship": "Data", "description": title}
        return self.weasyprint.Attachment(string=content, **about)


@cache
def _engine() -> _Engine:
    return _Engine()
