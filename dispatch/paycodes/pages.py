"""Where WeChat Pay and Alipay tell of payments: the whole world may call, and only what they have signed is believed."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.paycodes.gateway import Forged, Gateway, GatewayFailed, connected
from dispatch.paycodes.operations import count_forged, receive
from dispatch.web.access import public
from dispatch.web.security import signed_by_sender

pages = Blueprint("paycodes", __name__)
log = structlog.get_logger("paycodes")

LONGEST = 64 * 1024


@pages.post("/pay/told/<channel>")
@public
@signed_by_sender
def told(channel: str) -> tuple[Response, int]:
    """Keep what a channel says was paid. It tells again until it hears that it was kept."""
    gateway = connected().gateways.get(channel)
    if gateway is None:
        raise NotFound
    try:
        outcome = _kept(channel, gateway)
    except RequestEntityTooLarge:
        return _refused(channel, 413)
    except Forged as forged:
        log.warning("callback_forged", channel=channel, why=str(forged), sent_from=request.remote_addr)
        with transaction() as session:
            count_forged(session, channel, str(forged), at=now())
        return _refused(channel, 401)
    except GatewayFailed as failed:
        log.error("callback_not_understood", channel=channel, why=str(failed))
        return _refused(channel, 500)
    log.info("callback", channel=channel, outcome=outcome)
    return (Response("success", mimetype="text/plain"), 200) if channel == "alipay" else (Response(), 204)


def _kept(channel: str, gateway: Gateway) -> str:
    """What became of the callback. What is true and tells of no payment is answered like one that was kept."""
    request.max_content_length = LONGEST
    payment = gateway.verify(request.get_data(), dict(request.headers))
    if payment is None:
        return "no payment"
    with transaction() as session:
        return receive(session, channel, payment, at=now())


def _refused(channel: str, status: int) -> tuple[Response, int]:
    """No, as the channel expects it."""
    if channel == "alipay":
        return Response("failure", mimetype="text/plain"), status
    return jsonify(code="FAIL", message="失败"), status
