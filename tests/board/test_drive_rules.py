"""What drives teach: the middle one, doubted while they are few, within bounds, judged on drives that it was not taught by."""

from __future__ import annotations

import pytest

from dispatch.board.drive_rules import DOUBT, LEAST, MOST, Drive, corrections, is_plausible, middle, taught


def drives(*ratios: float, band: str = "town", part: str = "day", expected: float = 600) -> list[Drive]:
    return [Drive(band, part, expected, expected * ratio) for ratio in ratios]


def test_many_drives_are_believed_and_few_are_doubted() -> None:
    assert taught([]) == 1
    assert taught(drives(1.6)) == pytest.approx(1.6 ** (1 / (1 + DOUBT)))
    assert taught(drives(*[1.6] * 800)) == pytest.approx(1.6, rel=0.01)
    assert 1 < taught(drives(*[1.6] * 5)) < taught(drives(*[1.6] * 50)) < 1.6


def test_one_who_stopped_for_a_chat_changes_nothing() -> None:
    assert taught(drives(1.2, 1.2, 1.2, 1.2, 9.0)) == taught(drives(1.2, 1.2, 1.2, 1.2, 1.2))


def test_it_stays_within_bounds() -> None:
    assert taught(drives(*[40] * 500)) == MOST and taught(drives(*[0.01] * 500)) == LEAST


def test_bands_and_parts_are_learned_apart_and_tell_how_much_better_they_are() -> None:
    found = corrections([*drives(*[1.5, 1.4, 1.6] * 20), *drives(*[0.9] * 10, part="night"), Drive("town", "day", 0, 600)])
    assert [(one.band, one.part, one.drives) for one in found] == [("town", "day", 60), ("town", "night", 10)]
    rush = found[0]
    assert rush.factor == pytest.approx(1.5, rel=0.06)
    assert rush.off_before == pytest.approx(33, abs=1) and rush.off_after < 10
    assert middle((one.off_after, one.drives) for one in found) < middle((one.off_before, one.drives) for one in found)
    assert middle([]) is None


def test_a_half_is_judged_by_what_the_other_half_taught() -> None:
    torn = corrections(drives(*[2.0, 0.5] * 100))[0]
    assert torn.off_after > torn.off_before


@pytest.mark.parametrize(
    ("metres", "seconds", "ok"),
    [(5_000, 900, True), (200, 900, False), (5_000, 60, False), (5_000, 4 * 3600, False), (5_000, -60, False)],
)
def test_what_can_have_been_a_drive(metres: float, seconds: float, ok: bool) -> None:
    assert is_plausible(metres, seconds) == ok
