"""Whether a PDF is one of our sheets, as it was issued. The file may be anybody's: it is read in a limited child process.

The verdict is a pure function of what the child found and of whether this very file (its sha256) was issued:
`valid` only if both agree, `altered` if one of our sheets was touched or is damaged, `unknown` if it is not ours to judge.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.sheets import signing
from dispatch.sheets.apart import Apart, Broke, Died, Limits, TookTooLong
from dispatch.words import Text, say

VERDICTS = ("valid", "altered", "unknown", "not_a_pdf")
LIMITS = Limits(cpu_seconds=20, seconds=60, memory=1024, pieces=200)
LARGEST = 64 * 1024 * 1024
HEAD = 1024

WORDS = {
    "valid": say("This is a sheet of ours, exactly as it was issued."),
    "touched": say("This file was changed after it was signed, or is damaged: do not rely on it."),
    "unsigned": say("This was a sheet of ours, but its signature is gone: do not rely on it."),
    "broken": say("This file is damaged or cut off: it cannot be read to its end."),
    "not_issued": say("The signature is ours and intact, but this very file is not known to have been issued."),
    "stranger": say("The signature is intact, but not ours: this file was not issued here."),
    "no_signature": say("This PDF carries no signature of ours: it was not issued here."),
    "encrypted": say("This PDF is locked with a password: it was not issued here."),
    "too_much": say("This file asks for more than a check may cost: it was not issued here."),
    "not_a_pdf": say("This file is not a PDF."),
    "empty": say("This file is empty."),
}

_lock = threading.Lock()
_checkers: dict[tuple[bytes, ...], Apart] = {}


@dataclass(frozen=True)
class Verdict:
    """`verdict` is one of VERDICTS; `said` is the same as a sentence; `signatures` are those found, in plain values."""

    verdict: str
    issued_file: bool
    said: Text
    signatures: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What the command line and the API answer."""
        return {"verdict": self.verdict, "issued_file": self.issued_file, "signatures": [dict(one) for one in self.signatures]}


def verify(pdf: bytes, *, issued: bool) -> Verdict:
    """Judge a file. `issued` says whether its sha256 is among those of the sheets that were released. Never raises for a file."""
    if b"%PDF-" not in pdf[:HEAD]:
        return _verdict("not_a_pdf", issued, "not_a_pdf" if pdf else "empty")
    if len(pdf) > LARGEST:
        return _verdict("unknown", issued, "too_much")
    try:
        found: Mapping[str, Any] = _checker().do(pdf)
    except (Died, TookTooLong, Broke):
        return _verdict("unknown", issued, "too_much")
    return judge(found, issued=issued)


def judge(found: Mapping[str, Any], *, issued: bool) -> Verdict:
    """The verdict over what checking.findings found in a file that begins as a PDF does."""
    verdict, why = next(answer for is_so, answer in _ANSWERS if is_so(found, issued))
    return _verdict(verdict, issued, why, tuple(found["signatures"]))


def stop() -> None:
    """End the child process; the next file would start a new one."""
    with _lock:
        for checker in _checkers.values():
            checker.stop()
        _checkers.clear()


def _is_broken(found: Mapping[str, Any]) -> bool:
    return not found["whole"] or not all(one["intact"] for one in found["signatures"])


def _has_ours(found: Mapping[str, Any]) -> bool:
    return any(one["ours"] for one in found["signatures"])


# Read from above: the first that is so decides.
_ANSWERS: tuple[tuple[Callable[[Mapping[str, Any], bool], bool], tuple[str, str]], ...] = (
    (lambda found, issued: found["encrypted"], ("unknown", "encrypted")),
    (lambda found, issued: not found["readable"], ("altered", "broken")),
    (lambda found, issued: not found["signatures"] and found["ours_inside"], ("altered", "unsigned")),
    (lambda found, issued: not found["signatures"], ("unknown", "no_signature")),
    (lambda found, issued: _is_broken(found), ("altered", "touched")),
    (lambda found, issued: not _has_ours(found), ("unknown", "stranger")),
    (lambda found, issued: not issued, ("unknown", "not_issued")),
    (lambda found, issued: True, ("valid", "valid")),
)


def _verdict(verdict: str, issued: bool, why: str, signatures: tuple[Mapping[str, Any], ...] = ()) -> Verdict:
    return Verdict(verdict, issued, WORDS[why], signatures)


def _checker() -> Apart:
    trusted = signing.trusted()
    with _lock:
        if trusted not in _checkers:
            for old in _checkers.values():
                old.stop()
            _checkers.clear()
            _checkers[trusted] = Apart(_begin, trusted, limits=LIMITS, tries=1)
        return _checkers[trusted]


def _begin(trusted: tuple[bytes, ...]) -> Callable[[bytes], Mapping[str, Any]]:
    """In the child: pyHanko is loaded there, not here."""
    from dispatch.sheets.checking import begin

    return begin(trusted)
