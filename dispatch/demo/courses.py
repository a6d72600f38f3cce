"""How the visits of the demonstration go: most of them well, and of everything that can go wrong one or two."""

from __future__ import annotations

from dataclasses import dataclass

TOP_UP, MOVING = "S004", "S003"
"""What is charged besides: codes of the price list."""


@dataclass(frozen=True)
class Course:
    """One visit. `extra` is charged besides the parts; `failed` names the point of the test-run that did not pass.

    `refused` says why the customer did not sign. `mistaken`: the first terminal he fitted was the wrong one, and he took it back.
    `disputed`: he enters a terminal that a colleague carries. `mended` is what the office puts right afterwards.
    `by_code`: the customer scanned a code. `late`: he is still on his way to the visit that comes next.
    """

    channel: str = "cash"
    by_code: bool = False
    extra: str | None = None
    failed: str | None = None
    refused: str | None = None
    photographed: bool = True
    paid: bool = True
    invoiced: bool = True
    signed: bool = True
    mistaken: bool = False
    disputed: bool = False
    mended: str | None = None
    late: bool = False


WELL = Course()
NOBODY_THERE = "司机已离开，现场无人签字"

EARLIER: dict[str, tuple[Course, ...]] = {
    "SZ": (
        Course(extra=TOP_UP),
        Course("wechat", extra=TOP_UP, failed="acc", mended="overrule"),
        Course("account", extra=MOVING),
        Course(extra=MOVING),
        Course("wechat", by_code=True, extra=TOP_UP, mended="refund"),
        Course(extra=MOVING, invoiced=False),
        Course(extra=MOVING),
        Course("alipay", by_code=True, extra=TOP_UP),
        Course(extra=MOVING),
        Course("wechat", by_code=True, extra=TOP_UP),
        Course(extra=TOP_UP, refused=NOBODY_THERE),
        Course(extra=MOVING),
    ),
    "GZ": (
        Course(extra=MOVING),
        Course("alipay", extra=TOP_UP, failed="fix"),
        Course(extra=TOP_UP),
        Course("wechat", extra=MOVING),
    ),
}
"""The two days before, six visits a day in the one branch and two in the other; yesterday's come first."""
EACH_DAY = {"SZ": 6, "GZ": 2}

TODAY: dict[str, Course] = {
    "su": Course(extra=TOP_UP),
    "wei": Course("wechat", by_code=True, extra=MOVING),
    "han": Course(extra=TOP_UP, failed="signal", late=True),
    "wangxc": Course(extra=MOVING, invoiced=False),
    "zhaofy": Course("alipay", extra=TOP_UP, refused="客户认为收费过高，拒绝签字", late=True),
    "suntao": Course("account", extra=MOVING),
    "yun": Course(disputed=True),
    "yu": Course(extra=TOP_UP),
    "yang": Course(extra=MOVING, paid=False, signed=False),
    "tao": Course("wechat", mistaken=True, late=True),
    "liang": Course(extra=TOP_UP),
    "luo": Course("wechat", by_code=True, extra=TOP_UP, photographed=False, late=True),
}
"""The first visit of each technician's day, by user name."""
