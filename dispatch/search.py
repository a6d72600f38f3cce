"""Finding by fragments of names, plates, numbers and phones, in Chinese and Latin letters alike, fast on any PostgreSQL.

Every searchable table has a `search_text` (normalised by `normalise`) and a GIN index on its two-letter grams. Grams work for
two-character Chinese words and do not depend on the database's locale, which trigrams of pg_trgm do.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

LONGEST_END = 10
"""Of a longer word only the grams of its end are asked for: long numbers differ there, and each gram more costs time."""
_DROPPED = str.maketrans("", "", " \t\n·•.-－—_/\\()（）")


def normalise(*parts: object) -> str:
    """Fold what people type and what is stored to one shape: width, case, spaces, dots, dashes gone; parts joined by a bar."""
    folded = (unicodedata.normalize("NFKC", str(part)).casefold().translate(_DROPPED) for part in parts if part)
    return "|".join(part for part in folded if part)


def name_words(name: str) -> str:
    """A name as it is looked for: itself, and the first letters of how it is pronounced (恒通 for who types ht)."""
    return normalise(name, *initials(name))


def initials(name: str) -> list[str]:
    """The pinyin initials of a name that holds Chinese, in each reading of its first character; none of another."""
    if not any("\u4e00" <= letter <= "\u9fff" for letter in name):
        return []
    from pypinyin import Style, lazy_pinyin, pinyin  # its dictionaries take a quarter of a second and 50 MB: for who writes names

    whole = normalise("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))
    first = {reading[:1] for reading in pinyin(name[0], style=Style.FIRST_LETTER, heteronym=True)[0]}
    return [whole, *sorted(other + whole[1:] for other in first if other.isalpha() and other != whole[:1])]


def grams(text: str) -> list[str]:
    """The distinct two-letter pieces of a normalised text."""
    return sorted({text[i : i + 2] for i in range(len(text) - 1)})


def found_in(column: InstrumentedAttribute[str], words: str) -> sa.ColumnElement[bool]:
    """SQL: rows whose search text holds every word of `words`, separated by blanks; no row where nothing is left of them."""
    wanted = [word for word in map(normalise, words.split()) if word]
    return sa.and_(*(_holds(column, word) for word in wanted)) if wanted else sa.false()


def _holds(column: InstrumentedAttribute[str], word: str) -> sa.ColumnElement[bool]:
    holds = column.contains(word, autoescape=True)
    if len(word) < 2:
        return holds
    return sa.and_(sa.func.search_grams(column, type_=ARRAY(sa.Text)).contains(grams(word[-LONGEST_END:])), holds)


def grams_index(table: str) -> sa.Index:
    """The GIN index on the grams of `table`'s search_text."""
    return sa.Index(f"ix_{table}_search", sa.text("search_grams(search_text)"), postgresql_using="gin")


SEARCH_GRAMS = """
CREATE OR REPLACE FUNCTION search_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT coalesce(array_agg(l || r), '{}') FROM unnest(string_to_array(t, NULL), (string_to_array(t, NULL))[2:]) AS s(l, r)
WHERE r IS NOT NULL $$
"""
"""Each letter with its neighbour: cutting them out by their place took seconds for an order with thousands of vehicles."""


def text_column() -> Any:
    """The `search_text` column every searchable table has."""
    return sa.orm.mapped_column(sa.Text, nullable=False, server_default="")
