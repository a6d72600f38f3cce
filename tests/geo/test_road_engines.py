"""Road engines over HTTP: what is asked, what is understood, and what counts as being away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest

from dispatch.geo.road_engines import Osrm, RoadEngineAway, Valhalla, road_engine

YARD, SHOP, PORT = (22.5531, 113.9012), (22.54, 113.95), (22.48, 113.87)
NULL = float("nan")


class Engine:
    """A road engine that answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.status, self.answer = 200, b"{}"
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                mine.asked.append((self.path, json.loads(body) if body else None))
                self.send_response(mine.status)
                self.end_headers()
                self.wfile.write(mine.answer)

            do_GET = do_POST = _reply

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def says(self, answer: object, status: int = 200) -> None:
        self.answer, self.status = json.dumps(answer).encode(), status


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_osrm_is_asked_for_a_table(engine: Engine) -> None:
    engine.says({"code": "Ok", "durations": [[10.4, None], [-1, 30]], "distances": [[100, None], [7, 300.5]]})
    legs = Osrm(engine.url, 2).legs([YARD, SHOP], [SHOP, PORT])
    np.testing.assert_array_equal(legs.seconds, [[10.4, NULL], [NULL, 30]])
    np.testing.assert_array_equal(legs.metres, [[100, NULL], [7, 300.5]])
    ((path, _),) = engine.asked
    assert path.startswith("/table/v1/driving/113.901200,22.553100;113.950000,22.540000;113.950000,22.540000;113.87")
    assert path.endswith("?sources=0;1&destinations=2;3&annotations=duration,distance")


def test_valhalla_speaks_of_kilometres(engine: Engine) -> None:
    engine.says({"sources_to_targets": {"durations": [[60, None]], "distances": [[1.25, None]]}})
    legs = Valhalla(engine.url, 2).legs([YARD], [SHOP, PORT])
    np.testing.assert_array_equal(legs.metres, [[1250, NULL]])
    ((path, body),) = engine.asked
    assert path == "/sources_to_targets" and body["sources"] == [{"lat": YARD[0], "lon": YARD[1]}] and body["verbose"] is False


@pytest.mark.parametrize("kind", [Osrm, Valhalla])
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"code": "TooBig"}, 200),
        ({"code": "Ok", "durations": [[1]], "distances": None}, 200),
        ({"code": "Ok", "durations": [[1, 2]], "distances": [[1, 2]]}, 200),
        ({"sources_to_targets": {"durations": [["x"]], "distances": [[1]]}}, 200),
        ([], 200),
        ({"code": "Ok"}, 502),
    ],
)
def test_what_is_no_table_counts_as_no_answer(engine: Engine, kind: Any, answer: object, status: int) -> None:
    engine.says(answer, status)
    with pytest.raises(RoadEngineAway):
        kind(engine.url, 2).legs([YARD], [SHOP])


def test_nobody_there_counts_as_no_answer(engine: Engine) -> None:
    engine.answer = b"<html>"
    with pytest.raises(RoadEngineAway):
        Osrm(engine.url, 2).legs([YARD], [SHOP])
    with pytest.raises(RoadEngineAway):
        Osrm("http://127.0.0.1:9/", 1).legs([YARD], [SHOP])


def test_engines_come_from_the_settings() -> None:
    assert road_engine("", "http://x", 1) is None and road_engine("osrm", "", 1) is None
    assert isinstance(road_engine("osrm", "http://x/", 1), Osrm) and isinstance(road_engine("valhalla", "http://x", 1), Valhalla)
