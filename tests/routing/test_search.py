"""What the search minds beside the way, the clock and the bag: limits, prices, links between jobs."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings

from dispatch.routing import plan, violations
from dispatch.routing.improve import improved
from dispatch.routing.roads import roads_of
from dispatch.routing.search.run import Effort, one_search
from dispatch.routing.search.tables import tables_of
from tests.routing.test_timing import SEEDS, problem_by_chance
from tests.routing.town import job, problem, shop, technician
from tests.routing.wishes import wished


def test_what_is_dear_is_left_to_others_as_long_as_the_way_is_shorter():
    day = problem([technician(), technician("wei", home=shop(2))], [job("a", 1.9), job("b", 2.1)])
    free, dear = tables_of(day, roads_of(day)), tables_of(day, roads_of(day), np.array([[0, 0], [900, 3600]]))
    assert one_search(free, Effort(60, rounds=50)).routes in ([[], [0, 1]], [[], [1, 0]])
    found = one_search(dear, Effort(60, rounds=50))
    assert found.routes in ([[0, 1], []], [[1, 0], []]) and found.cost == 2520


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_every_wish_is_kept_and_the_search_reports_the_price_that_is_plainly_reckoned(seed):
    day, roads = problem_by_chance(Random(seed))
    day = wished(day, Random(seed))
    effort = Effort(60, rounds=20, seed=seed)
    found = improved(day, effort, roads=roads)
    assert violations(day, found.plan, roads) == []
    assert one_search(tables_of(day, roads), effort).cost == found.cost


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_the_engine_knows_few_wishes_but_its_plan_keeps_all(seed):
    day, roads = problem_by_chance(Random(seed))
    day = wished(day, Random(seed))
    assert violations(day, plan(day, 2, roads=roads), roads) == []
