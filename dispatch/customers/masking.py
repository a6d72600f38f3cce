"""What strangers may read of a customer and his vehicles: enough to know one's own by (Q11)."""

from __future__ import annotations

import re

from dispatch.customers.rules import core_name, show_plate


def mask_plate(plate: str) -> str:
    """粤BQ5T88 -> 粤B·Q5**8: enough to know one's own vehicle by."""
    if len(plate) < 5:
        return plate[:1] + "***"
    return show_plate(plate[:-3] + "**" + plate[-1])


def mask_vehicle(plate: str | None, vin: str | None) -> str:
    """A plate masked, or the last four signs of a VIN."""
    return mask_plate(plate) if plate else f"VIN ***{(vin or '')[-4:]}"


def mask_customer(name: str) -> str:
    """恒通物流有限公司 -> 恒通**公司, 张超敏 -> 张**: a company's first two signs and its form, a person's family name."""
    core = core_name(name)
    if re.search(r"[\u4e00-\u9fff]", name) is None:
        return f"{name[:2]}***"
    return f"{core[:2]}**公司" if name.endswith("公司") else f"{name[:1]}**"
