"""Answers travel packed, by br or gzip, as the browser asks: a page of a list is a tenth of its size then."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress

WAYS = ["br", "gzip"]
COMPILED = "application/wasm"
"""The reader of codes: less than half as long when it is packed. The packer does not think of it."""
PACKED = ("text/", "image/svg", COMPILED)


def init(app: Flask) -> None:
    """Pack what an application answers; it comes first, so that it is done last."""
    app.config.update(COMPRESS_ALGORITHM=WAYS, COMPRESS_LEVEL=4, COMPRESS_MIN_SIZE=1_000, COMPRESS_STREAMS=False)
    Compress(app).compress_mimetypes_set.add(COMPILED)
    app.after_request(_read_whole)


def _read_whole(answer: Response) -> Response:
    """Static files are read before they are packed: as a stream they would be packed worse, and stay open."""
    if request.endpoint == "static" and answer.direct_passthrough and (answer.mimetype or "").startswith(PACKED):
        answer.direct_passthrough = False
        answer.get_data()
    return answer
