"""A channel that does as it is told, and codes shown by Su at an order on which something is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.paycodes.asking import show_code
from dispatch.paycodes.gateway import (
    CodeAsked,
    Connected,
    Forged,
    GatewayFailed,
    Payment,
    RefundAnswer,
    RefundAsked,
    Standing,
    configure,
)
from dispatch.paycodes.models import PayCode
from tests.conftest import AT, Cast
from tests.fees.money import owing

GOOD_FOR = timedelta(minutes=15)


@dataclass
class Fake:
    """A channel without a network: `standing` is what it answers, `silent` that it answers nothing."""

    silent: bool = False
    standing: Standing = field(default_factory=lambda: Standing("open"))
    answer: RefundAnswer = field(default_factory=lambda: RefundAnswer("done", "CR1"))
    made: list[CodeAsked] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    refunds: list[RefundAsked] = field(default_factory=list)

    def _speak(self) -> None:
        if self.silent:
            raise GatewayFailed("it does not answer")

    def make(self, asked: CodeAsked) -> str:
        self.made.append(asked)
        self._speak()
        return f"weixin://wxpay/bizpayurl?pr={asked.number}"

    def ask(self, number: str) -> Standing:
        self._speak()
        return self.standing

    def close(self, number: str) -> Standing:
        self._speak()
        self.closed.append(number)
        return Standing("closed")

    def refund(self, asked: RefundAsked) -> RefundAnswer:
        self.refunds.append(asked)
        self._speak()
        return self.answer

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Payment | None:
        """The first field of the body says whether it is signed."""
        word, _, rest = body.decode().partition(" ")
        if word != "signed":
            raise Forged("the signature is wrong")
        if not rest:
            return None
        number, reference, amount = rest.split()
        return Payment(number, reference, Decimal(amount), AT, "li***")


def connect(**instead: Fake) -> dict[str, Fake]:
    """Both channels, played."""
    gateways = {"wechat": Fake(), "alipay": Fake(), **instead}
    configure(Connected(gateways, GOOD_FOR))
    return gateways


def due_order(cast: Cast, *, quantity: int = 2) -> Order:
    """A committed order at work on which quantity x 150 yuan are due."""
    with transaction() as session:
        return owing(session, cast, quantity=quantity)


def shown(order: Order, cast: Cast, channel: str = "wechat", *, minutes: float = 0) -> PayCode:
    """The code that Su shows, some minutes after AT."""
    at = AT + timedelta(minutes=minutes)
    code_id = show_code(order.id, channel=channel, device="phone", visit_id=None, by=cast.su, clock=lambda: at)
    return code_now(code_id)


def code_now(code_id: int) -> PayCode:
    """A code as it is on record."""
    with transaction() as session:
        return session.get_one(PayCode, code_id)


def paid(code: PayCode, amount: str | None = None, *, reference: str = "4200001", minutes: float = 1) -> Payment:
    """What the channel tells of a payment of it."""
    much = Decimal(amount) if amount else code.amount
    return Payment(code.number, reference, much, AT + timedelta(minutes=minutes), "oX-1")
