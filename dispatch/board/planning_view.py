"""How planning stands, as its page tells: the last run, the plans that wait for a decision, the change that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.board.models import PlanChange, ProposedPlan
from dispatch.board.queries import UNDER_WAY, DayState
from dispatch.words import Text, say, text_from_json

CHANGE_WORDS = {
    "plan": say("A plan was written"),
    "assign": say("An order was assigned by hand"),
    "move": say("A visit was moved by hand"),
    "take_off": say("A visit was taken off the plan"),
    "now": say("An order was given to somebody at once"),
    "calm": say("What was proposed after something had happened was accepted"),
}


@dataclass(frozen=True)
class RunView:
    """The last planning run as the page tells of it; `seconds` are what a search may take."""

    id: int
    state: str
    asked_by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    outcome: dict[str, Any]
    writes: bool
    hurried: bool
    seconds: float
    proposal: ProposedPlan | None = None

    @property
    def under_way(self) -> bool:
        """Whether the worker has still to end it."""
        return self.state in UNDER_WAY

    @property
    def failure(self) -> Text | None:
        """Why it came to nothing."""
        return text_from_json(self.outcome["failure"]) if "failure" in self.outcome else None

    @property
    def skipped(self) -> list[Text]:
        """Why trips could not be written any more."""
        return [text_from_json(entry["text"]) for entry in self.outcome.get("skipped", [])]

    @property
    def left(self) -> int:
        """How many visits stayed as they were, because nobody was found for them anew."""
        return int(self.outcome.get("left", 0))

    @property
    def guessed(self) -> int:
        """How many drives the road engine did not know."""
        return int(self.outcome.get("guessed", 0))

    def past(self, at: datetime) -> int:
        """Whole seconds of searching that lie behind, never more than there are."""
        since = (at - self.begun_at).total_seconds() if self.begun_at else 0.0
        return int(min(max(since, 0.0), self.seconds))


@dataclass(frozen=True)
class Planning:
    """All of it for one day."""

    run: RunView | None
    proposals: tuple[ProposedPlan, ...]
    change: PlanChange | None
    changed_by: str

    @property
    def change_words(self) -> Text:
        """What the last change was."""
        return CHANGE_WORDS[self.change.kind] if self.change else say("Nothing was changed")


def planning_view(state: DayState, seconds: float) -> Planning:
    """From what the database knows."""
    run = state.run
    view = None
    if run is not None:
        proposal = next((one for one in state.proposals if one.run_id == run.id), None)
        times = (run.asked_at, run.begun_at, run.ended_at)
        view = RunView(run.id, run.state, state.asked_by, *times, run.outcome or {}, run.writes, run.hurried, seconds, proposal)
    return Planning(view, state.proposals, state.change, state.changed_by)
