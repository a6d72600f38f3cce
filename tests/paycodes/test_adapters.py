"""The two adapters against channels on loopback, through the libraries' own signing and verification; their settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dispatch import config
from dispatch.config_values import SettingError
from dispatch.paycodes.alipay import Alipay, AlipayKeys
from dispatch.paycodes.choosing import connected_by
from dispatch.paycodes.gateway import CodeAsked, Forged, GatewayFailed, Payment, RefundAsked
from dispatch.paycodes.wechat import Wechat, WechatKeys
from tests.paycodes import keys
from tests.paycodes.keys import Call, alipay_answer, alipay_body, channel, sealed_form, wechat_body, wechat_headers

NOTIFY = "https://dispatch.example.com/pay/told"
CODE = CodeAsked("RSZ000051", Decimal("300.50"), "恒通 WX-1", datetime(2026, 11, 23, 6, 20, tzinfo=UTC))
BACK = RefundAsked("RSZ000060", "RSZ000051", "4200001", Decimal("100"), Decimal("300.50"), "少做一项")
PAID = Payment("RSZ000051", "4200001", Decimal("300.50"), datetime(2026, 11, 23, 6, 5, tzinfo=UTC), "oX-1")


def wechat(address: str = "http://127.0.0.1:9") -> Wechat:
    key = WechatKeys(
        keys.MCHID, keys.APPID, keys.private_pem("ours"), "ABC123", keys.APIV3, keys.public_pem("wechat"), keys.PLATFORM_ID
    )
    return Wechat(key, notify_url=f"{NOTIFY}/wechat", seconds=2, address=address)


def alipay(address: str = "http://127.0.0.1:9/gateway.do") -> Alipay:
    key = AlipayKeys(keys.APP_ID, keys.private_pem("ours"), keys.public_pem("alipay"))
    return Alipay(key, notify_url=f"{NOTIFY}/alipay", seconds=2, address=address)


def answered(said: dict[str, Any], status: int = 200, by: str = "wechat") -> Callable[[Call], tuple[int, str, dict[str, str]]]:
    text = json.dumps(said) if said else ""
    return lambda call: (status, text, wechat_headers(text, by))


def test_wechat_makes_asks_closes_and_refunds() -> None:
    with channel(answered({"code_url": "weixin://wxpay/bizpayurl?pr=x"})) as (address, calls):
        assert wechat(address).make(CODE) == "weixin://wxpay/bizpayurl?pr=x"
        asked = json.loads(calls[0].body)
        assert (asked["out_trade_no"], asked["amount"]) == ("RSZ000051", {"total": 30050, "currency": "CNY"})
        assert (asked["notify_url"], asked["time_expire"]) == (f"{NOTIFY}/wechat", "2026-11-23T14:20:00+08:00")
    with channel(answered(keys.transaction("RSZ000051", 30050))) as (address, _calls):
        standing = wechat(address).ask("RSZ000051")
        assert (standing.state, standing.payment) == ("paid", PAID)
    for state, means in (("NOTPAY", "open"), ("USERPAYING", "open"), ("CLOSED", "closed")):
        with channel(answered({"trade_state": state})) as (address, _calls):
            assert wechat(address).ask("R").state == means
    with channel(answered({}, 204)) as (address, _calls):
        assert wechat(address).close("R").state == "closed"
    for status, means in (("SUCCESS", "done"), ("PROCESSING", "asked"), ("ABNORMAL", "failed")):
        with channel(answered({"status": status, "refund_id": "503"})) as (address, calls):
            assert wechat(address).refund(BACK).state == means
            assert json.loads(calls[0].body)["amount"] == {"refund": 10000, "total": 30050, "currency": "CNY"}
    with channel(answered({"code": "NOT_ENOUGH", "message": "余额不足"}, 403)) as (address, _calls):
        assert wechat(address).refund(BACK).told == "余额不足"


def test_wechat_believes_no_answer_that_it_did_not_sign() -> None:
    for answers in (
        answered({"code_url": "x"}, by="stranger"),
        answered({"code": "SYSTEM_ERROR"}, 500),
        answered({"code_url": None}),
    ):
        with channel(answers) as (address, _calls), pytest.raises(GatewayFailed):
            wechat(address).make(CODE)
    with pytest.raises(GatewayFailed, match="pay: ConnectionError"):
        wechat().make(CODE)


def test_alipay_makes_asks_closes_and_refunds() -> None:
    said: dict[str, dict[str, Any]] = {
        "alipay.trade.precreate": {"code": "10000", "qr_code": "https://qr.alipay.com/x", "out_trade_no": "RSZ000051"},
        "alipay.trade.query": {
            "code": "10000",
            "trade_status": "TRADE_SUCCESS",
            "out_trade_no": "RSZ000051",
            "trade_no": "4200001",
            "total_amount": "300.50",
            "send_pay_date": "2026-11-23 14:05:00",
            "buyer_logon_id": "oX-1",
        },
        "alipay.trade.close": {"code": "10000", "trade_no": "4200001"},
        "alipay.trade.refund": {"code": "10000", "fund_change": "N", "trade_no": "4200001"},
        "alipay.trade.fastpay.refund.query": {"code": "10000", "refund_status": "REFUND_SUCCESS", "trade_no": "4200001"},
    }

    def answers(call: Call) -> tuple[int, str, dict[str, str]]:
        return 200, alipay_answer(call.asked["method"], said[call.asked["method"]]), {}

    with channel(answers) as (address, calls):
        pay = alipay(f"{address}/gateway.do")
        assert pay.make(CODE) == "https://qr.alipay.com/x"
        asked = json.loads(calls[0].asked["biz_content"])
        assert (asked["total_amount"], asked["time_expire"]) == ("300.50", "2026-11-23 14:20:00")
        assert calls[0].asked["notify_url"] == f"{NOTIFY}/alipay" and re.fullmatch(r"[-\d]+ [:\d]+", calls[0].asked["timestamp"])
        assert (pay.ask("R").payment, pay.close("R").state) == (PAID, "closed")
        assert pay.refund(BACK).state == "done", "asked for before: it looks what became of it"
        said["alipay.trade.refund"] = {"code": "40004", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH", "sub_msg": "卖家余额不足"}
        assert pay.refund(BACK).told == "卖家余额不足"
        said["alipay.trade.refund"] = {"code": "20000", "sub_code": "aop.ACQ.SYSTEM_ERROR"}
        with pytest.raises(GatewayFailed):
            pay.refund(BACK)
        said["alipay.trade.query"] = said["alipay.trade.close"] = {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}
        assert (pay.ask("R").state, pay.close("R").state) == ("open", "open"), "nobody has scanned it yet"
    lying = alipay_answer("alipay.trade.precreate", {"code": "10000", "qr_code": "x"}, by="stranger")
    with channel(lambda call: (200, lying, {})) as (address, _calls), pytest.raises(GatewayFailed):
        alipay(f"{address}/gateway.do").make(CODE)


def test_wechat_callbacks_are_true_or_forged() -> None:
    """None of these calls the network: the adapter's address leads nowhere."""
    body = wechat_body(keys.transaction("RSZ000051", 30050))
    assert wechat().verify(body.encode(), wechat_headers(body)) == PAID
    told = wechat_body({"refund_status": "SUCCESS"}, event="REFUND.SUCCESS")
    assert wechat().verify(told.encode(), wechat_headers(told)) is None
    others = wechat_body(keys.transaction("RSZ000051", 30050, mchid="1"))
    sealed = wechat_body(keys.transaction("RSZ000051", 30050), apiv3="z" * 32)
    forged = [
        (body, wechat_headers(body, "stranger")),
        (body.replace("EV-1", "EV-2"), wechat_headers(body)),
        (body, wechat_headers(body, Wechatpay_Serial="7777")),
        (body, wechat_headers(body, Wechatpay_Signature_Type="NONE")),
        (body, {}),
        ("nothing", wechat_headers("nothing")),
        (others, wechat_headers(others)),
        (sealed, wechat_headers(sealed)),
    ]
    for text, headers in forged:
        with pytest.raises(Forged):
            wechat().verify(text.encode(), headers)
    with pytest.raises(Forged):
        wechat().verify(b"\xff\xfe", wechat_headers(""))


