"""The table of settings: a row for each, with its reader, its default and one line of explanation. Nothing is read here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dispatch import paths
from dispatch.config_values import (
    USUAL_LIMITS,
    ApprovalStep,
    ClockAsked,
    PhotosAsked,
    approval_steps,
    boolean,
    choice,
    clocks_asked,
    database_url,
    folder,
    names,
    number,
    photos_asked,
    some_of,
    text,
    web_address,
    whole,
    working_hours,
    zone,
)


def setting(name: str, read: Callable[[str], Any], default: Any, line: str, *, secret: bool = False) -> Any:
    """One row of the table: environment name, reader of its text, default, one line of explanation."""
    return field(default=default, metadata={"name": name, "read": read, "line": line, "secret": secret})


def default_data_dir() -> Path:
    """`var/` in a checkout. Outside of one: /var/lib for root, the home directory's share for everybody else."""
    if paths.CHECKOUT:
        return paths.CHECKOUT / "var"
    return Path("/var/lib/gps-dispatch/data") if os.geteuid() == 0 else Path.home() / ".local/share/gps-dispatch"


@dataclass(frozen=True)
class Settings:
    """What the environment says, typed. The attribute is the environment's name in small letters."""

    # fmt: off
    # where it listens and keeps its things
    host: str = setting("HOST", text, "127.0.0.1", "address to listen on; 0.0.0.0 (with TLS the default) for all")
    port: int = setting("PORT", whole(1, 65535), 8000, "port to listen on")
    tls: bool = setting("TLS", boolean, False, "serve https with an own certificate (the same as --tls)")
    public_url: str = setting("PUBLIC_URL", web_address, "", "address that people type, when a proxy stands in front")
    data_dir: Path = setting("DATA_DIR", folder, default_data_dir(), "folder for private database, files, keys, certificates")
    secret_key: str = setting("SECRET_KEY", text, "", "key that signs; generated and kept in DATA_DIR if not given", secret=True)
    files_key: str = setting("FILES_KEY", text, "", "key that files are encrypted with; made and kept in DATA_DIR", secret=True)
    demo: bool = setting("DEMO", boolean, False, "this is the demonstration company (set by `run demo`)")

    # database
    database_url: str = setting("DATABASE_URL", database_url, "", "PostgreSQL 15 or later; empty: a private one under DATA_DIR")
    db_pool_size: int = setting("DB_POOL_SIZE", whole(1, 200), 10, "connections that each process keeps at most")
    pg_bin: str = setting("PG_BIN", text, "", "folder with the PostgreSQL programs for the private database; empty: find them")

    # processes
    web_processes: int = setting("WEB_PROCESSES", whole(1, 64), 2, "web server processes")
    web_threads: int = setting("WEB_THREADS", whole(1, 256), 8, "threads in each web process")
    worker_processes: int = setting("WORKER_PROCESSES", whole(0, 64), 1, "background worker processes")
    worker_concurrency: int = setting("WORKER_CONCURRENCY", whole(1, 64), 4, "jobs that one worker carries out side by side")
    worker_stalled_seconds: int = setting("WORKER_STALLED_SECONDS", whole(2, 3600), 30, "silence that means a dead worker")
    log_level: str = setting("LOG_LEVEL", choice("debug", "info", "warning", "error"), "info", "least level that is logged")
    log_format: str = setting("LOG_FORMAT", choice("json", "plain"), "json", "json: one object a line; plain: for reading")

    # who is let in
    trusted_hosts: tuple[str, ...] = setting("TRUSTED_HOSTS", names, (), "host names answered to; empty: localhost and HOST")
    trusted_proxies: int = setting("TRUSTED_PROXIES", whole(0, 10), 0, "reverse proxies in front whose headers count")
    session_idle_minutes: int = setting("SESSION_IDLE_MINUTES", whole(1, 100_000), 480, "a login ends after so long without use")
    session_absolute_hours: int = setting("SESSION_ABSOLUTE_HOURS", whole(1, 10_000), 168, "a login ends after so long anyway")
    login_attempts: int = setting("LOGIN_ATTEMPTS", whole(1, 1000), 5, "wrong passwords before a name has to wait")
    login_window_minutes: int = setting("LOGIN_WINDOW_MINUTES", whole(1, 10_000), 15, "minutes over which they are counted")
    argon2_memory_kib: int = setting("ARGON2_MEMORY_KIB", whole(8, 4_194_304), 65536, "memory for one password check, KiB")
    argon2_time_cost: int = setting("ARGON2_TIME_COST", whole(1, 100), 3, "rounds of one password check")
    max_upload_mb: int = setting("MAX_UPLOAD_MB", whole(1, 1000), 20, "largest file that can be sent in, MB")

    # the company's ways
    default_zone: str = setting("DEFAULT_ZONE", zone, "Asia/Shanghai", "time zone of a branch that names none")
    travel_factor: float = setting("TRAVEL_FACTOR", number(1, 5), 1.3, "road distance over straight distance")
    travel_speed_kmh: float = setting("TRAVEL_SPEED_KMH", number(1, 200), 30.0, "average speed on the road, km/h")
    install_minutes: int = setting("INSTALL_MINUTES", whole(1, 1440), 30, "time to install in one vehicle, minutes")
    repair_minutes: int = setting("REPAIR_MINUTES", whole(1, 1440), 45, "time for one repair, minutes")
    setup_minutes: int = setting("SETUP_MINUTES", whole(0, 1440), 10, "time to park, report and unpack at a place, minutes")
    plan_seconds: float = setting("PLAN_SECONDS", number(0.1, 3600), 10.0, "limit of a planning run, seconds")
    overtime_price: int = setting("OVERTIME_PRICE", whole(0, 100), 3, "a minute of overtime counts in a plan as so many driven")
    late_minutes: int = setting("LATE_MINUTES", whole(0, 240), 0, "minutes by which a plan may break a promised time; 0: never")
    late_price: int = setting("LATE_PRICE", whole(0, 100), 3, "a minute after a promised time counts as so many driven")
    not_preferred_minutes: int = setting(
        "NOT_PREFERRED_MINUTES", whole(0, 1440), 15, "minutes on the road that are worth the technician whom a customer prefers")
    fair_price: int = setting(
        "FAIR_PRICE", whole(0, 60), 1, "seconds on the road that a minute of work counts for each hour worked in the week")
    calm_seconds: float = setting("CALM_SECONDS", number(0.1, 60), 1.0, "how long is thought about what happens in a running day")
    calm_at_once: tuple[str, ...] = setting(
        "CALM_AT_ONCE", some_of("ill", "leave", "late", "traffic", "urgent", "cancelled"), ("none",),
        "what changes a running day without asking: ill, leave, late, traffic, urgent, cancelled; or none")
    promise_days: int = setting("PROMISE_DAYS", whole(1, 31), 7, "days over which a caller is offered times")
    promise_minutes: int = setting("PROMISE_MINUTES", whole(30, 720), 120, "length of the windows that are promised, minutes")
    hold_minutes: int = setting("HOLD_MINUTES", whole(1, 60), 5, "minutes for which a window is held while the caller decides")
    auto_close_hours: int = setting("AUTO_CLOSE_HOURS", whole(0, 8760), 0, "orders close after so long complete; 0: by hand only")
    return_before_closing: bool = setting(
        "RETURN_BEFORE_CLOSING", boolean, False, "closing waits for units taken out to reach the store; off: that takes days")
    return_due_days: int = setting(
        "RETURN_DUE_DAYS", whole(1, 365), 3, "days within which a unit taken out of a vehicle is to be at the repair bench")
    yes_overdue_minutes: int = setting(
        "YES_OVERDUE_MINUTES", whole(1, 10_080), 120, "minutes after which an issue or return that waits for a yes is told")
    due_soon_days: int = setting(
        "DUE_SOON_DAYS", whole(0, 365), 30, "days before its end that a tool's calibration or a person's paper is told")
    repair_warranty_months: int = setting(
        "REPAIR_WARRANTY_MONTHS", whole(0, 120), 3, "months of warranty of what was repaired, or put in by a repair")
    loan_days: int = setting("LOAN_DAYS", whole(1, 365), 14, "days for which a terminal is lent, unless another number is chosen")
    sold_when_fitted: tuple[str, ...] = setting(
        "SOLD_WHEN_FITTED", some_of("terminal", "sim"), ("terminal",), "what customers own once fitted: terminal, sim; or none")
    sim_activate_on_fitting: bool = setting(
        "SIM_ACTIVATE_ON_FITTING", boolean, True, "a SIM counts as activated at its carrier once it is in a vehicle")
    sim_low_balance: float = setting("SIM_LOW_BALANCE", number(0, 100_000), 10.0, "a SIM below this balance is listed, yuan")
    approvals: tuple[ApprovalStep, ...] = setting(
        "APPROVALS", approval_steps, (), "further levels, as in: installation>20:director (vehicles), refund>500:director (yuan)")
    approval_link_hours: int = setting(
        "APPROVAL_LINK_HOURS", whole(1, 720), 24, "hours for which a link to decide on the phone is good")
    contact_idle_hours: int = setting(
        "CONTACT_IDLE_HOURS", whole(0, 8760), 24, "hours without an act after which a contact's owner is reminded; 0: never")
    contact_link_hours: int = setting(
        "CONTACT_LINK_HOURS", whole(1, 8760), 168, "hours for which a customer's link to confirm the result is good")
    approval_backfill_hours: int = setting(
        "APPROVAL_BACKFILL_HOURS", whole(1, 8760), 24, "hours within which whoever approved by word confirms it")
    approval_escalation_hours: int = setting(
        "APPROVAL_ESCALATION_HOURS", whole(1, 8760), 24, "hours after that limit when it goes to the director")
    bulk_undo_minutes: int = setting(
        "BULK_UNDO_MINUTES", whole(1, 10_080), 60, "minutes in which what was done to several orders at once can be taken back")
    office_hours: str = setting(
        "OFFICE_HOURS", working_hours, "08:30-12:00,13:00-17:30", "working hours of a branch that has set none of its own")
    clock_limits: tuple[ClockAsked, ...] = setting(
        "CLOCK_LIMITS", clocks_asked, clocks_asked(USUAL_LIMITS), "limits in minutes (w: working time, r: around the clock)")
    clock_warn_percent: int = setting("CLOCK_WARN_PERCENT", whole(1, 100), 80, "share of a limit after which is warned")
    clock_manager_minutes: int = setting(
        "CLOCK_MANAGER_MINUTES", whole(0, 100_000), 60, "minutes after a broken limit when the manager is told, too")
    clock_pauses: tuple[str, ...] = setting(
        "CLOCK_PAUSES", some_of("part", "customer", "vehicle", "unsafe", "other"), ("part", "customer", "vehicle", "unsafe"),
        "what an order can wait for while its clocks stand still; or none")
    recall_days: int = setting(
        "RECALL_DAYS", whole(0, 3650), 30, "days within which a repeat is proposed as a recall of the visit before; 0: never")

    outside_offer_hours: int = setting(
        "OUTSIDE_OFFER_HOURS", whole(1, 168), 2, "hours in which a contractor can accept an order, if no other number is chosen")

    test_metres: int = setting("TEST_METRES", whole(1, 100_000), 500, "a terminal's position is right so near to the phone, m")
    test_signal: int = setting("TEST_SIGNAL", whole(1, 31), 10, "radio strength that a test-run asks for, 0 to 31")

    test_satellites: int = setting("TEST_SATELLITES", whole(0, 50), 4, "satellites that a test-run asks for")
    required_photos: tuple[PhotosAsked, ...] = setting(
        "REQUIRED_PHOTOS", photos_asked, (), "photos asked for until somebody decides, as in: installation:plate,repair:plate")

    # terminals that report to us over JT/T 808
    jt808_port: int = setting("JT808_PORT", whole(0, 65535), 0, "port that terminals report to; 0: none is opened")
    jt808_host: str = setting("JT808_HOST", text, "0.0.0.0", "address to listen on for them")  # noqa: S104 - they are outside
    jt808_datum: str = setting("JT808_DATUM", choice("wgs84", "gcj02"), "wgs84", "datum of the positions that they report")
    observation_days: int = setting("OBSERVATION_DAYS", whole(1, 36_500), 90, "days for which is kept what terminals told")

    # a platform that terminals report to instead; off without an address
    traccar_url: str = setting("TRACCAR_URL", web_address, "", "Traccar server that knows our terminals; empty: none is asked")
    traccar_token: str = setting("TRACCAR_TOKEN", text, "", "token of a Traccar user who may see them", secret=True)
    traccar_seconds: int = setting(
        "TRACCAR_SECONDS", whole(5, 3600), 20, "seconds before Traccar is asked again about the same terminal")
    traccar_datum: str = setting("TRACCAR_DATUM", choice("wgs84", "gcj02"), "wgs84", "datum of the positions that it passes on")
    traccar_hours: int = setting("TRACCAR_HOURS", whole(1, 168), 6, "hours after a change for which Traccar is asked")

    silent_together: int = setting("SILENT_TOGETHER", whole(2, 1000), 5, "silent terminals near each other that make one outage")
    silent_carrier: int = setting(
        "SILENT_CARRIER", whole(2, 10_000), 20, "silent terminals of one carrier that make one outage, wherever they are")
    silent_km: int = setting("SILENT_KM", whole(1, 500), 20, "km within which they lie")
    silent_minutes: int = setting("SILENT_MINUTES", whole(1, 1440), 60, "minutes within which they fell silent")
    silent_restart_minutes: int = setting(
        "SILENT_RESTART_MINUTES", whole(1, 1440), 30, "minutes that a restart from afar has to help before an order is made")

    payment_days: int = setting(
        "PAYMENT_DAYS", whole(0, 365), 30, "days within which a customer pays what is on account, unless his page says otherwise")
    cash_limit: float = setting(
        "CASH_LIMIT", number(0, 10_000_000), 5000.0, "cash one person may hold, unless another limit is set, yuan")
    cash_max_hours: float = setting(
        "CASH_MAX_HOURS", number(0, 10_000), 24.0, "hours after which cash is to be handed in; 0: on the day it was taken")
    cash_near_percent: int = setting(
        "CASH_NEAR_PERCENT", whole(1, 100), 80, "share of such a limit after which somebody is reminded")
    discount_percent: float = setting(
        "DISCOUNT_PERCENT", number(0, 100), 0.0, "per cent below the list that somebody may quote unasked, unless a limit is set")
    deposit_slip_from: float = setting(
        "DEPOSIT_SLIP_FROM", number(0, 100_000_000), 5000.0, "deposits of so much or more need a photo of the bank's slip, yuan")
    match_late_days: float = setting("MATCH_LATE_DAYS", number(0, 365), 3.0, "days after which money on no statement yet is late")

    invoice_provider: str = setting(
        "INVOICE_PROVIDER", text, "", "who issues invoices for us: `module:name` of an adapter; empty: people do by hand")

    # the seal on service sheets; without a key one is made and kept in DATA_DIR
    sheet_key_file: str = setting("SHEET_KEY_FILE", text, "", "RSA key that signs sheets, PEM or PKCS#12; empty: an own one")
    sheet_certificate_file: str = setting("SHEET_CERTIFICATE_FILE", text, "", "its certificate and chain (PEM), if not in there")
    sheet_key_password: str = setting("SHEET_KEY_PASSWORD", text, "", "password that opens that file", secret=True)
    sheet_timestamp_url: str = setting("SHEET_TIMESTAMP_URL", web_address, "", "timestamp server (RFC 3161); empty: none")

    # codes by which customers pay (收款码); off without a merchant
    wechat_mchid: str = setting("WECHAT_MCHID", text, "", "merchant number at WeChat Pay; empty: no codes of WeChat Pay")
    wechat_appid: str = setting("WECHAT_APPID", text, "", "app that the merchant is bound to")
    wechat_key_file: str = setting("WECHAT_KEY_FILE", text, "", "the merchant's API key, PEM (apiclient_key.pem)")
    wechat_certificate_file: str = setting("WECHAT_CERTIFICATE_FILE", text, "", "its certificate, PEM (apiclient_cert.pem)")
    wechat_apiv3_key: str = setting("WECHAT_APIV3_KEY", text, "", "the merchant's APIv3 key, 32 characters", secret=True)
    wechat_platform_file: str = setting("WECHAT_PLATFORM_FILE", text, "", "WeChat Pay's public key or platform certificate, PEM")
    wechat_platform_id: str = setting("WECHAT_PLATFORM_ID", text, "", "name of that public key, PUB_KEY_ID_…")
    alipay_app_id: str = setting("ALIPAY_APP_ID", text, "", "application at Alipay; empty: no codes of Alipay")
    alipay_key_file: str = setting("ALIPAY_KEY_FILE", text, "", "the application's private key, PEM (RSA2)")
    alipay_platform_file: str = setting("ALIPAY_PLATFORM_FILE", text, "", "Alipay's public key or certificate, PEM")
    pay_notify_url: str = setting("PAY_NOTIFY_URL", web_address, "", "https address by which both reach us; empty: PUBLIC_URL")
    pay_code_minutes: int = setting("PAY_CODE_MINUTES", whole(2, 110), 15, "minutes for which a payment code is good")
    pay_seconds: float = setting("PAY_SECONDS", number(1, 60), 8.0, "seconds for which an answer of theirs is waited for")

    # where addresses are; without a service only their district is known
    geocoders: tuple[str, ...] = setting(
        "GEOCODERS", some_of("amap", "tencent", "tianditu", "baidu", "nominatim"), (), "address services, as they are asked")
    amap_key: str = setting("AMAP_KEY", text, "", "key of AMap's web service", secret=True)
    tencent_key: str = setting("TENCENT_KEY", text, "", "key of Tencent's location service", secret=True)
    tianditu_key: str = setting("TIANDITU_KEY", text, "", "key of Tianditu", secret=True)
    baidu_key: str = setting("BAIDU_KEY", text, "", "key (AK) of Baidu's map service", secret=True)
    nominatim_domain: str = setting("NOMINATIM_DOMAIN", text, "nominatim.openstreetmap.org", "whose Nominatim is asked")
    geocoder_seconds: float = setting("GEOCODER_SECONDS", number(0.5, 60), 4.0, "seconds that an address service has to answer")

    geocoder_per_minute: int = setting(
        "GEOCODER_PER_MINUTE", whole(0, 50), 10, "addresses a minute that the worker looks for on its own; 0: none")

    # how long the way takes; without an engine by straight distance; a branch may say more on its page
    road_engine: str = setting("ROAD_ENGINE", choice("osrm", "valhalla", ""), "", "road engine that is asked; empty: none")
    road_url: str = setting("ROAD_URL", web_address, "", "its address")
    road_seconds: float = setting("ROAD_SECONDS", number(0.2, 60), 5.0, "seconds that it has to answer")

    # map; without tiles a plain grid is drawn
    map_tiles_url: str = setting("MAP_TILES_URL", text, "", "map tiles, as in: https://tiles.example/{z}/{x}/{y}.png")
    map_tiles_datum: str = setting("MAP_TILES_DATUM", choice("wgs84", "gcj02", "bd09"), "wgs84", "datum those tiles are drawn in")
    map_tiles_key: str = setting("MAP_TILES_KEY", text, "", "key put in place of {key} in that address", secret=True)
    map_tiles_attribution: str = setting("MAP_TILES_ATTRIBUTION", text, "", "whom the map is owed to, as the provider asks")
    # fmt: on

    @property
    def web_pool_size(self) -> int:
        """Connections of one web process: a page may hold two (its own, and its frame's), so never fewer than two a thread."""
        return max(self.db_pool_size, 2 * self.web_threads)

    @property
    def base_url(self) -> str:
        """The address that people type, without a slash at the end."""
        host = "localhost" if self.host in ("0.0.0.0", "::", "127.0.0.1", "::1") else self.host  # noqa: S104
        return self.public_url or f"{'https' if self.tls else 'http'}://{host}:{self.port}"
