"""What the pages say of each kind of list: its title, what it needs, and where it leads back to."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.words import Text, say


@dataclass(frozen=True)
class About:
    """The words of one kind of list, and the page it leads back to."""

    title: Text
    needed: Text
    optional: Text
    back: str
    back_word: Text
    icon: str


ABOUT: dict[str, About] = {
    "terminals": About(
        say("Import terminals"),
        say("serial number, model"),
        say("IMEI, terminal ID (808), terminal phone, batch, date received, store, warranty in months"),
        "devices.index",
        say("Stock"),
        "cpu",
    ),
    "sims": About(
        say("Import SIMs"),
        say("ICCID"),
        say("number, carrier, data plan, expiry date, bound IMEI, store, IMSI"),
        "devices.index",
        say("Stock"),
        "sim",
    ),
    "parts": About(
        say("Import parts"),
        say("code, name, unit, quantity"),
        say("store"),
        "devices.parts",
        say("Parts"),
        "box-seam",
    ),
    "technicians": About(
        say("Import technicians"),
        say("staff number, name"),
        say("phone, home, latitude, longitude, skills, shift, terminals and SIMs carried"),
        "staff.index",
        say("People"),
        "person-badge",
    ),
    "prices": About(
        say("Import prices"),
        say("code, name, category (part or service), price with tax, tax rate, valid from"),
        say("last day, and whose price it is: branch, customer, his contract"),
        "fees.index",
        say("Prices"),
        "tag",
    ),
}
