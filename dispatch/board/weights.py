"""What counts how much in a plan beside the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dispatch.routing.model import Prices


class WeighingSettings(Protocol):
    """The settings that say it."""

    @property
    def overtime_price(self) -> int: ...
    @property
    def late_minutes(self) -> int: ...
    @property
    def late_price(self) -> int: ...
    @property
    def not_preferred_minutes(self) -> int: ...
    @property
    def fair_price(self) -> int: ...


@dataclass(frozen=True)
class Weights:
    """A second home late is worth `overtime` seconds on the road, one that a customer waits beyond his promise `late`, for up to
    `late_minutes` (0: a promise is a wall). Somebody else than was preferred costs `not_preferred` minutes. `fair` is that of
    `Prices`.
    """

    overtime: int = 3
    late_minutes: int = 0
    late: int = 3
    not_preferred: int = 15
    fair: int = 1

    @classmethod
    def of(cls, settings: WeighingSettings) -> Weights:
        """From the settings of the process."""
        late = settings.late_minutes, settings.late_price
        return cls(settings.overtime_price, *late, settings.not_preferred_minutes, settings.fair_price)

    @property
    def prices(self) -> Prices:
        """For the planner."""
        return Prices(not_preferred=self.not_preferred * 60, fair=self.fair)


AS_USUAL = Weights()
