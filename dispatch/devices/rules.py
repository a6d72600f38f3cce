"""The numbers of devices: ICCID and phone number of a SIM, IMEI, terminal id and terminal phone of JT/T 808.

`read_…(text)` answers the number, tidied, or a `Text` that says why it cannot be one. What merely looks odd is a warning.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from stdnum import imei as stdnum_imei

from dispatch.words import Text, say


@dataclass(frozen=True)
class Spot:
    """Where a phone said it was: WGS-84, in degrees, and how far off that may be, in metres."""

    lat: float
    lon: float
    accuracy_m: float | None = None

    @property
    def facts(self) -> dict[str, float | None]:
        """The same by name, as it is kept."""
        return {"lat": self.lat, "lon": self.lon, "accuracy_m": self.accuracy_m}


def spot_of(lat: float | None, lon: float | None, accuracy_m: float | None = None) -> Spot | None:
    """A place on earth out of what was sent; None for what is none."""
    if lat is None or lon is None or not (abs(lat) <= 90 and abs(lon) <= 180):
        return None
    return Spot(lat, lon, accuracy_m if accuracy_m is not None and accuracy_m >= 0 else None)


UNIT_KINDS = ("terminal", "sim")
"""What is fitted into vehicles."""
UNIT_WORDS: dict[str, Text] = {"terminal": say("Terminal"), "sim": say("SIM")}
ICCID_KEY = 19
IMEI_DIGITS = 15
PHONE_808_DIGITS = (12, 20)
TERMINAL_ID_LONGEST = 30
TOOL_NUMBER_LONGEST = 40
LEAST_ENDING = 4
"""Fewer last digits than this say too little."""
UNKNOWN_MODEL_MONTHS = 12
"""The warranty of a terminal whose model nobody knows, in months."""

_LABELS = re.compile(r"^(?:ICCID|IMEI|SIM|ID|TEL|NO)\s*[::.]?\s*(?=[0-9A-Z])")
_SHORTENED = re.compile(r"^\d(?:\.\d+)?E\+?\d+$")
_GAPS = re.compile(r"[\s\-·'`]+")


@dataclass(frozen=True)
class Iccid:
    """A SIM's number: `printed` as on the card (19 or 20 characters), `key` its first 19, by which cards are told apart."""

    printed: str

    @property
    def key(self) -> str:
        """The first 19 characters: the twentieth is a check digit, a maker's letter, or missing."""
        return self.printed[:ICCID_KEY]

    @property
    def shown(self) -> str:
        """8986 0624 3293 A224 5176."""
        return in_fours(self.printed)


def tidy(text: str) -> str:
    """A number as typed or scanned, without spaces, dashes and a label in front: `ICCID: 8986 06…` -> `898606…`."""
    plain = unicodedata.normalize("NFKC", text).upper().strip()
    return _GAPS.sub("", _LABELS.sub("", plain))


def read_tool_number(text: str) -> str | Text:
    """The number on a tool: WYB-03, in capitals and without gaps."""
    number = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if len(number) <= TOOL_NUMBER_LONGEST:
        return number
    return say("At most %(n)s characters, please.", n=TOOL_NUMBER_LONGEST)


def in_fours(number: str) -> str:
    """Groups of four from the left."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _cut_by_spreadsheet(text: str) -> Text | None:
    """A long number that a spreadsheet has rounded: its last digits are lost."""
    if not _SHORTENED.match(text):
        return None
    return say("a spreadsheet has cut this number to %(text)s; format the column as text and enter it again", text=text)


def read_iccid(text: str) -> Iccid | Text:
    """19 or 20 characters, digits mostly, letters allowed."""
    number = tidy(text)
    cut = _cut_by_spreadsheet(number)
    if cut:
        return cut
    if not re.fullmatch(r"[0-9A-Z]*", number):
        return say("an ICCID has digits and letters only")
    if len(number) not in (ICCID_KEY, ICCID_KEY + 1):
        return say("an ICCID has 19 or 20 characters, this one has %(n)s", n=len(number))
    return Iccid(number)


def read_imei(text: str) -> str | Text:
    """Exactly 15 digits with a fitting check digit, not all zeros."""
    number = tidy(text)
    cut = _cut_by_spreadsheet(number)
    if cut:
        return cut
    if not re.fullmatch(r"[0-9]*", number):
        return say("an IMEI has digits only")
    if len(number) != IMEI_DIGITS:
        return say("an IMEI has 15 digits, this one has %(n)s", n=len(number))
    if not number.strip("0"):
        return say("an IMEI of zeros is a terminal that was never given one")
    return number if stdnum_imei.is_valid(number) else say("the check digit of this IMEI does not fit: one digit is wrong")


def read_sim_number(text: str) -> str | Text:
    """The phone number of a SIM: 11 digits, or 13 for machine-to-machine cards; a leading +86 is dropped."""
    number = tidy(text).removeprefix("+")
    cut = _cut_by_spreadsheet(number)
    if cut:
        return cut
    if len(number) in (13, 15) and number.startswith("861"):
        number = number[2:]
    if not re.fullmatch(r"[0-9]*", number):
        return say("the number of a SIM has digits only")
    if len(number) not in (11, 13):
        return say("the number of a SIM has 11 or 13 digits, this one has %(n)s", n=len(number))
    return number


def read_terminal_id(text: str) -> str | Text:
    """A JT/T 808 terminal id: letters and digits, up to 7 (2013) or 30 (2019) of them, capitals."""
    number = tidy(text)
    cut = _cut_by_spreadsheet(number)
    if cut:
        return cut
    if not re.fullmatch(r"[0-9A-Z]+", number):
        return say("a terminal id has digits and letters only")
    if len(number) > TERMINAL_ID_LONGEST:
        return say("a terminal id has at most %(most)s characters, this one has %(n)s", most=TERMINAL_ID_LONGEST, n=len(number))
    return number


def read_phone_808(text: str) -> str | Text:
    """The phone a terminal reports over JT/T 808: padded with zeros on the left to 12 digits, or to 20 when it is longer."""
    number = tidy(text).removeprefix("+")
    cut = _cut_by_spreadsheet(number)
    if cut:
        return cut
    if not re.fullmatch(r"[0-9]+", number) or not number.strip("0"):
        return say("the phone of a terminal has digits only")
    bare = number.lstrip("0")
    for digits in PHONE_808_DIGITS:
        if len(number) == digits or len(bare) <= digits:
            return number.zfill(digits) if len(number) <= digits else bare.zfill(digits)
    return say("the phone of a terminal has at most 20 digits, this one has %(n)s", n=len(number))
