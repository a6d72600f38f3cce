"""A search in a process of its own, and the sentences that say why."""

from __future__ import annotations

import json

import pytest

from dispatch.routing import Broke, Candidate, bettered, explained, violations, why_him
from dispatch.routing.day_file import read_day
from dispatch.routing.model import Job, Problem
from dispatch.words import say
from tests.routing.days import day_by_chance

NAMES = {1: "苏杰", 2: "卫晨", 3: "许子轩"}


def test_better_plans_come_while_it_is_searched_and_all_keep_the_rules() -> None:
    day = read_day(json.dumps(day_by_chance(30, 4, seed=2)))
    found = [plan for plan in bettered(day, 0.4) if plan is not None]
    assert len(found) >= 2 and all(violations(day, plan) == [] for plan in found)
    told = explained(day, found[-1])
    assert told.unserved and all(left.reasons for left in told.unserved) and explained(day, told) is told


def test_who_listens_no_more_ends_it_and_what_cannot_be_searched_is_told() -> None:
    day = read_day(json.dumps(day_by_chance(30, 4, seed=2)))
    search = bettered(day, 600)
    next(search)
    search.close()  # type: ignore[attr-defined]
    assert list(search) == []
    nowhere = Problem(day.technicians, (Job("a", (22.5, 114.0), -5), Job("a", (22.5, 114.0), 5)), day.travel)
    with pytest.raises(Broke):
        list(bettered(nowhere, 0.1))


def told(*candidates: Candidate, who: int = 1) -> list[str]:
    return [str(text) for text in why_him(candidates, who, NAMES)]


def test_why_he_has_it_and_what_the_next_best_would_cost() -> None:
    own, next_best = Candidate(1, 36_000, 600, True, ()), Candidate(2, 39_600, 900, True, ())
    barred = Candidate(3, 36_000, 60, False, (say("has not passed the product training"),))
    assert told(own, next_best, barred) == [
        "His way grows by 10 min for it.",
        "Next best: 卫晨 at 11:00, 5 min more on the road.",
    ]
    assert told(own, barred)[-1] == "Nobody else could take it as the day stands."
    assert told(next_best, own, who=2)[-1] == "苏杰 at 10:00 would drive 5 min less."
    assert told(own, barred, who=3)[1] == "It was decided all the same: has not passed the product training."
    assert told(own, who=2) == [
        "By the clock he would have no room for it: somebody decided it.",
        "Who could take it: 苏杰 at 10:00.",
    ]
