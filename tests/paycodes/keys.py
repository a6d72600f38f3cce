"""Two channels of our own on loopback: keys made for the test, callbacks and answers signed as the real ones sign theirs."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
APIV3, MCHID, APPID, PLATFORM_ID, APP_ID = (
    "k" * 32,
    "1900000109",
    "wx8888888888888888",
    "PUB_KEY_ID_0119000001",
    "2021000000000001",
)
NONCE, STAMP = "c5ac7061fccab6bf", "1764000000"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One of the keys of this run: ours, the channel's, a stranger's."""
    return rsa.generate_private_key(65537, 2048)


def private_pem(name: str) -> str:
    return key(name).private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def public_pem(name: str) -> str:
    return key(name).public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def certificate(name: str) -> x509.Certificate:
    """A certificate for one of the keys."""
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key(name).public_key()).serial_number(0xABC123)
    return made.not_valid_before(start).not_valid_after(start + timedelta(days=3650)).sign(key(name), hashes.SHA256())


def signed(name: str, text: str) -> str:
    """The signature that both channels use."""
    return base64.b64encode(key(name).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


# --- WeChat Pay


def wechat_headers(body: str, by: str = "wechat", **instead: str) -> dict[str, str]:
    """The headers under which WeChat Pay sends a body."""
    return {
        "Wechatpay-Signature": signed(by, f"{STAMP}\n{NONCE}\n{body}\n"),
        "Wechatpay-Timestamp": STAMP,
        "Wechatpay-Nonce": NONCE,
        "Wechatpay-Serial": PLATFORM_ID,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Content-Type": "application/json; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in instead.items()}


def transaction(number: str, fen: int, reference: str = "4200001", **instead: Any) -> dict[str, Any]:
    """A transaction as WeChat Pay tells of it."""
    return {
        "mchid": MCHID,
        "appid": APPID,
        "out_trade_no": number,
        "transaction_id": reference,
        "trade_type": "NATIVE",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T14:05:00+08:00",
        "payer": {"openid": "oX-1"},
        "amount": {"total": fen, "payer_total": fen, "currency": "CNY"},
        **instead,
    }


def wechat_body(told: dict[str, Any], *, apiv3: str = APIV3, event: str = "TRANSACTION.SUCCESS") -> str:
    """A callback with its content encrypted."""
    sealed = AESGCM(apiv3.encode()).encrypt(NONCE[:12].encode(), json.dumps(told).encode(), b"transaction")
    resource = {"algorithm": "AEAD_AES_256_GCM", "nonce": NONCE[:12], "associated_data": "transaction"}
    resource["ciphertext"] = base64.b64encode(sealed).decode()
    return json.dumps({"id": "EV-1", "event_type": event, "resource_type": "encrypt-resource", "resource": resource})


# --- Alipay


def alipay_body(number: str, amount: str, *, by: str = "alipay", **instead: str) -> bytes:
    """A callback of Alipay, its fields signed in their order."""
    told = {
        "app_id": APP_ID,
        "charset": "utf-8",
        "notify_type": "trade_status_sync",
        "out_trade_no": number,
        "trade_no": "2026112322001",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": amount,
        "gmt_payment": "2026-11-23 14:05:00",
        "buyer_logon_id": "li***@163.com",
        "subject": "恒通物流 & 维修",
        **instead,
    }
    return sealed_form(told, by)


def sealed_form(told: dict[str, str], by: str = "alipay") -> bytes:
    """The fields as Alipay sends them, signed."""
    text = "&".join(f"{name}={value}" for name, value in sorted(told.items()) if name != "sign_type")
    return urlencode({**told, "sign_type": "RSA2", "sign": signed(by, text)}).encode()


def alipay_answer(method: str, said: dict[str, Any], *, by: str = "alipay") -> str:
    """An answer of Alipay's gateway."""
    text = json.dumps(said, ensure_ascii=False)
    return f'{{"{method.replace(".", "_")}_response":{text},"sign":"{signed(by, text)}"}}'


# --- both, on loopback


@dataclass
class Call:
    """What was asked of the channel."""

    method: str
    path: str
    body: str

    @property
    def asked(self) -> dict[str, str]:
        """The query of the address."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


Answers = Callable[[Call], tuple[int, str, dict[str, str]]]


@contextmanager
def channel(answers: Answers) -> Iterator[tuple[str, list[Call]]]:
    """A channel on loopback that answers so; its address, and what it was asked."""
    calls: list[Call] = []

    class Door(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            calls.append(Call(self.command, self.path, body))
            status, text, headers = answers(calls[-1])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _answer

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    serving = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
