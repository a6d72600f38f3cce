"""What the settings tell the features of a process: where database and files are, the keys, the rules that can be chosen."""

from __future__ import annotations

from typing import Any

from dispatch import db
from dispatch.approvals import queries as approval_queries
from dispatch.board import travelling
from dispatch.config import Settings
from dispatch.customers import finding
from dispatch.devices import asking, bench_following, observing, ownership_following, sim_following, sim_queries, warranty_queries
from dispatch.fees import cash_queries, discount_queries, slip_queries, terms
from dispatch.field import evidence, points, returning
from dispatch.files.gateway import configure as configure_files
from dispatch.geo.gateway import Geocoder, geocoder
from dispatch.geo.road_engines import road_engine
from dispatch.intake import first_steps
from dispatch.invoices import gateway as invoice_gateway
from dispatch.orders import clock_queries, clock_rules, recall_rules, verbal_rules
from dispatch.orders.operations import verbal
from dispatch.paycodes import choosing, gateway
from dispatch.sheets import signing
from dispatch.staff.passwords import configure as configure_passwords


def bind(settings: Settings, *, pool_size: int) -> None:
    """Bind this process to the settings, keeping at most `pool_size` connections; again, it holds what is said last."""
    db.connect(settings.database_url, pool_size=pool_size)
    configure_passwords(memory_kib=settings.argon2_memory_kib, time_cost=settings.argon2_time_cost)
    configure_files(settings.data_dir, settings.files_key)
    signing.configure_from(settings)
    asking.configure(settings.traccar_url, settings.traccar_seconds)
    observing.configure({"jt808": settings.jt808_datum, "traccar": settings.traccar_datum})
    heard = settings.jt808_port > 0 or bool(settings.traccar_url)
    evidence.configure(
        within_m=settings.test_metres,
        least_signal=settings.test_signal,
        least_satellites=settings.test_satellites,
        listening=heard,
    )
    points.configure({one.kind: one.photos for one in settings.required_photos})
    returning.configure(settings.return_before_closing)
    bench_following.configure(settings.return_due_days)
    ownership_following.configure(settings.sold_when_fitted)
    sim_following.configure(settings.sim_activate_on_fitting)
    sim_queries.configure(settings.sim_low_balance)
    warranty_queries.configure(settings.repair_warranty_months)
    first_steps.configure(wait_minutes=settings.silent_restart_minutes, platform=bool(settings.traccar_url))
    terms.configure(settings.payment_days)
    slip_queries.configure(settings.deposit_slip_from)
    cash_queries.configure(settings.cash_limit, settings.cash_max_hours, settings.cash_near_percent)
    travelling.configure(road_engine(settings.road_engine, settings.road_url, settings.road_seconds), settings.road_engine)
    finding.configure(_address_services(settings))
    discount_queries.configure(settings.discount_percent)
    gateway.configure(choosing.connected_by(settings))
    invoice_gateway.configure(settings.invoice_provider)
    verbal.configure(settings.approval_backfill_hours)
    verbal_rules.configure(settings.approval_escalation_hours)
    approval_queries.configure(settings.approvals)
    clock_rules.configure(settings.clock_warn_percent, settings.clock_pauses, settings.clock_manager_minutes)
    clock_queries.configure(settings.clock_limits, settings.office_hours)
    recall_rules.configure(settings.recall_days)


def _address_services(settings: Settings) -> list[Geocoder]:
    """The address services of the settings, in their order."""
    how: dict[str, Any] = {"domain": settings.nominatim_domain, "timeout_s": settings.geocoder_seconds}
    kinds = [kind for kind in settings.geocoders if kind != "none"]
    return [geocoder(kind, key=getattr(settings, f"{kind}_key", ""), **how) for kind in kinds]