def test_alipay_callbacks_are_true_or_forged() -> None:
    paid = alipay().verify(alipay_body("RSZ000051", "300.50", trade_no="4200001", buyer_logon_id="oX-1"), {})
    assert paid == PAID
    assert alipay().verify(alipay_body("RSZ000051", "300.50", trade_status="WAIT_BUYER_PAY"), {}) is None
    body = alipay_body("RSZ000051", "300.50")
    forged = [
        alipay_body("RSZ000051", "300.50", by="stranger"),
        body.replace(b"300.50", b"3.50"),
        body.replace(b"sign_type=RSA2", b"sign_type=RSA"),
        body.rpartition(b"&sign=")[0],
        body.rpartition(b"&sign=")[0] + b"&sign=%%%",
        alipay_body("RSZ000051", "300.50", app_id="other"),
        b"",
        b"\xff",
    ]
    for text in forged:
        with pytest.raises(Forged):
            alipay().verify(text, {})
    with pytest.raises(GatewayFailed):
        alipay().verify(sealed_form({"app_id": keys.APP_ID, "out_trade_no": "R", "trade_status": "TRADE_SUCCESS"}), {})


# --- settings


def files(folder: Path) -> dict[str, str]:
    """A whole set of settings, with their files."""
    made = {
        "WECHAT_KEY_FILE": keys.private_pem("ours"),
        "WECHAT_CERTIFICATE_FILE": keys.certificate("ours").public_bytes(Encoding.PEM).decode(),
        "WECHAT_PLATFORM_FILE": keys.public_pem("wechat"),
        "ALIPAY_KEY_FILE": keys.private_pem("ours"),
        "ALIPAY_PLATFORM_FILE": keys.public_pem("alipay"),
    }
    for name, text in made.items():
        (folder / name).write_text(text)
    named = {name: str(folder / name) for name in made}
    more = {"WECHAT_MCHID": keys.MCHID, "WECHAT_APPID": keys.APPID, "WECHAT_APIV3_KEY": keys.APIV3}
    more |= {"WECHAT_PLATFORM_ID": keys.PLATFORM_ID, "ALIPAY_APP_ID": keys.APP_ID, "PUBLIC_URL": "https://dispatch.example.com"}
    more |= {"TRUSTED_HOSTS": "localhost,.example.com"}
    return {"SECRET_KEY": "test", "DATA_DIR": str(folder), **named, **more}


