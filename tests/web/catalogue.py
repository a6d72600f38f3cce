"""Every sentence the program can say, and the catalogue that has them in Chinese.

python -m tests.web.catalogue          lists what the Chinese catalogue lacks or has too much
python -m tests.web.catalogue update   writes the missing ones into it, untranslated
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from dispatch import paths

ROOT = Path(paths.CHECKOUT or "")
PO = ROOT / "dispatch/web/translations/zh_Hans_CN.po"
METHODS = [("dispatch/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.csv", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "say": None}
HEADER = b"""# Chinese of every sentence the program says. tests/web/test_catalogue.py keeps it complete.
msgid ""
msgstr ""
"Language: zh_Hans_CN\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
OPTIONS = {"templates/**.html": {"trimmed": "true", "silent": "false"}}


def spoken() -> Catalog:
    """A catalogue of all sentences in the code and the templates, sorted, with the files they stand in."""
    catalogue = Catalog(locale="zh_Hans_CN", project="gps-dispatch", charset="utf-8", fuzzy=False)
    for file, message, place in sorted(_found(), key=lambda found: (str(found[1]), found[0])):
        catalogue.add(message, locations=[(file, 0)], context=place)
    return catalogue


def _found() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for folder in ("dispatch", "templates"):
        for file, _, message, _, context in extract_from_dir(
            ROOT / folder,
            [(p.split("/", 1)[1], m) for p, m in METHODS if p.startswith(folder)],
            {"**.html": OPTIONS["templates/**.html"]},
            KEYWORDS,
            (),
        ):
            yield f"{folder}/{file}", message, context


def translated() -> Catalog:
    """The Chinese catalogue as it is on disk; empty when there is none yet."""
    if not PO.exists():
        return Catalog(locale="zh_Hans_CN")
    with PO.open("rb") as source:
        return read_po(source, locale="zh_Hans_CN")


def missing() -> list[str]:
    """Sentences without a translation."""
    there = translated()
    return [str(m.id) for m in spoken() if m.id and not _has_words(there.get(_key(m.id), m.context))]


def left_over() -> list[str]:
    """Translations of sentences that nobody says any more."""
    said = spoken()
    return [str(m.id) for m in translated() if m.id and said.get(_key(m.id), m.context) is None]


def _key(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _has_words(message: object) -> bool:
    text = getattr(message, "string", "")
    return all(text) if isinstance(text, (tuple, list)) else bool(text)


def update() -> None:
    """Bring the file up to date: new sentences come in empty, forgotten ones go."""
    there, fresh = translated(), spoken()
    for message in fresh:
        known = there.get(_key(message.id), message.context) if message.id else None
        if known is not None:
            message.string = known.string
    PO.parent.mkdir(parents=True, exist_ok=True)
    save(fresh)


def save(catalogue: Catalog) -> None:
    """Write the file in its one shape: sorted, without places and dates, so that a change shows only what changed."""
    written = io.BytesIO()
    write_po(written, catalogue, width=0, omit_header=True, no_location=True, sort_output=True)
    PO.write_bytes(HEADER + written.getvalue())


def main() -> None:
    """Entry point."""
    if "update" in sys.argv:
        update()
    for title, found in (("missing", missing()), ("left over", left_over())):
        print(f"{title}: {len(found)}", *found, sep="\n  ")


if __name__ == "__main__":
    main()
