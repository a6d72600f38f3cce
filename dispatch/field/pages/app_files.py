"""What the phone's app is made of: its files under one address that changes with any of them, so that they may be kept for
ever, and a hash of each, so that an update fetches only what changed."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from dataclasses import dataclass
from functools import cache

from flask import render_template

from dispatch import paths
from dispatch.field.presenting.app_words import WORDS
from dispatch.field.wire_rules import APP_VERSION
from dispatch.web.locale import LOCALES, tr_in

OWN = "field/app"
SW = f"{OWN}/sw.js"
PAGE, MANIFEST = "index.html", "app.webmanifest"
SHARED = (
    "web/tokens.css",
    "web/parts.css",
    "web/phone.css",
    "web/mark.svg",
    "vendor/icons/icons.svg",
    "field/stamp.js",
)
LATER = (
    *(f"{OWN}/steps/{file.name}" for file in sorted((paths.STATIC / OWN / "steps").glob("*.js"))),
    f"{OWN}/icon-512.png",
    "web/scan/scan.css",
    "web/scan/overlay.js",
    "web/scan/choice.js",
    "web/scan/tries.js",
    "web/scan/camera.js",
    "web/scan/reader.js",
    "vendor/zxing/zxing_reader.js",
    "vendor/zxing/zxing_reader.wasm",
    "vendor/signature-pad/signature_pad.min.js",
)
"""What is fetched when the app is open and has nothing else to do: large, and not needed for the first tap."""
KINDS = {".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".js": "text/javascript"}


@dataclass(frozen=True)
class AppFile:
    """One file of the app as it is sent."""

    path: str
    content: bytes

    @property
    def kind(self) -> str:
        """Its media type."""
        ending = self.path[self.path.rindex(".") :]
        return KINDS.get(ending) or mimetypes.guess_type(self.path)[0] or "application/octet-stream"

    @property
    def mark(self) -> str:
        """What changes with its content."""
        return hashlib.sha256(self.content).hexdigest()[:12]


@cache
def files() -> dict[str, AppFile]:
    """Path -> file of everything but the page itself, which names the version that follows from all of these."""
    own = sorted(file.relative_to(paths.STATIC).as_posix() for file in (paths.STATIC / OWN).rglob("*") if file.is_file())
    named = dict.fromkeys([*(path for path in own if path != SW), *SHARED, *LATER])
    found = {path: AppFile(path, (paths.STATIC / path).read_bytes()) for path in named}
    words = {f"words/{short}.json": _json(_words(locale)) for short, locale in LOCALES.items()}
    made = words | {MANIFEST: _json(_manifest())}
    return found | {path: AppFile(path, content) for path, content in made.items()}


@cache
def version() -> str:
    """The app's version by its content."""
    page = (paths.TEMPLATES / "field/app.html").read_bytes()
    marks = [f"{path} {file.mark}" for path, file in sorted(files().items())]
    return hashlib.sha256("\n".join([*marks, str(APP_VERSION)]).encode() + page).hexdigest()[:12]


def file_of(path: str) -> AppFile | None:
    """A file of the app; the page is made anew each time, the same for everybody."""
    if path == PAGE:
        return AppFile(PAGE, page().encode())
    return files().get(path)


def page() -> str:
    """The one page of the app. It holds nothing of anybody."""
    return render_template("field/app.html", version=version(), number=APP_VERSION)


def worker() -> str:
    """The script that keeps the app on the phone, with what it is to keep written in front."""
    marks = {path: file.mark for path, file in files().items()}
    now = {PAGE: version()} | {path: mark for path, mark in marks.items() if path not in LATER}
    told = {"version": version(), "now": now, "later": {path: marks[path] for path in LATER}}
    return f"const APP = {json.dumps(told)};\n{(paths.STATIC / SW).read_text('utf-8')}"


def _words(locale: str) -> dict[str, str]:
    return {key: tr_in(locale, word) for key, word in WORDS.items()}


def _manifest() -> dict[str, object]:
    return {
        "id": "/app/",
        "name": "派工 · Dispatch",
        "short_name": "派工",
        "start_url": "/app/",
        "scope": "/app/",
        "display": "standalone",
        "background_color": "#f6f7f9",
        "theme_color": "#1f5fd6",
        "icons": [
            {"src": "field/app/icon-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": "field/app/icon-512.png", "sizes": "512x512", "type": "image/png"},
            {"src": "field/app/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }


def _json(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
