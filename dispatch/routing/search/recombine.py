"""The best choice among good routes: each person at most one of them, each job once, or left over at its price (HiGHS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import highspy
import numpy as np

from dispatch.routing.search.pool import Column

INT32 = np.int32


def best_choice(
    choices: Sequence[Column],
    people: int,
    left_over: Sequence[float],
    seconds: float,
    known: Iterable[int] = (),
    nodes: int | None = None,
) -> list[int] | None:
    """Numbers of the columns that cost least together with `left_over[job]` of each job in none of them.

    `known`: a choice to do better than. With `nodes` the answer does not depend on the machine. None: nothing was found in time.
    A stop that is no number of a job, from len(left_over) on, does not matter.
    """
    if not choices:
        return []
    model, jobs = _Quiet(), len(left_over)
    for name, value in _options(seconds, nodes).items():
        model.setOptionValue(name, value)
    model.passModel(_program(choices, people, left_over))
    _begin_with(model, choices, jobs, list(known))
    model.run()
    solution = model.getSolution()
    if not solution.value_valid:
        return None
    taken = np.array(solution.col_value[: len(choices)]) > 0.5
    return [int(number) for number in np.flatnonzero(taken)]


class _Quiet(highspy.Highs):
    """HiGHS that prints nothing: its own beginning does before anybody can ask it not to."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.silent()


def _options(seconds: float, nodes: int | None) -> dict[str, Any]:
    limits: dict[str, Any] = {"time_limit": seconds} if nodes is None else {"mip_max_nodes": nodes}
    return {"threads": 1, "mip_rel_gap": 0.0, "random_seed": 1, **limits}


def _program(choices: Sequence[Column], people: int, left_over: Sequence[float]) -> Any:
    """Columns: the choices, then a job's being left over. Rows: the jobs, then the people."""
    jobs, many = len(left_over), len(choices)
    rows = [[*(stop for stop in one.stops if stop < jobs), jobs + one.who] for one in choices] + [[job] for job in range(jobs)]
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = many + jobs, jobs + people
    lp.col_cost_ = np.array([*(one.cost for one in choices), *left_over], dtype=np.float64)
    lp.col_lower_, lp.col_upper_ = np.zeros(many + jobs), np.ones(many + jobs)
    lp.row_lower_ = np.concatenate([np.ones(jobs), np.full(people, -highspy.kHighsInf)])
    lp.row_upper_ = np.ones(jobs + people)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(INT32)
    lp.a_matrix_.index_ = np.fromiter((number for row in rows for number in row), dtype=INT32)
    lp.a_matrix_.value_ = np.ones(sum(map(len, rows)))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * (many + jobs)
    return lp


def _begin_with(model: Any, choices: Sequence[Column], jobs: int, known: list[int]) -> None:
    if not known:
        return
    values = np.zeros(len(choices) + jobs)
    values[len(choices) :] = 1
    for number in known:
        values[number] = 1
        values[[len(choices) + stop for stop in choices[number].stops if stop < jobs]] = 0
    start = highspy.HighsSolution()
    start.col_value = values.tolist()
    model.setSolution(start)
