"""Things done at the same moment: each in a thread of its own, all let go together; and state machines of such pairs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import Refusal
from tests import resetting
from tests.conftest import Cast

Strategy = st.SearchStrategy[Any]

PATIENCE = 30
"""Seconds after which one who should have started too is given up."""


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Each act in its own thread, started together; what they give, in order. What one of them raises is raised."""
    gate = threading.Barrier(len(acts), timeout=PATIENCE)

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def at_once(*acts: Callable[[Session], Any]) -> list[Any]:
    """Each act in its own thread and transaction, started together; results or refusals, in order."""
    return together(*(partial(_tried, act) for act in acts))


def _tried(act: Callable[[Session], Any]) -> Any:
    try:
        with transaction() as session:
            return act(session)
    except Refusal as refusal:
        return refusal


# --- state machines


def pairs_of(kinds: Sequence[Strategy], often: Sequence[Strategy], *rivals: Sequence[tuple[Strategy, Strategy]]) -> Strategy:
    """Two things done at once: any two, one pressed twice, two of a kind, or two that are in each other's way.

    `often` are kinds that come more often than the others; rivals named twice meet more often.
    """
    anything = st.one_of(*kinds, *often)
    return st.one_of(
        st.tuples(anything, anything),
        anything.map(lambda act: (act, act)),
        st.one_of(*(st.tuples(kind, kind) for kind in kinds)),
        *(st.one_of(*(st.tuples(*pair) for pair in group)) for group in rivals),
    )


class TwoHands(RuleBasedStateMachine):
    """Two acts at a time on a real database, each works whole or is refused with a sentence.

    A machine says with what it begins, what each act does on the page it is chosen from, and what must hold after each pair.
    `done` counts what worked and what was refused, by the act's name; `outcomes` what things came to in the end.
    """

    url: ClassVar[str]
    cast: ClassVar[Cast]
    done: ClassVar[Counter[str]]
    outcomes: ClassVar[Counter[str]]
    faults: ClassVar[list[Exception]]
    pair: Any = None
    beginning: ClassVar[Any] = None

    def begun(self, session: Session) -> Any:
        """With what each story begins; what this gives, `begin` gives to each of them."""
        raise NotImplementedError

    def begin(self) -> Any:
        """The same beginning for each story: made for the first one, brought back for the others."""
        kind = type(self)
        if kind.beginning is None:
            resetting.restore(self.url)
            with transaction() as session:
                kind.beginning = self.begun(session)
            resetting.remember(self.url, "beginning")
        else:
            resetting.restore(self.url, "beginning")
        return deepcopy(kind.beginning)

    def page(self, session: Session) -> Any:
        """What the acts choose from, as both see it."""
        raise NotImplementedError

    def keep(self, answer: Any) -> None:
        """What an act that worked gave."""
        raise NotImplementedError

    def check_refusal(self, name: str, refusal: Refusal) -> None:
        """Whether a refusal was told by a rule and not by a constraint that had to catch a lock that was missing."""
        raise NotImplementedError

    def do_at_once(self, pair: tuple[Any, Any]) -> None:
        """Both choose from the same page, then act together."""
        self.pair = pair
        with self.first_fault_kept():
            with transaction() as session:
                page = self.page(session)
                chosen = [act.on(page) for act in pair]
            for act, answer in zip(pair, at_once(*chosen), strict=True):
                self.note(type(act).__name__, answer)

    def note(self, name: str, answer: Any) -> None:
        """Count how an act went, and keep what it gave."""
        if isinstance(answer, Refusal):
            self.check_refusal(name, answer)
            self.done[f"{name} refused"] += 1
        else:
            self.keep(answer)
            self.done[name] += 1

    @contextmanager
    def first_fault_kept(self) -> Iterator[None]:
        """Hypothesis does again what went wrong, and a race goes another way then: so the first fault is the one to tell."""
        try:
            yield
        except Exception as fault:
            fault.add_note(f"after these at once: {self.pair}")
            self.faults.append(fault)
            raise


ROUND = 4
"""Stories told one after the other before it is looked at what has happened."""
ENOUGH = 48
"""Stories after which what has not happened will not."""


def walk(machine: type[TwoHands], url: str, cast: Cast, *, acts: int, wanted: Set[str]) -> Counter[str]:
    """Stories of 50 pairs on the database at `url` until so many acts happened and each of `wanted`: an act, "… refused" or an
    outcome.

    Gives what worked and what was refused. Raises the first fault, and AssertionError for what did not happen.
    """
    done: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    faults: list[Exception] = []
    kind = type(machine.__name__, (machine,), {"url": url, "cast": cast, "done": done, "outcomes": outcomes, "faults": faults})
    quietly = settings(
        max_examples=ROUND,
        stateful_step_count=50,
        deadline=None,
        phases=[Phase.generate],  # a race is not met again by making its story shorter
        suppress_health_check=list(HealthCheck),
    )
    for number in range(ENOUGH // ROUND):
        try:
            run_state_machine_as_test(seed(number)(kind), settings=quietly)
        except Exception as told:
            raise faults[0] if faults else told from None
        if done.total() >= acts and wanted <= done.keys() | outcomes.keys():
            return done
    raise AssertionError(f"never happened: {wanted - done.keys() - outcomes.keys()}, of {done}")
