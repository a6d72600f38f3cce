"""What a technician may not tick before he leaves (P5): tools out of calibration in his bag, papers of his that have ended."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from dispatch.devices.tools import overdue_tools
from dispatch.staff.person_papers import ended_papers
from dispatch.words import Text, say


def held_back(session: Session, person_id: int, on: date) -> dict[str, list[Text]]:
    """Item of the check before leaving -> what keeps it from being ticked on a day; items that nothing keeps are not named."""
    tools = [tool_ended(tool.name, tool.serial, tool.valid_until) for tool in overdue_tools(session, person_id, on)]
    papers = [paper_ended(paper.name, paper.valid_until) for paper in ended_papers(session, person_id, on)]
    return {item: texts for item, texts in (("tools", tools), ("papers", papers)) if texts}


def tool_ended(name: str, number: str, day: date | None) -> Text:
    """Why a tool keeps it from being ticked."""
    return say("%(tool)s %(number)s: calibration ended on %(day)s", tool=name, number=number, day=str(day))


def paper_ended(name: str, day: date) -> Text:
    """Why a paper does."""
    return say("%(paper)s: ended on %(day)s", paper=name, day=str(day))
