"""gunicorn's settings file: it runs this module and takes its variables."""

from __future__ import annotations

from dispatch import garbage
from dispatch.config import given
from dispatch.host import tls
from dispatch.host.logs import WebServerLogger

garbage.seldom()
_settings = given()

bind = [f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"]
worker_class = "gthread"
# Loaded once and then forked: half the work of a start, and the processes share its memory. Nothing is connected by then.
preload_app = True
workers = _settings.web_processes
threads = _settings.web_threads
graceful_timeout = 5
timeout = 120
keepalive = 15
# The application itself counts the proxies it may believe (TRUSTED_PROXIES).
forwarded_allow_ips = ""
control_socket_disable = True
logger_class = WebServerLogger
proc_name = "gps-dispatch"


def post_fork(_server: object, _worker: object) -> None:
    """gunicorn calls it in each process that answers, once that is forked."""
    garbage.answering()


if _settings.tls:
    certfile, keyfile = map(str, tls.leaf_paths(_settings))
