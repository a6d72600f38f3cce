"""The channels of the demonstration company: they give codes that nobody can pay, and give back what they are asked to."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.paycodes.gateway import CodeAsked, Forged, Gateway, Payment, RefundAnswer, RefundAsked, Standing


class Pretended:
    """A channel without a network."""

    def make(self, asked: CodeAsked) -> str:
        return f"DEMONSTRATION/{asked.number}/{asked.amount:.2f}"

    def ask(self, number: str) -> Standing:
        return Standing("open")

    def close(self, number: str) -> Standing:
        return Standing("closed")

    def refund(self, asked: RefundAsked) -> RefundAnswer:
        return RefundAnswer("done", f"DEMONSTRATION-{asked.number}")

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Payment | None:
        raise Forged("the demonstration has no channels")


PRETENDED: Mapping[str, Gateway] = {"wechat": Pretended(), "alipay": Pretended()}
