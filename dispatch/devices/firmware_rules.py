"""Whether a terminal's firmware is as new as asked for. Makers write it as they like; what cannot be compared says nothing."""

from __future__ import annotations

import re
import unicodedata
from itertools import zip_longest

from dispatch.words import Text, say

LONGEST = 40
_PIECES = re.compile(r"\d+|[A-Z]+")
_SAYS_VERSION = ("V", "VER", "VERSION", "FW", "REV", "R")


def read_version(typed: str) -> str | Text:
    """A version as typed, tidied; a Text says why it cannot be one."""
    plain = " ".join(unicodedata.normalize("NFKC", typed).split())
    if len(plain) > LONGEST:
        return say("At most %(n)s characters, please.", n=LONGEST)
    if not any(sign.isdigit() for sign in plain):
        return say("A version has digits, like V2.1.10.")
    return plain


def new_enough(told: str, least: str) -> bool | None:
    """Whether one version is at least another: V1.10 is newer than V1.9. None where they are not of one kind.

    Numbers are compared as numbers; words have to be the same (the maker's name of the program), but for a single letter behind a
    number, which counts as in V1.2a and V1.2b.
    """
    if not any(sign.isdecimal() for sign in told):
        return None
    for mine, asked in zip_longest(_pieces(told), _pieces(least), fillvalue=""):
        if _is_number(mine) and _is_number(asked):
            if int(mine or 0) != int(asked or 0):
                return int(mine or 0) > int(asked or 0)
        elif mine != asked:
            return mine > asked if len(mine) <= 1 and len(asked) <= 1 and not (mine + asked).isdecimal() else None
    return True


def _is_number(piece: str) -> bool:
    """A number, or none where the other version goes on: that is zero."""
    return not piece or piece.isdecimal()


def _pieces(version: str) -> list[str]:
    """The numbers and words of a version, without what only says that it is one."""
    plain = unicodedata.normalize("NFKC", version).upper()
    return [piece for piece in _PIECES.findall(plain) if piece not in _SAYS_VERSION]
