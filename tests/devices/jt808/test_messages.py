"""What frames mean: every field of every message we read, in the three editions and as the field bends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.devices.jt808.fields import moment
from dispatch.devices.jt808.frames import Reader
from dispatch.devices.jt808.messages import (
    READERS,
    Authenticate,
    Deregister,
    Heartbeat,
    Message,
    Properties,
    Register,
    Reply,
    Unread,
    Unreadable,
    meaning,
)
from dispatch.devices.jt808.positions import Batch, Position
from tests.devices.jt808.terminal import E2011, E2013, E2019, Terminal, batch, position

EDITIONS = [E2011, E2013, E2019]
AT = datetime(2026, 12, 2, 1, 30, 15, tzinfo=UTC)


def read(raw: bytes) -> Message:
    (frame,) = Reader().feed(raw)
    return meaning(frame)


@pytest.mark.parametrize("edition", EDITIONS)
def test_registration(edition: int) -> None:
    said = read(Terminal("13912344323", edition).register(plate="粤B12345"))
    assert said == Register(edition, 44, 300, "44030", "TK-310", "4316102", 2, "粤B12345")


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_vehicle_without_plate_registers_with_its_vin_or_nothing(edition: int) -> None:
    said = read(Terminal("13912344323", edition).register(plate=""))
    assert isinstance(said, Register) and (said.plate, said.edition) == ("", edition)


def test_a_new_header_on_an_old_body_is_read_by_its_length() -> None:
    body = list(Terminal("1", E2013).register()[13:-2])
    said = read(Terminal("1", E2019).frame(0x0100, body))
    assert isinstance(said, Register) and (said.edition, said.terminal_id) == (2013, "4316102")


def test_authentication() -> None:
    assert read(Terminal("1", E2013).authenticate("0f1e2d3c")) == Authenticate("0f1e2d3c")
    assert read(Terminal("1", E2019).authenticate("0f1e")) == Authenticate("0f1e", "359121104139382", "V3.2.1")


def test_authentication_as_the_field_bends_it() -> None:
    newer = Terminal("1", E2019)
    assert read(newer.frame(0x0102, b"0f1e2d3c")) == Authenticate("0f1e2d3c"), "the old body under the new header"
    counted = bytes([2]) + b"ab" + b"359121104139382" + bytes([4]) + b"V1.0"
    assert read(newer.frame(0x0102, counted)) == Authenticate("ab", "359121104139382", "V1.0")
    assert read(newer.frame(0x0102, b"")) == Authenticate("")


def test_small_messages() -> None:
    terminal = Terminal("1")
    assert read(terminal.heartbeat()) == Heartbeat()
    assert read(terminal.deregister()) == Deregister()
    assert read(terminal.reply(513, 0x8107, 3)) == Reply(513, 0x8107, 3)
    assert read(terminal.frame(0x0801, b"picture")) == Unread(0x0801)


def test_what_is_encrypted_is_not_read() -> None:
    plain = bytearray(Terminal("1").frame(0x0200, bytes(28)))
    plain[3] |= 0x04
    plain[-2] ^= 0x04
    assert read(bytes(plain)) == Unread(0x0200)


@pytest.mark.parametrize(
    ("edition", "maker_size"), [(E2011, None), (E2013, None), (E2019, 5), (E2019, 11)], ids=["2011", "2013", "2019", "2019 wide"]
)
def test_properties(edition: int, maker_size: int | None) -> None:
    said = read(Terminal("1", edition).properties(maker_size=maker_size))
    assert said == Properties(
        7, "44030", "TK-310", "4316102", "89860622588667878485", "HW-2.5", "V3.2.1-中文", gnss=3, network=0x20
    )


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("898606243293A2245176", "898606243293A2245176"),
        ("8986042173098819179F", "8986042173098819179F"),
        ("0" * 20, None),
        ("F" * 20, None),
    ],
)
def test_an_iccid_is_told_as_it_is_or_not_at_all(sent: str, told: str | None) -> None:
    said = read(Terminal("1").properties(sent))
    assert isinstance(said, Properties) and said.iccid == told


def test_properties_of_no_known_layout_are_not_guessed() -> None:
    assert read(Terminal("1").frame(0x0107, bytes(30))) == Unreadable(0x0107)
    assert read(Terminal("1").frame(0x0107, b"\x00\x07" + b"x" * 200)) == Unreadable(0x0107)


@pytest.mark.parametrize("edition", EDITIONS)
def test_position(edition: int) -> None:
    more = [0xE1, 2, 9, 9]
    said = read(Terminal("1", edition).position(at=AT, alarm=1 << 8, more=more))
    assert isinstance(said, Position)
    assert (said.lat, said.lon, said.altitude_m, said.speed_kmh, said.direction) == (22.543096, 114.057865, 35, 61.2, 178)
    assert (said.acc, said.positioned, said.power_cut, said.power_low) == (True, True, True, False)
    assert (said.satellites, said.signal, said.mileage_km, said.device_time) == (12, 23, 12345.6, AT)
    assert said.items[-1] == (0xE1, b"\x09\x09"), "what we do not know is kept"


def test_the_other_hemispheres_and_below_the_sea() -> None:
    said = read(Terminal("1").position(lat=-33.856784, lon=-70.5, height=-154))
    assert isinstance(said, Position) and (said.lat, said.lon, said.altitude_m) == (-33.856784, -70.5, -154)


@pytest.mark.parametrize(("lat", "lon", "told"), [(91, 10, (None, 10)), (10, 181, (10, None)), (0, 0, (0, 0))])
def test_a_place_off_the_globe_is_none(lat: float, lon: float, told: tuple[float | None, float | None]) -> None:
    said = read(Terminal("1").position(lat=lat, lon=lon))
    assert isinstance(said, Position) and (said.lat, said.lon) == told


@pytest.mark.parametrize("raw", ["000000000000", "261302093015", "260230093015", "2612020930fa", "261202246015"])
def test_a_time_that_is_none_is_not_made_up(raw: str) -> None:
    assert moment(bytes.fromhex(raw)) is None


def test_time_is_beijing_time() -> None:
    assert moment(bytes.fromhex("261202000000")) == datetime(2026, 12, 1, 16, 0, tzinfo=UTC)


def test_items_of_unexpected_length_are_kept_but_not_believed() -> None:
    said = read(Terminal("1").position(satellites=None, signal=None, mileage=None, more=[0x31, 2, 1, 2, 0x30, 0, 0x25, 4, 1]))
    assert isinstance(said, Position)
    assert (said.satellites, said.signal, said.mileage_km) == (None, None, None)
    assert said.items == ((0x31, b"\x01\x02"), (0x30, b"")) and said.spare == b"\x25\x04\x01"


def test_a_batch_of_kept_positions() -> None:
    said = read(Terminal("1").batch([position(AT - timedelta(minutes=n)) for n in range(5)]))
    assert isinstance(said, Batch) and said.late and not said.unreadable
    assert [one.device_time for one in said.positions] == [AT - timedelta(minutes=n) for n in range(5)]


def test_a_damaged_batch_gives_what_can_be_read() -> None:
    bodies = [position(AT), position(AT)[:20], position(AT)]
    said = read(Terminal("1").frame(0x0704, batch(bodies)[:-3]))
    assert isinstance(said, Batch) and (len(said.positions), said.unreadable) == (1, 2)


@pytest.mark.parametrize("message_id", [one for one in READERS if one not in (0x0002, 0x0003, 0x0102)])
def test_a_body_that_ends_too_early_is_said_to_be_unreadable(message_id: int) -> None:
    assert read(Terminal("1").frame(message_id, b"\x00")) == Unreadable(message_id)


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=300), st.sampled_from(EDITIONS))
def test_nothing_a_body_contains_raises(message_id: int, body: bytes, edition: int) -> None:
    read(Terminal("1", edition).frame(message_id, body))


@given(
    st.datetimes(datetime(2000, 1, 1, 8), datetime(2099, 12, 31)),
    st.integers(-90_000_000, 90_000_000),
    st.integers(-180_000_000, 180_000_000),
    st.booleans(),
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
)
def test_positions_come_back_as_they_were(at: datetime, lat: int, lon: int, acc: bool, satellites: int, mileage: int) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    told = read(Terminal("1").position(at=at, lat=lat / 1e6, lon=lon / 1e6, acc=acc, satellites=satellites, mileage=mileage))
    assert isinstance(told, Position)
    assert (told.device_time, told.lat, told.lon) == (at, lat / 1e6, lon / 1e6)
    assert (told.acc, told.satellites, told.mileage_km) == (acc, satellites, mileage / 10)


PUBLISHED = {
    "position of a lock": (
        "7E0200005200200260432300A400020000000C00020158B91B06CB70610046000000592109221637580104000000010302000025040000"
        "0001300111310110E30100D51B022002604323279593786160001220000012342795937861580012867E"
    ),
    "properties of a 2019 terminal": (
        "7E010740660100000000010941000493000700FF3838383838434B31303043000000000000000000000000000000000000000000000000"
        "313030303439330000000000000000000000000000000000000000000000898603249475600329000748572D56322E350E434B31303043"
        "2D4A542D5630323402209B7E"
    ),
    "authentication": "7E0102000D002002604325000138333030323030323630343332137E",
}
"""Frames that makers and users of real terminals have published, to hold both our readings of the standard against."""


def published(name: str) -> Message:
    return read(bytes.fromhex(PUBLISHED[name]))


def test_published_position() -> None:
    said = published("position of a lock")
    assert isinstance(said, Position)
    assert (said.lat, said.lon, said.altitude_m, said.direction) == (22.591771, 113.995873, 70, 89)
    assert (said.satellites, said.signal, said.mileage_km) == (16, 17, 0.1)
    assert said.device_time == datetime(2021, 9, 22, 8, 37, 58, tzinfo=UTC)


def test_published_properties() -> None:
    said = published("properties of a 2019 terminal")
    assert isinstance(said, Properties)
    assert (said.model, said.terminal_id, said.iccid) == ("CK100C", "1000493", "89860324947560032900")
    assert (said.hardware, said.firmware) == ("HW-V2.5", "CK100C-JT-V024")


def test_published_authentication() -> None:
    assert published("authentication") == Authenticate("8300200260432")
