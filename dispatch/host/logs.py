"""gunicorn's own messages, in the form of all our log lines."""

from __future__ import annotations

from gunicorn.glogging import Logger

from dispatch.config import given
from dispatch.web.logs import set_up


class WebServerLogger(Logger):  # type: ignore[misc]
    """Passes messages on to the root logger. Requests are logged by the application, which knows their id and their person."""

    def setup(self, cfg: object) -> None:
        """Called by gunicorn in its master and when it reloads."""
        super().setup(cfg)
        set_up(given())
        self.error_log.handlers.clear()
        self.error_log.propagate = True
