"""The reader's language: the person's own choice, else the browser's. Catalogues are read from .po files at the start."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, request, session
from flask_babel import Babel, Domain, get_locale

from dispatch.web.access import current
from dispatch.words import Text

LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
CATALOGUES = Path(__file__).parent / "translations"


@cache
def catalogue(locale: str) -> Translations:
    """The compiled catalogue of a locale; English needs none, its sentences are the keys."""
    file = CATALOGUES / f"{locale}.po"
    if not file.exists():
        return Translations(None)
    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return Translations(compiled)


class _PoDomain(Domain):  # type: ignore[misc]
    def get_translations(self) -> Translations:
        """The catalogue of the present reader."""
        return catalogue(str(get_locale() or "en"))


def chosen_locale() -> str:
    """zh_Hans_CN or en: what the person chose, else what this browser chose, else what it asks for."""
    chosen = current().locale or session.get("locale")
    if chosen in LOCALES:
        return LOCALES[chosen]
    asked = request.accept_languages.best_match(["zh-CN", "zh-Hans", "zh", "en"], default="zh")
    return LOCALES["en" if asked == "en" else "zh"]


def locale_for(lang: str) -> str:
    """The catalogue for what LANG says."""
    return LOCALES["zh" if lang.lower().startswith("zh") else "en"]


def short_locale() -> str:
    """zh or en, as pages name it."""
    return "en" if str(get_locale()) == "en" else "zh"


def zone() -> str:
    """The zone in which times are shown: that of the reader's branch."""
    return current().zone


def tr(said: Text | str | Any) -> str:
    """A rule's sentence in the reader's language. Parameters that are sentences themselves are turned as well."""
    if not isinstance(said, Text):
        return str(said)
    sentence: str = _readers_catalogue().ugettext(said.msgid)
    return sentence % {name: tr(value) for name, value in said.params.items()} if said.params else sentence


def _readers_catalogue() -> Translations:
    if "catalogue" not in g:
        g.catalogue = catalogue(chosen_locale())
    found: Translations = g.catalogue
    return found


def tr_in(locale: str, said: Text | str) -> str:
    """A rule's sentence in a given locale, outside of any request."""
    if not isinstance(said, Text):
        return said
    sentence = catalogue(locale).ugettext(said.msgid)
    return (
        sentence % {name: tr_in(locale, v) if isinstance(v, Text) else v for name, v in said.params.items()}
        if said.params
        else sentence
    )


def same_words(said: Text | None, typed: str) -> bool:
    """Whether somebody typed nothing else than a sentence of the program, in whichever language."""
    return said is not None and typed.strip().casefold() in {tr_in(locale, said).casefold() for locale in LOCALES.values()}


def init(app: Flask) -> None:
    """Wire Babel into an application."""
    babel = Babel(app, locale_selector=chosen_locale, timezone_selector=zone)
    # Flask-Babel takes only a catalogue's name; the domain it makes of it looks for compiled files, which we do not keep.
    babel.domain_instance = _PoDomain()
    app.jinja_env.globals["same_words"] = same_words
