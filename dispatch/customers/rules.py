"""Plates (GA 36), VINs and phone numbers: tidying, and warnings that a person can overrule. Nothing here refuses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from dispatch.words import Text, say

COLOURS: dict[str, Text] = {
    "blue": say("blue"),
    "yellow": say("yellow"),
    "green": say("green"),
    "yellow_green": say("yellow-green"),
    "white": say("white"),
    "black": say("black"),
}
"""Plate colours by code, with their names."""

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
SPECIAL_ENDINGS = "学挂警港澳使领试超应急"
LONG_PLATES = ("green", "yellow_green")

_COLOUR_WORDS = {
    "蓝": "blue",
    "黄": "yellow",
    "绿": "green",
    "渐变绿": "green",
    "黄绿": "yellow_green",
    "黄绿双拼": "yellow_green",
    "白": "white",
    "黑": "black",
    "blue": "blue",
    "yellow": "yellow",
    "green": "green",
    "yellowgreen": "yellow_green",
    "white": "white",
    "black": "black",
}
_UNPLATED = re.compile(r"^(无|暂无|没有|NONE|NA|N/A|NEW|UNPLATED|[/\-—]*)$|无牌|未上[牌户]|未挂牌|待上牌|新车|临牌")
_COLOUR_SUFFIX = re.compile(r"\(?(黄绿|蓝|黄|绿|白|黑)色?牌?\)?$")
_PLATE_MARKS = re.compile(r"[\s·•・∙‧.。_\-—'\"]+")

PIN_M = 20
"""How exact a place is that a person sets, in metres, unless he says otherwise."""
FOUND_BY_ADDRESS = ("geocoder", "district")
"""Sources of a place that was found and not set: whoever sets the pin knows better."""


@dataclass(frozen=True)
class Doubt:
    """Something a person should look at: a code for programs, a sentence for people."""

    code: str
    text: Text


@dataclass(frozen=True)
class Plate:
    """A plate as key: text without the dot ("" when unplated) and colour code ("" when not known)."""

    text: str
    colour: str

    @property
    def shown(self) -> str:
        """粤B·12345."""
        return show_plate(self.text)


def normalise_plate(text: str) -> str:
    """`粤b·12 345` -> 粤B12345; "" for a blank or a word for "no plate yet"."""
    plain = unicodedata.normalize("NFKC", text).upper().strip()
    if _UNPLATED.search(plain):
        return ""
    bare = _PLATE_MARKS.sub("", _COLOUR_SUFFIX.sub("", plain))
    return bare if bare == text else normalise_plate(bare)


def read_plate(text: str, colour: str = "") -> Plate:
    """A plate and its colour as typed -> Plate. The colour may be a word or code, or stand behind the plate: 粤B12345(黄)."""
    behind = _COLOUR_SUFFIX.search(unicodedata.normalize("NFKC", text).strip())
    return Plate(normalise_plate(text), read_colour(colour) or (read_colour(behind[1]) if behind else ""))


def read_colour(text: str) -> str:
    """蓝, 蓝色, 蓝牌, blue -> blue; "" for a blank or an unknown word."""
    word = re.sub(r"[\s_\-/]+", "", unicodedata.normalize("NFKC", text)).casefold()
    return _COLOUR_WORDS.get(re.sub(r"(色|牌|底)+$", "", word), "")


def likely_colour(plate: str) -> str:
    """A guess for a file that gives no colours: eight characters are a green plate, seven a blue one."""
    return "green" if len(plate) == 8 else "blue"


def show_plate(plate: str) -> str:
    """粤B12345 -> 粤B·12345."""
    return f"{plate[:2]}·{plate[2:]}" if len(plate) > 2 and plate[0] in PROVINCES else plate


def odd_plate(text: str, colour: str | None = None) -> bool:
    """Whether this is no plate as GA 36 has them; a white one (army, police) may be numbered otherwise."""
    return colour != "white" and bool(plate_warnings(Plate(normalise_plate(text), "")))


def plate_warnings(plate: Plate) -> tuple[Doubt, ...]:
    """What looks wrong with a plate, the gravest first. An empty plate has no warnings."""
    text = plate.text
    if not text:
        return ()
    if text[0] not in PROVINCES:
        return () if re.fullmatch(r"使\d{6}|\d{6}使", text) else (_no_province(text),)
    checks = (_strange_letters(text), _no_office(text), _mistaken_letter(text), _wrong_length(plate))
    return tuple(warning for warning in checks if warning)


def _no_province(text: str) -> Doubt:
    if re.match(r"[A-Z]", text):
        return Doubt("plate_province", say("plate lacks the province"))
    return Doubt("plate_province", say("plate begins with %(sign)s, which is no province", sign=text[0]))


def _strange_letters(text: str) -> Doubt | None:
    strange = "".join(sorted(set(re.sub(rf"[A-Z0-9{SPECIAL_ENDINGS}]", "", text[1:]))))
    return Doubt("plate_characters", say("plate contains %(characters)s", characters=strange)) if strange else None


def _no_office(text: str) -> Doubt | None:
    if len(text) > 1 and not text[1].isalpha():
        return Doubt("plate_letter", say("plate lacks the letter after the province"))
    return None


def _mistaken_letter(text: str) -> Doubt | None:
    for letter, digit in (("O", "0"), ("I", "1")):
        if letter in text[2:]:
            return Doubt("plate_letter", say("no plate has the letter %(letter)s: perhaps %(digit)s", letter=letter, digit=digit))
    return None


def _wrong_length(plate: Plate) -> Doubt | None:
    n = len(plate.text)
    if not plate.colour:
        bad = n not in (7, 8)
        return Doubt("plate_length", say("plate has %(n)s characters instead of 7 or 8", n=n)) if bad else None
    due = 8 if plate.colour in LONG_PLATES else 7
    if n == due:
        return None
    colour = COLOURS[plate.colour]
    return Doubt("plate_length", say("plate has %(n)s characters, a %(colour)s one has %(due)s", n=n, colour=colour, due=due))


# --- names of companies

COMPANY_FORM = "(股份|有限|责任|集团|总?公司)+$"
"""What a company's name ends in and people leave out."""
_SEAT = re.compile(r"^[\u4e00-\u9fff]{2,3}?[省市]")


