"""What a technician may not tick before he leaves (P5): tools out of calibration in his bag, papers of his that have ended."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from dispatch.devices.tools import overdue_tools
from dispatch.staff.person_papers import ended_papers
from dispatch.words import Text, say


def held_back(session: Session, person_id: int, on: date) -> dict[str, list[Text]]:
    """Item of the check before leaving -> what keeps it from being ticked on a day; items that nothing keeps are not named."""
    tools = [
        say("%(tool)s %(number)s: calibration ended on %(day)s", tool=tool.name, number=tool.serial, day=str(tool.valid_until))
        for tool in overdue_tools(session, person_id, on)
    ]
    papers = [
        say("%(paper)s: ended on %(day)s", paper=paper.name, day=str(paper.valid_until))
        for paper in ended_papers(session, person_id, on)
    ]
    return {item: texts for item, texts in (("tools", tools), ("papers", papers)) if texts}
