"""The requests of a page without its screen: a signed-in browser sends the forms of pages that it does not draw."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.browser.walking import Desk

OF_A_PAGE = {"Accept-Language": "en-US", "Sec-Fetch-Site": "same-origin"}
OF_A_FORM = {**OF_A_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
OF_A_PHOTO = {**OF_A_PAGE, "X-Photo": "1"}


@dataclass(frozen=True)
class Answer:
    """What came back, as far as anybody asks."""

    status_code: int
    text: str
    location: str


class Wire:
    """Gets and posts with the cookies of somebody's browser, in the words of Flask's test client."""

    def __init__(self, desk: Desk) -> None:
        self._asks = desk.page.request
        self._address = desk.address

    def get(self, path: str) -> Answer:
        """A page as it is sent."""
        return self._told(self._asks.get(self._whole(path), headers=OF_A_PAGE))

    def post(self, path: str, data: dict[str, Any]) -> Answer:
        """A form; where it leads is told, not followed."""
        return self._told(
            self._asks.post(self._whole(path), data=urlencode(data, doseq=True), headers=OF_A_FORM, max_redirects=0)
        )

    def photo(self, path: str, picture: Path) -> Answer:
        """A photo as the camera's page sends it, under a new UUID."""
        file = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture.read_bytes()}
        body = {"fact": str(uuid.uuid4()), "photo": file}
        return self._told(self._asks.post(self._whole(path), multipart=body, headers=OF_A_PHOTO))

    def _whole(self, path: str) -> str:
        return path if path.startswith("http") else self._address + path

    def _told(self, answer: Any) -> Answer:
        return Answer(answer.status, answer.text(), answer.headers.get("location", ""))
