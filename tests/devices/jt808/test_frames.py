"""Frames out of byte streams, and byte streams out of frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.devices.jt808.frames import LONGEST_FRAME, Frame, Header, Reader, read, unescape, write
from dispatch.devices.jt808.parts import PartLimits, Parts
from tests.devices.jt808.terminal import E2011, E2013, E2019, Terminal, said

EDITIONS = [E2011, E2013, E2019]
BODIES = st.binary(max_size=1023)
PHONES = st.text("0123456789", min_size=1, max_size=12)


def frames(stream: bytes, cut: int | None = None) -> tuple[list[Frame], Reader]:
    reader = Reader()
    pieces = [stream] if cut is None else [stream[i : i + cut] for i in range(0, len(stream), cut)]
    return [frame for piece in pieces for frame in reader.feed(piece)], reader


@given(st.sampled_from(EDITIONS), PHONES, BODIES, st.integers(0, 65535), st.integers(1, 50))
def test_what_a_terminal_wraps_comes_out_as_it_was(edition: int, phone: str, body: bytes, serial: int, cut: int) -> None:
    stream = Terminal(phone, edition).frame(0x0200, body, serial=serial)
    found, reader = frames(stream, cut)
    (frame,) = found
    assert (frame.body, frame.header.serial, frame.header.message_id) == (body, serial, 0x0200)
    assert frame.header.caller == phone.lstrip("0")
    assert frame.header.version == (1 if edition == E2019 else None)
    assert frame.whole and not reader.faults and not reader.held


@given(st.sampled_from(EDITIONS), PHONES, BODIES, st.integers(0, 65535))
def test_what_we_write_a_terminal_reads(edition: int, phone: str, body: bytes, serial: int) -> None:
    padded = phone.zfill(20 if edition == E2019 else 12)
    stream = write(Header(0x8001, padded, serial, 1 if edition == E2019 else None), body)
    (heard,) = said(stream)
    assert (heard.message_id, heard.phone, heard.serial, heard.body) == (0x8001, padded, serial, body)


@given(st.integers(2, 65535), st.integers(1, 65535), BODIES)
def test_parts_keep_their_numbers(total: int, number: int, body: bytes) -> None:
    number = min(number, total)
    (frame,), _ = frames(Terminal("13800000001").frame(0x0704, body, part=(total, number)))
    assert (frame.header.total, frame.header.number, frame.body) == (total, number, body)
    assert frames(write(frame.header, body))[0][0].body == body


def test_an_escape_by_the_book() -> None:
    """The example the standard gives in 4.4.2: 30 7E 08 7D 55 travels as 30 7D 02 08 7D 01 55."""
    assert unescape(bytes.fromhex("30 7d 02 08 7d 01 55")) == bytes.fromhex("30 7e 08 7d 55")


def test_frames_may_share_a_flag_and_have_rubbish_between() -> None:
    one, two, three = (Terminal("13800000001").frame(0x0002, [], serial=n) for n in range(3))
    found, reader = frames(b"AT+CIPSEND\r\n" + one + b"\r\n" + two[:-1] + three + b"OK")
    assert [frame.header.serial for frame in found] == [0, 1, 2]
    assert reader.faults == {"garbage": 1, "checksum": 1}


def test_a_broken_frame_costs_only_itself() -> None:
    terminal = Terminal("13800000001", E2019)
    good, bad, last = (terminal.position() for _ in range(3))
    bad = bad[:20] + bytes([bad[20] ^ 0x10]) + bad[21:]
    found, reader = frames(good + bad + last, cut=7)
    assert [frame.header.serial for frame in found] == [0, 2]
    assert reader.faults == {"checksum": 1}


def test_half_a_frame_waits_and_a_cut_one_is_dropped_at_the_next() -> None:
    terminal = Terminal("13800000001")
    half, whole = terminal.position(), terminal.position()
    reader = Reader()
    assert list(reader.feed(half[:30])) == [] and reader.held == 29
    assert [frame.header.serial for frame in reader.feed(whole)] == [1]
    assert reader.faults == {"checksum": 1}


def test_nobody_makes_us_hold_more_than_one_frame() -> None:
    reader = Reader()
    for _ in range(100):
        assert list(reader.feed(b"\x7e" * 3 + b"\x01" * 1001)) == []
        assert reader.held <= LONGEST_FRAME
    for _ in range(100):
        assert list(reader.feed(b"\x01" * 1000)) == []
        assert reader.held <= LONGEST_FRAME
    assert reader.faults["too long"] >= 1
    assert len(list(reader.feed(Terminal("1").heartbeat()))) == 1, "reading goes on at the next flag"


def test_a_wrong_length_in_the_header_is_told_and_forgiven() -> None:
    right = Terminal("13800000001").frame(0x0002, b"", serial=5)
    wrong = bytearray(right)
    wrong[4] ^= 9  # announces nine bytes that are not there
    wrong[-2] ^= 9
    (frame,), _ = frames(bytes(wrong))
    assert frame.body == b"" and not frame.whole


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x01\x01", b"\x02\x00" * 5, b"\x02\x00\x60\x00" + b"\x00" * 10 + b"\x62"])
def test_too_little_for_a_header_is_no_frame(content: bytes) -> None:
    assert isinstance(read(content), str)


@pytest.mark.parametrize("part", [(3, 0), (3, 4), (0, 0)])
def test_a_part_outside_its_message_is_no_frame(part: tuple[int, int]) -> None:
    found, reader = frames(Terminal("1").frame(0x0704, b"x", part=part))
    assert not found and reader.faults == {"part": 1}


def test_a_body_too_long_for_one_frame_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="1024"):
        write(Header(0x8001, "013800000001", 0), bytes(1024))


def part_frames(terminal: Terminal, body: list[int], size: int) -> list[Frame]:
    return [frame for raw in terminal.parts(0x0704, body, size) for frame in frames(raw)[0]]


@given(st.lists(st.integers(0, 255), min_size=2, max_size=3000), st.integers(100, 1000), st.randoms())
def test_parts_join_in_any_order(body: list[int], size: int, random: object) -> None:
    cut = part_frames(Terminal("1", serial=65530), body, min(size, len(body) - 1))
    random.shuffle(cut)  # type: ignore[attr-defined]
    parts = Parts()
    joined = [parts.join(frame, 0.0) for frame in cut]
    whole = joined[-1]
    assert joined[:-1] == [None] * (len(cut) - 1)
    assert whole is not None and whole.body == bytes(body) and whole.header.total == 1
    assert parts.held == 0


def test_a_part_sent_twice_counts_once() -> None:
    first, second = part_frames(Terminal("1"), [7] * 20, 10)
    parts = Parts()
    assert parts.join(first, 0) is None and parts.join(first, 1) is None and parts.held == 10
    assert parts.join(second, 2) is not None


def test_unfinished_messages_are_limited_in_number_size_and_time() -> None:
    parts = Parts(PartLimits(messages=2, parts=3, held_bytes=25, seconds=60))
    terminal = Terminal("1")
    firsts = [part_frames(terminal, [n] * 20, 10)[0] for n in range(3)]
    for frame in firsts:
        assert parts.join(frame, 0) is None
    assert parts.held == 20 and parts.faults == {"unfinished": 1}
    assert parts.join(part_frames(terminal, [9] * 40, 10)[0], 1) is None
    assert parts.faults["too many parts"] == 1
    assert parts.join(firsts[0], 100) is None
    assert parts.held == 10, "after its time a part is not joined with anything any more"