def core_name(name: str) -> str:
    """深圳市恒通物流有限公司 -> 恒通物流: what stays of a company's name when seat and legal form are left out."""
    core = re.sub(COMPANY_FORM, "", _SEAT.sub("", name))
    return core if len(core) > 1 else name


# --- VIN (GB 16735, ISO 3779)

_VIN_SIGNS = frozenset("0123456789ABCDEFGHJKLMNPRSTUVWXYZ")


def normalise_vin(text: str) -> str:
    """Upper case, without spaces and dashes; "" for a word that means none."""
    vin = re.sub(r"[\s\-·]+", "", unicodedata.normalize("NFKC", text)).upper()
    return "" if vin in ("无", "暂无", "未知", "不详", "/", "NONE", "NA", "N/A") else vin


def vin_warnings(vin: str) -> tuple[Doubt, ...]:
    """What looks wrong with a VIN, the gravest first. A blank one has no warnings; the check digit is not looked at."""
    if not vin:
        return ()
    checks = (_vin_length(vin), _vin_letters(vin))
    return tuple(warning for warning in checks if warning)


def _vin_length(vin: str) -> Doubt | None:
    return Doubt("vin_length", say("VIN has %(n)s characters", n=len(vin))) if len(vin) != 17 else None


def _vin_letters(vin: str) -> Doubt | None:
    bad = "".join(sorted({sign for sign in vin if sign not in _VIN_SIGNS}))
    return Doubt("vin_characters", say("VIN contains %(characters)s, which no VIN has", characters=bad)) if bad else None


# --- telephone numbers of people (numbers of SIM cards are in devices.rules)

