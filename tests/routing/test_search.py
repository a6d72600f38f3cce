"""What the search minds: prices in the tables that no file of a day tells."""

from __future__ import annotations

import numpy as np

from dispatch.routing.roads import roads_of
from dispatch.routing.search.run import Effort, one_search
from dispatch.routing.search.tables import tables_of
from tests.routing.town import job, problem, shop, technician


def test_what_is_dear_is_left_to_others_as_long_as_the_way_is_shorter():
    day = problem([technician(), technician("wei", home=shop(2))], [job("a", 1.9), job("b", 2.1)])
    free, dear = tables_of(day, roads_of(day)), tables_of(day, roads_of(day), np.array([[0, 0], [900, 3600]]))
    assert one_search(free, Effort(60, rounds=50)).routes in ([[], [0, 1]], [[], [1, 0]])
    found = one_search(dear, Effort(60, rounds=50))
    assert found.routes in ([[0, 1], []], [[1, 0], []]) and found.cost == 2520
