"""Alipay: codes of trade.precreate, on `python-alipay-sdk`.

The library takes 25 MB to import and sets up logging as it is imported, so that is done with the first use. Alipay knows a trade
only from the moment its code is scanned: until then it neither tells of it nor closes it, and the end given with it counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from dispatch import clock
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
PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")
GOOD, NOT_YET = "10000", "ACQ.TRADE_NOT_EXIST"
BUSY = ("20000", "ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR")
MOMENT = "%Y-%m-%d %H:%M:%S"
LONGEST_SUBJECT, LONGEST_REASON = 100, 100


@dataclass(frozen=True)
class AlipayKeys:
    """What Alipay knows an application by; keys are PEM."""

    app_id: str
    private_key: str
    platform_key: str

    def __repr__(self) -> str:
        return f"AlipayKeys({self.app_id})"


class Alipay(Merchant[AlipayKeys]):
    """One application at Alipay."""

    @cached_property
    def _pay(self) -> Any:
        from alipay import AliPay
        from alipay.utils import AliPayConfig

        keys = self._keys
        pay = AliPay(
            appid=keys.app_id,
            app_private_key_string=keys.private_key,
            alipay_public_key_string=keys.platform_key,
            config=AliPayConfig(timeout=self._seconds),
        )
        if self._address:
            pay._gateway = self._address
        return pay

    def make(self, asked: CodeAsked) -> str:
        content = {
            "out_trade_no": asked.number,
            "total_amount": f"{asked.amount:.2f}",
            "subject": asked.description[:LONGEST_SUBJECT],
            "time_expire": asked.until.astimezone(CHINA).strftime(MOMENT),
        }
        return url_in(_good(self._call("alipay.trade.precreate", content, notify_url=self._notify_url)), "qr_code")

    def ask(self, number: str) -> Standing:
        said = self._call("alipay.trade.query", {"out_trade_no": number})
        return Standing("open") if said.get("sub_code") == NOT_YET else _standing(_good(said))

    def close(self, number: str) -> Standing:
        said = self._call("alipay.trade.close", {"out_trade_no": number})
        return Standing("closed") if said.get("code") == GOOD else self.ask(number)

    def refund(self, asked: RefundAsked) -> RefundAnswer:
        content = {
            "trade_no": asked.of_reference,
            "out_request_no": asked.number,
            "refund_amount": f"{asked.amount:.2f}",
            "refund_reason": asked.reason[:LONGEST_REASON],
        }
        said = self._call("alipay.trade.refund", content)
        if said.get("code") != GOOD:
            return _refused(said)
        if said.get("fund_change") == "Y":
            return RefundAnswer("done", said.get("trade_no"))
        return self._refunded(asked)

    def _refunded(self, asked: RefundAsked) -> RefundAnswer:
        """What became of a refund that was asked for before."""
        content = {"trade_no": asked.of_reference, "out_request_no": asked.number}
        said = _good(self._call("alipay.trade.fastpay.refund.query", content))
        return RefundAnswer("done" if said.get("refund_status") == "REFUND_SUCCESS" else "asked", said.get("trade_no"))

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Payment | None:
        try:
            told = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            sign = told.pop("sign")
            true = self._pay.verify({**told}, sign)
        except Exception as wrong:  # noqa: BLE001 - the library raises all kinds for what a stranger may send
            raise Forged(type(wrong).__name__) from None
        if not true:
            raise Forged("the signature is wrong")
        if told.get("app_id") != self._keys.app_id:
            raise Forged("for another application")
        return _standing(told).payment if told.get("out_trade_no") else None

    def _call(self, method: str, content: dict[str, str], **more: str) -> dict[str, Any]:
        # The library would stamp the request with the time of this machine's zone; Alipay reckons in China's.
        stamp = clock.now().astimezone(CHINA).strftime(MOMENT)
        try:
            said = self._pay.server_api(method, content, timestamp=stamp, **more)
        except Exception as wrong:  # noqa: BLE001 - of the network, of the answer's form and of its signature
            raise GatewayFailed(_reason(method, wrong)) from None
        return said if isinstance(said, dict) else {}


def _reason(method: str, wrong: Exception) -> str:
    """What an answer that nobody signed complains of; of anything else the kind, since its text may hold the request."""
    try:
        answer = next(iter(json.loads(str(wrong).partition("message:")[2]).values()))
        return f"{method}: {answer.get('sub_code')} {answer.get('sub_msg')}"
    except (ValueError, AttributeError, StopIteration):
        return f"{method}: {type(wrong).__name__}"


def _good(said: dict[str, Any]) -> dict[str, Any]:
    if said.get("code") != GOOD:
        raise GatewayFailed(f"{said.get('code', '')} {first_of([said.get('sub_msg'), said.get('sub_code'), said.get('msg')])}")
    return said


def _refused(said: dict[str, Any]) -> RefundAnswer:
    if {said.get("code"), said.get("sub_code")} & set(BUSY):
        _good(said)
    return RefundAnswer("failed", told=first_of([said.get("sub_msg"), said.get("sub_code"), said.get("msg"), said.get("code")]))


def _standing(said: Mapping[str, Any]) -> Standing:
    """How a trade stands, out of an answer or a callback."""
    state = said.get("trade_status")
    if state == "TRADE_CLOSED":
        return Standing("closed")
    if state not in PAID:
        return Standing("open")
    try:
        return Standing("paid", _payment(said))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise GatewayFailed("a payment without number, amount or time") from None


def _payment(said: Mapping[str, Any]) -> Payment:
    at = datetime.strptime(said.get("gmt_payment") or said["send_pay_date"], MOMENT).replace(tzinfo=CHINA)
    return Payment(
        number=str(said["out_trade_no"]),
        reference=str(said["trade_no"]),
        amount=Decimal(said["total_amount"]).quantize(Decimal("0.01")),
        paid_at=at,
        payer=said.get("buyer_logon_id") or said.get("buyer_id"),
    )