_EXTENSION = re.compile(r"\s*(?:转接?|分机号?|内线|ext\.?|extension|x|#|,)\s*(\d{1,6})\s*$", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"^(\(?0\d{2,3}\)?[\s\-]*\d{3,4}[\s\-]?\d{4})\s*-\s*(\d{1,6})$")
_BETWEEN_PHONES = re.compile(r"[/、,;\n|]+|\s+或\s*|\s{2,}")
_REGION = "CN"
_LANDLINE, _MOBILE = "landline", "mobile"


@dataclass(frozen=True)
class Phone:
    """A number as understood: `digits` to search by (national, with the 0 of an area code), E.164 only when the plan knows it."""

    digits: str
    extension: str
    e164: str | None
    shown: str
    kind: str

    @property
    def written(self) -> str:
        """One spelling to keep: digits (`18886844318`, `075526556565-801`), E.164 when abroad, as typed when not understood."""
        if not self.e164:
            return self.shown
        return _with_extension(self.digits if self.e164.startswith("+86") else self.e164, self.extension)

    @property
    def masked(self) -> str:
        """188****4318."""
        return mask_phone(self.digits)


@lru_cache(maxsize=16_384)  # a list of thousands is judged several times on its way in
def read_phone(text: str) -> Phone:
    """`0755-26556565转801`, `186 6563 5515`, `+86 138…` -> Phone. Never refuses: an unknown number has no `e164`, no `kind`."""
    number, extension = split_extension(unicodedata.normalize("NFKC", text).strip())
    known = _known(number)
    if known is None:
        digits = re.sub(r"\D", "", number)
        return Phone(digits, extension, None, _with_extension(number, extension), "")
    shown = phonenumbers.format_number(known, _format_of(known))
    e164 = phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.E164)
    digits = re.sub(r"\D", "", shown)
    return Phone(digits, extension, e164, _with_extension(shown, extension), _kind_of(known))


def read_phones(text: str) -> tuple[Phone, ...]:
    """Every number of a cell: `13812345678/0755-26556565`."""
    parts = _BETWEEN_PHONES.split(unicodedata.normalize("NFKC", text))
    return tuple(read_phone(part) for part in parts if re.search(r"\d", part))


def split_extension(text: str) -> tuple[str, str]:
    """`0755-26556565转801` -> (`0755-26556565`, `801`)."""
    dashed = _DASHED_EXTENSION.match(text)
    if dashed:
        return dashed[1], dashed[2]
    match = _EXTENSION.search(text)
    return (text[: match.start()], match[1]) if match else (text, "")


def _known(number: str) -> phonenumbers.PhoneNumber | None:
    tidy = re.sub(r"^(?:00|\+\+)?(?=86[\s\-]?1\d{2})", "+", re.sub(r"^[^\d+]*", "", number))
    try:
        parsed = phonenumbers.parse(tidy, _REGION)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None


def _format_of(number: phonenumbers.PhoneNumber) -> int:
    home = number.country_code == phonenumbers.country_code_for_region(_REGION)
    return phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL


def _kind_of(number: phonenumbers.PhoneNumber) -> str:
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return _MOBILE if mobile else _LANDLINE


def _with_extension(shown: str, extension: str) -> str:
    return f"{shown}-{extension}" if extension else shown


def phone_doubt(phone: Phone) -> Doubt | None:
    """Something to look at when the number is not one of the numbering plan."""
    if phone.e164:
        return None
    return Doubt("phone", say("%(phone)s is not a complete phone number", phone=phone.shown or "—"))


SHORTEST_START = 5


def number_begun(text: str) -> str:
    """The phone number a text is, as it is kept, or the start of one; "" when it is none or too short to say so."""
    whole = read_phone(text)
    if whole.e164:
        return whole.written
    digits = re.sub(r"^(?:\+|00)?86(?=1)", "", re.sub(r"[\s()\-]", "", unicodedata.normalize("NFKC", text)))
    return digits if digits.isdecimal() and len(digits) >= SHORTEST_START else ""


def mask_phone(digits: str) -> str:
    """18886844318 -> 188****4318: the first three and last four of a mobile number, area code and last four of a landline."""
    tail = 4 if len(digits) > 8 else 2
    return f"{digits[: max(0, len(digits) - 8)]}****{digits[-tail:]}" if digits else ""
