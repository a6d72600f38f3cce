"""The reasons for every job that a plan leaves, with the cheapest way out."""

from __future__ import annotations

from dataclasses import replace

from dispatch.routing.explain import reasons
from dispatch.routing.fetching import order_of
from dispatch.routing.insertion import Orders
from dispatch.routing.model import Plan, Problem, Unserved
from dispatch.routing.roads import Roads
from dispatch.routing.search.tables import Tables
from dispatch.routing.timetable import days_of
from dispatch.routing.ways_out import Rooms, told

BRIEF_FROM, MOST = 6_000, 60_000
"""Technicians times jobs left: from where on reasons are brief, and how many get any, the most urgent first."""


def reasoned(problem: Problem, roads: Roads, tables: Tables, plan: Plan) -> Plan:
    """The same plan, saying why each job was left."""
    jobs = {job.id: job for job in problem.jobs}
    days, rooms = days_of(problem, roads), Rooms(problem, tables, plan)
    orders: Orders = {who: [] for who in days}
    orders |= {route.technician: order_of(route, jobs, problem.stores) for route in plan.routes}
    people = max(1, len(days))
    brief = len(plan.unserved) * people > BRIEF_FROM
    urgent = sorted(plan.unserved, key=lambda left: -jobs[left.job].priority)[: MOST // people]
    why = {}
    for left in urgent:
        at_once = rooms.at_once(left.job)
        found = reasons(days, orders, jobs[left.job], rooms.free(left.job), brief=brief, at_once=at_once)
        way = rooms.way_out(left.job)
        why[left.job] = (*found, *(told(way, problem, left.job) if way else ()))
    return replace(plan, unserved=tuple(Unserved(left.job, why.get(left.job, ())) for left in plan.unserved))
