"""From settings to the channels of a process. Keys are read and looked at here: a wrong one stops the start by its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.sansio.utils import host_is_trusted

from dispatch.config import Settings
from dispatch.config_values import SettingError
from dispatch.paycodes.alipay import Alipay, AlipayKeys
from dispatch.paycodes.gateway import Connected, Gateway
from dispatch.paycodes.pretend import PRETENDED
from dispatch.paycodes.wechat import Wechat, WechatKeys

PEM = serialization.Encoding.PEM
WECHAT = (
    "WECHAT_MCHID",
    "WECHAT_APPID",
    "WECHAT_KEY_FILE",
    "WECHAT_CERTIFICATE_FILE",
    "WECHAT_APIV3_KEY",
    "WECHAT_PLATFORM_FILE",
)
ALIPAY = ("ALIPAY_APP_ID", "ALIPAY_KEY_FILE", "ALIPAY_PLATFORM_FILE")
NOTIFY_PATH = "/pay/told"


def connected_by(settings: Settings) -> Connected:
    """The channels that the settings name: none, one or both. Raises SettingError for what is missing or wrong."""
    good_for, gateways = timedelta(minutes=settings.pay_code_minutes), {}
    if _asked(settings, WECHAT):
        gateways["wechat"] = _wechat(settings)
    if _asked(settings, ALIPAY):
        gateways["alipay"] = _alipay(settings)
    if not gateways and settings.demo:
        return Connected(PRETENDED, good_for, pretended=True)
    return Connected(gateways, good_for)


def _asked(settings: Settings, named: tuple[str, ...]) -> bool:
    """Whether a channel is set up: with all of its settings. Raises SettingError for the first that is missing."""
    given: Mapping[str, str] = {name: getattr(settings, name.lower()) for name in named}
    first = next((name for name, value in given.items() if value), None)
    if first is None:
        return False
    for name, value in given.items():
        if not value:
            raise SettingError(name, "", f"something, since {first} is set; or none of {', '.join(named)}")
    return True


def _wechat(settings: Settings) -> Gateway:
    key = _private_key("WECHAT_KEY_FILE", settings.wechat_key_file)
    certificate = _certificate("WECHAT_CERTIFICATE_FILE", settings.wechat_certificate_file)
    if certificate.public_key() != key.public_key():
        raise SettingError("WECHAT_CERTIFICATE_FILE", settings.wechat_certificate_file, "the certificate of WECHAT_KEY_FILE")
    if len(settings.wechat_apiv3_key.encode()) != 32:
        raise SettingError("WECHAT_APIV3_KEY", "(hidden)", "a key of 32 characters")
    platform_key, platform_id = _platform(settings)
    keys = WechatKeys(
        mchid=settings.wechat_mchid,
        appid=settings.wechat_appid,
        private_key=_pem(key),
        serial=f"{certificate.serial_number:X}",
        apiv3_key=settings.wechat_apiv3_key,
        platform_key=platform_key,
        platform_id=platform_id,
    )
    return Wechat(keys, notify_url=_notify_url(settings, "wechat"), seconds=settings.pay_seconds)


def _platform(settings: Settings) -> tuple[str, str]:
    """WeChat Pay's own key and the name of it: a certificate carries its name, of a public key it is a setting."""
    file, named = settings.wechat_platform_file, settings.wechat_platform_id
    if b"BEGIN CERTIFICATE" in _content("WECHAT_PLATFORM_FILE", file):
        found = _certificate("WECHAT_PLATFORM_FILE", file)
        return _public_pem(found.public_key(), "WECHAT_PLATFORM_FILE", file), f"{found.serial_number:X}"
    if not named:
        raise SettingError("WECHAT_PLATFORM_ID", "", "the name of the public key in WECHAT_PLATFORM_FILE, as in PUB_KEY_ID_…")
    return _public_key("WECHAT_PLATFORM_FILE", file), named


def _alipay(settings: Settings) -> Gateway:
    keys = AlipayKeys(
        app_id=settings.alipay_app_id,
        private_key=_pem(_private_key("ALIPAY_KEY_FILE", settings.alipay_key_file)),
        platform_key=_public_key("ALIPAY_PLATFORM_FILE", settings.alipay_platform_file),
    )
    return Alipay(keys, notify_url=_notify_url(settings, "alipay"), seconds=settings.pay_seconds)


def _notify_url(settings: Settings, channel: str) -> str:
    base = settings.pay_notify_url or settings.public_url
    if not base.startswith("https://"):
        raise SettingError("PAY_NOTIFY_URL", base, "the https address by which the channels reach us, if PUBLIC_URL is none")
    host = urlsplit(base).hostname or ""
    if not host_is_trusted(host, settings.trusted_hosts):
        raise SettingError("TRUSTED_HOSTS", ",".join(settings.trusted_hosts), f"also {host}, where the channels tell of payments")
    return f"{base}{NOTIFY_PATH}/{channel}"


# --- files


def _content(setting: str, file: str) -> bytes:
    try:
        return Path(file).expanduser().read_bytes()
    except OSError:
        raise SettingError(setting, file, "a file that can be read") from None


def _private_key(setting: str, file: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(_content(setting, file), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SettingError(setting, file, "a PEM file with an RSA key that no password locks")
    return key


def _certificate(setting: str, file: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_content(setting, file))
    except ValueError:
        raise SettingError(setting, file, "a PEM file with a certificate") from None


def _public_key(setting: str, file: str) -> str:
    """The public key in a PEM file, or in the certificate that it holds."""
    content = _content(setting, file)
    if b"BEGIN CERTIFICATE" in content:
        return _public_pem(_certificate(setting, file).public_key(), setting, file)
    try:
        return _public_pem(serialization.load_pem_public_key(content), setting, file)
    except ValueError:
        raise SettingError(setting, file, "a PEM file with the channel's public RSA key") from None


def _public_pem(key: object, setting: str, file: str) -> str:
    if not isinstance(key, rsa.RSAPublicKey):
        raise SettingError(setting, file, "a PEM file with the channel's public RSA key")
    return key.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
