"""Logs: one JSON object a line (or plain text for reading), each with the id of the request it belongs to."""

from __future__ import annotations

import logging
import sys

import structlog

from dispatch.config import Settings


def set_up(settings: Settings) -> None:
    """Send structlog and the standard library's logging to stderr in the chosen format."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shape: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shape, structlog.processors.format_exc_info, last] if settings.log_format == "json" else [*shape, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            foreign_pre_chain=[*shape, structlog.processors.format_exc_info],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
