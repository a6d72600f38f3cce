"""The planner: stops and shifts in, a day's plan out, with reasons. Pure: no database, no clock, no web."""

from dispatch.routing.apart import Broke, bettered
from dispatch.routing.check import violations
from dispatch.routing.choose import Candidate, who_could
from dispatch.routing.conflicts import Conflict, conflicts
from dispatch.routing.explain import explained
from dispatch.routing.model import Job, Lunch, Plan, Problem, Reason, Route, Stop, Technician, Travel, Unserved
from dispatch.routing.roads import Roads
from dispatch.routing.solve import plan
from dispatch.routing.why import why_him

__all__ = [
    "Broke",
    "Candidate",
    "Conflict",
    "Job",
    "Lunch",
    "Plan",
    "Problem",
    "Reason",
    "Roads",
    "Route",
    "Stop",
    "Technician",
    "Travel",
    "Unserved",
    "bettered",
    "conflicts",
    "explained",
    "plan",
    "violations",
    "who_could",
    "why_him",
]
