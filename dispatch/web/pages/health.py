"""Is the process there, can it reach its database, and which certificate should a phone trust?"""

from __future__ import annotations

import sqlalchemy as sa
from flask import Response, abort, send_file
from werkzeug.wrappers import Response as Answer

from dispatch.db import transaction
from dispatch.host.tls import ca_certificate_path
from dispatch.web.access import public
from dispatch.web.login import settings
from dispatch.web.pages.blueprint import pages


@pages.get("/livez")
@public
def livez() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@public
def readyz() -> Response:
    """The process can reach its database."""
    with transaction() as db:
        db.execute(sa.select(1))
    return Response("ok\n", mimetype="text/plain")


@pages.get("/trust")
@public
def certificate() -> Answer:
    """The certificate a phone has to trust when this server speaks https with its own."""
    file = ca_certificate_path(settings())
    if not settings().tls or not file.exists():
        abort(404)
    return send_file(file, mimetype="application/x-x509-ca-cert", download_name="dispatch-ca.crt")
