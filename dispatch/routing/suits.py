"""Who may do a job at all: training, money, skills, the bag. Time plays no part here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dispatch.routing.day import Day, parts_of
from dispatch.routing.model import Job, Technician
from dispatch.routing.prices import is_lent
from dispatch.words import Text, say

HOLDS_CASH = say("holds more cash than he may: no paid job before he hands in")
NOT_LET_IN = say("is not let in by the customer")
APART = say("does not have the other vehicles that go with it")
MANY = say("has as many vehicles as is allowed on a day")
LONG = say("would be on the road too long for a day")
OTHERS_PREFERRED = say("the customer prefers somebody else")
NOT_LENT = say("does not work for that branch")


def is_skilled(technician: Technician, job: Job) -> bool:
    """Whether training and skill levels suffice (nobody goes before the product training), he may collect what is to be paid, and
    neither the job nor his branch keeps him away.

    A pinned person is taken as given.
    """
    if job.pinned_to is not None:
        return job.pinned_to == technician.id
    trained = technician.product_trained and not skills_missing(technician, job)
    return trained and may_collect(technician, job) and may_come(technician, job)


def may_come(technician: Technician, job: Job) -> bool:
    """Whether he is not forbidden there, and works for that branch."""
    return technician.id not in job.forbidden and (technician.lent or not is_lent(technician, job))


def not_coming(technician: Technician, job: Job) -> Text:
    """Why he may not come."""
    return NOT_LET_IN if technician.id in job.forbidden else NOT_LENT


def may_collect(technician: Technician, job: Job) -> bool:
    """Whether nobody has to fear for the money: none is to be collected, or he takes it."""
    return technician.takes_money or not job.collects


def skills_missing(technician: Technician, job: Job) -> dict[str, int]:
    """Skill -> level asked for, where the technician's own is lower."""
    return {skill: level for skill, level in job.skills.items() if technician.skills.get(skill, 0) < level}


def parts_missing(bag: Mapping[str, int], jobs: Sequence[Job], job: Job) -> dict[str, int]:
    """Part -> how many are short when `job` is added to `jobs`."""
    used = parts_of(jobs)
    short = {part: used.get(part, 0) + count - bag.get(part, 0) for part, count in job.parts.items()}
    return {part: count for part, count in short.items() if count > 0}


def suits(day: Day, jobs: Sequence[Job], job: Job) -> bool:
    """Whether the technician may do the job alone beside the others, out of his bag, leaving time aside."""
    return job.together is None and is_skilled(day.technician, job) and bag_holds(day, jobs, job)


def bag_holds(day: Day, jobs: Sequence[Job], job: Job) -> bool:
    """Whether the bag alone is enough for the job beside the others."""
    return not parts_missing(day.bag, jobs, job) and day.tools.issuperset(job.tools)


def sort_key(job: Job) -> tuple[int, str]:
    """Most urgent first; equal ones in a fixed order."""
    return -job.priority, str(job.id)
