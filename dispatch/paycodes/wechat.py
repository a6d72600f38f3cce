"""WeChat Pay: native codes by APIv3, on `wechatpayv3`.

The library takes 20 MB to import, so that is done with the first use. Given the platform's key it never fetches certificates by
itself, except for a callback that names another key. Those are turned away before, or a forger could make us call out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.paycodes.gateway import (
    CodeAsked,
    Forged,
    GatewayFailed,
    Merchant,
    Payment,
    RefundAnswer,
    RefundAsked,
    Standing,
    first_of,
    url_in,
)

CHINA = ZoneInfo("Asia/Shanghai")
FEN = Decimal(100)
PAID, OVER = ("SUCCESS", "REFUND"), ("CLOSED", "REVOKED", "PAYERROR")
UNKNOWN = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS")
REFUND_STATES = {"SUCCESS": "done", "PROCESSING": "asked", "CLOSED": "failed", "ABNORMAL": "failed"}
LONGEST_DESCRIPTION, LONGEST_REASON = 40, 26


@dataclass(frozen=True)
class WechatKeys:
    """What WeChat Pay knows a merchant by. Keys are PEM; `platform_id` names the platform's key or certificate."""

    mchid: str
    appid: str
    private_key: str
    serial: str
    apiv3_key: str
    platform_key: str
    platform_id: str

    def __repr__(self) -> str:
        return f"WechatKeys({self.mchid})"


class Wechat(Merchant[WechatKeys]):
    """One merchant's account at WeChat Pay."""

    @cached_property
    def _pay(self) -> Any:
        from wechatpayv3 import WeChatPay, WeChatPayType

        keys = self._keys
        pay = WeChatPay(
            wechatpay_type=WeChatPayType.NATIVE,
            mchid=keys.mchid,
            private_key=keys.private_key,
            cert_serial_no=keys.serial,
            appid=keys.appid,
            apiv3_key=keys.apiv3_key,
            notify_url=self._notify_url,
            timeout=self._seconds,
            public_key=keys.platform_key,
            public_key_id=keys.platform_id,
        )
        if self._address:
            pay._core._gate_way = self._address
        return pay

    def make(self, asked: CodeAsked) -> str:
        status, said = self._call(
            "pay",
            description=asked.description[:LONGEST_DESCRIPTION],
            out_trade_no=asked.number,
            amount={"total": int(asked.amount * FEN), "currency": "CNY"},
            time_expire=asked.until.astimezone(CHINA).isoformat(timespec="seconds"),
        )
        return url_in(_good(status, said), "code_url")

    def ask(self, number: str) -> Standing:
        status, said = self._call("query", out_trade_no=number)
        if said.get("code") in UNKNOWN:
            return Standing("closed")
        return _standing(_good(status, said))

    def close(self, number: str) -> Standing:
        status, _said = self._call("close", out_trade_no=number)
        if status in (200, 204):
            return Standing("closed")
        return self.ask(number)

    def refund(self, asked: RefundAsked) -> RefundAnswer:
        amounts = {"refund": int(asked.amount * FEN), "total": int(asked.of_amount * FEN), "currency": "CNY"}
        status, said = self._call(
            "refund",
            out_refund_no=asked.number,
            transaction_id=asked.of_reference,
            amount=amounts,
            reason=asked.reason[:LONGEST_REASON],
        )
        if 400 <= status < 500 and status != 429:
            return RefundAnswer("failed", told=first_of([said.get("message"), said.get("code"), status]))
        found = _good(status, said)
        state = REFUND_STATES.get(str(found.get("status")), "asked")
        return RefundAnswer(state, found.get("refund_id"), told=str(found["status"]) if state == "failed" else None)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Payment | None:
        if headers.get("Wechatpay-Serial") != self._keys.platform_id:
            raise Forged("signed by a key that is not the platform's")
        told = {name: headers.get(name, "") for name in SIGNATURE}
        try:
            found = self._pay.callback(told, body)
        except Exception as wrong:  # noqa: BLE001 - the library raises all kinds for what a stranger may send
            raise Forged(type(wrong).__name__) from None
        if not found:
            raise Forged("the signature or the key of the content is wrong")
        return self._of_ours(found["resource"]) if found.get("event_type") == "TRANSACTION.SUCCESS" else None

    def _of_ours(self, told: dict[str, Any]) -> Payment | None:
        if told.get("mchid") != self._keys.mchid:
            raise Forged("for another merchant")
        return _standing(told).payment

    def _call(self, name: str, **facts: Any) -> tuple[int, dict[str, Any]]:
        try:
            status, text = getattr(self._pay, name)(**facts)
            said = json.loads(text) if text else {}
        except Exception as wrong:  # noqa: BLE001 - of the network, of the answer's form and of its signature
            raise GatewayFailed(f"{name}: {type(wrong).__name__}") from None
        return status, said if isinstance(said, dict) else {}


SIGNATURE = ("Wechatpay-Signature", "Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature-Type")


def _good(status: int, said: dict[str, Any]) -> dict[str, Any]:
    if not 200 <= status < 300:
        raise GatewayFailed(f"{status} {said.get('code', '')} {said.get('message', '')}".strip())
    return said


def _standing(said: dict[str, Any]) -> Standing:
    """How a transaction stands, out of an answer or a callback."""
    state = said.get("trade_state")
    if state in OVER:
        return Standing("closed")
    if state not in PAID:
        return Standing("open")
    try:
        return Standing("paid", _payment(said))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise GatewayFailed("a payment without number, amount or time") from None


def _payment(said: dict[str, Any]) -> Payment:
    return Payment(
        number=str(said["out_trade_no"]),
        reference=str(said["transaction_id"]),
        amount=(Decimal(int(said["amount"]["total"])) / FEN).quantize(Decimal("0.01")),
        paid_at=datetime.fromisoformat(said["success_time"]),
        payer=(said.get("payer") or {}).get("openid"),
    )