def test_settings_connect_both_channels_or_none(tmp_path: Path) -> None:
    given = files(tmp_path)
    assert list(connected_by(config.load(given)).gateways) == ["wechat", "alipay"]
    assert connected_by(config.load({"SECRET_KEY": "test"})).gateways == {}
    played = connected_by(config.load({"SECRET_KEY": "test", "DEMO": "on"}))
    assert played.pretended and played.gateways
    (tmp_path / "WECHAT_PLATFORM_FILE").write_bytes(keys.certificate("wechat").public_bytes(Encoding.PEM))
    by_certificate = connected_by(config.load({**given, "WECHAT_PLATFORM_ID": ""})).gateways["wechat"]
    body = wechat_body(keys.transaction("RSZ000051", 30050))
    assert by_certificate.verify(body.encode(), wechat_headers(body, Wechatpay_Serial="ABC123")) == PAID


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WECHAT_APPID", ""),
        ("WECHAT_KEY_FILE", "nowhere.pem"),
        ("WECHAT_CERTIFICATE_FILE", "other"),
        ("WECHAT_APIV3_KEY", "too short"),
        ("WECHAT_PLATFORM_ID", ""),
        ("WECHAT_PLATFORM_FILE", "broken"),
        ("ALIPAY_KEY_FILE", "broken"),
        ("ALIPAY_PLATFORM_FILE", ""),
        ("PUBLIC_URL", "http://192.168.0.1"),
        ("TRUSTED_HOSTS", "localhost"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    given = files(tmp_path)
    (tmp_path / "other").write_bytes(keys.certificate("stranger").public_bytes(Encoding.PEM))
    (tmp_path / "broken").write_text("-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n")
    given[name] = str(tmp_path / value) if value in ("other", "broken") else value
    with pytest.raises(SettingError) as told:
        connected_by(config.load(given))
    assert told.value.name == {"PUBLIC_URL": "PAY_NOTIFY_URL"}.get(name, name)
    assert "too short" not in str(told.value), "no secret in what is printed"


def test_the_libraries_are_loaded_by_nobody_who_does_not_use_them() -> None:
    look = "import sys, dispatch.paycodes.choosing; sys.exit(bool({'wechatpayv3', 'alipay', 'requests'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def test_keys_are_not_shown() -> None:
    assert keys.APIV3 not in repr(wechat()._keys) and "PRIVATE" not in repr(alipay()._keys)
