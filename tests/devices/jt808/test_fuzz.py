"""A taste of the long fuzz (tests.measure.jt808_fuzz): nothing a terminal sends stops the gateway."""

from __future__ import annotations

import asyncio

import pytest

from tests.measure.jt808_fuzz import Tally, over_tcp, straight


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_no_stream_breaks_reader_or_session(first: int) -> None:
    tally = Tally()
    for seed in range(first, first + 50):
        straight(seed, tally)
    assert tally.frames and tally.faults


def test_mad_terminals_do_not_keep_an_honest_one_from_reporting() -> None:
    tally = Tally()
    asyncio.run(over_tcp(7, 1.0, tally))
    assert tally.calls and tally.frames
