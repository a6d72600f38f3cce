"""What an order is made of: kinds, urgencies, symptoms and what each asks of the technician."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from dispatch.devices.parts import part_key
from dispatch.orders.waiting_rules import WHYS
from dispatch.words import Text, say

KINDS = ("installation", "repair")
PREFIXES = {"installation": "AZ", "repair": "WX"}
URGENCIES = ("normal", "urgent", "emergency")
CHANNELS = ("phone", "chat", "email", "letter", "visit", "social", "fax")

KIND_WORDS: dict[str, Text] = {"installation": say("Installation"), "repair": say("Repair")}
URGENCY_WORDS: dict[str, Text] = {"normal": say("Normal"), "urgent": say("Urgent"), "emergency": say("Emergency")}
CHANNEL_WORDS: dict[str, Text] = {
    "phone": say("Phone"),
    "chat": say("Online chat"),
    "email": say("E-mail"),
    "letter": say("Letter"),
    "visit": say("Visit to us"),
    "social": say("Social media"),
    "fax": say("Fax"),
}

PLANNED_ANEW = say("planned anew")
AFTER_TODAY = say("after what happened today")
"""The reason kept with a visit that the planner took off to make room for a better one."""
OFFERED_ANEW, VISIT_OVER = say("offered anew"), say("the visit is over")
"""Why an offer to a contractor was taken back where nobody had to say so."""
MADE_ROOM = say("made room for an urgent order")
"""Why a visit was taken off when something more urgent came."""
_OURS = {str(text): text for text in (PLANNED_ANEW, MADE_ROOM, AFTER_TODAY, OFFERED_ANEW, VISIT_OVER, *WHYS.values())}

MAY_BE_PROMISED = ("draft", "awaiting_approval", "approved")
"""Nobody is planned to come yet, so that a caller can still be promised a time. What is planned, is promised by the plan."""

PRIORITY = {"normal": 30, "urgent": 60, "emergency": 100}


def reason_words(reason: str) -> Text | str:
    """A reason as it is kept: a person's own words, or a sentence of ours that can be said in the reader's language."""
    return _OURS.get(reason, reason)


@dataclass(frozen=True)
class Symptom:
    """What a caller complains about, and what it asks for: least skill levels, and parts by kind ("terminal", "sim")."""

    code: str
    words: Text
    skills: dict[str, int]
    parts: dict[str, int] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


SYMPTOMS: dict[str, Symptom] = {
    s.code: s
    for s in (
        Symptom("offline", say("Terminal offline"), {"repair": 1}, {"sim": 1}, ("不上线", "离线", "offline")),
        Symptom("drift", say("Position drifts"), {"repair": 1}, {}, ("漂移", "drift")),
        Symptom("power", say("Main power cut"), {"electrics": 1}, {}, ("主电源", "断电", "power")),
        Symptom("restart", say("Keeps restarting"), {"repair": 1}, {"terminal": 1}, ("重启", "restart")),
        Symptom("speed", say("Speed stays at zero"), {"electrics": 1}, {}, ("速度", "speed")),
        Symptom("sos", say("SOS button dead"), {"electrics": 1}, {}, ("SOS", "按键")),
        Symptom("camera", say("Camera shows nothing"), {"video": 1}, {}, ("摄像头", "画面", "camera")),
        Symptom("fuel", say("Fuel sensor sends nothing"), {"oil-sensor": 1}, {}, ("油位", "油耗", "fuel")),
        Symptom("damaged", say("Housing damaged or wet"), {"repair": 1}, {"terminal": 1}, ("破损", "进水", "damage")),
        Symptom("lost", say("Terminal lost"), {"install": 1}, {"terminal": 1, "sim": 1}, ("丢失", "补装", "lost")),
        Symptom("recharge", say("SIM needs top-up"), {"repair": 1}, {}, ("充卡", "欠费", "停机", "top-up")),
        Symptom("move", say("Move to another vehicle"), {"install": 1}, {}, ("移机", "换车", "移到")),
        Symptom("other", say("Something else"), {"repair": 1}),
    )
}


def symptom_in(text: str) -> str:
    """The code of the first symptom whose hint occurs in a caller's words; "other" when none does."""
    folded = text.casefold()
    return next((s.code for s in SYMPTOMS.values() if any(h.casefold() in folded for h in s.hints)), "other")


@dataclass(frozen=True)
class Needs:
    """What one line of an order asks of a technician: skills, and parts out of the bag ("sim", "terminal:BD-808A", ...)."""

    skills: dict[str, int]
    parts: dict[str, int]
    minutes: int


def needs_of(kind: str, symptom: str | None, model: str | None, *, install_minutes: int, repair_minutes: int) -> Needs:
    """Needs of one line. An installation takes a terminal of the wanted model and a SIM; a repair what its symptom asks for."""
    if kind == "installation":
        return Needs({"install": 1}, {part_key("terminal", model): 1, "sim": 1}, install_minutes)
    asked = SYMPTOMS[symptom or "other"]
    parts = {part_key(part, model): count for part, count in asked.parts.items()}
    return Needs(dict(asked.skills), parts, repair_minutes)


def lateness(status: str, wanted_on: date | None, today: date) -> str | None:
    """ "breached" when the wanted day has gone by, "risk" when it is today and nobody was sent yet; None when all is well."""
    if wanted_on is None or status in ("done", "closed", "rejected", "cancelled"):
        return None
    if wanted_on < today:
        return "breached"
    return "risk" if wanted_on == today and status not in ("dispatched", "working") else None
