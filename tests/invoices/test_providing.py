"""A provider that issues: asked once for each request, again after a failure, and given up in the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import RuleBroken
from dispatch.files.gateway import configure
from dispatch.invoices import gateway, jobs
from dispatch.invoices.gateway import Answer, ProviderFailed, Wanted
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations import issue, make_void, red_letter, refuse
from dispatch.invoices.operations.answering import take_answer
from dispatch.invoices.operations.providing import MOST_TRIES, begin_try, try_again
from dispatch.invoices.queries import files_of, to_ask_again
from dispatch.words import text_from_json
from tests.company import FILES_KEY
from tests.conftest import AT, Cast
from tests.fees.building import price_list
from tests.invoices.building import NUMBER, asked, charged_order


class Fake:
    """A provider who keeps what he was asked for, and fails as often as he is told to."""

    def __init__(self) -> None:
        self.issued: dict[str, str] = {}
        self.wanted: list[Wanted] = []
        self.fails, self.loses_answers, self.refuses = 0, 0, ""

    def issue(self, wanted: Wanted) -> Answer:
        if self.fails:
            self.fails -= 1
            raise ProviderFailed("timeout")
        if self.refuses:
            return Answer("refused", told=self.refuses)
        self.wanted.append(wanted)
        number = self.issued.setdefault(wanted.request_number, f"{int(NUMBER) + len(self.issued)}")
        if self.loses_answers:
            self.loses_answers -= 1
            raise ProviderFailed("answer lost")
        return Answer("issued", number)

    red_letter = issue

    def ask(self, request_number: str) -> Answer | None:
        number = self.issued.get(request_number)
        return Answer("issued", number) if number else None

    def fetch(self, number: str) -> tuple[str, bytes] | None:
        return f"{number}.pdf", b"%PDF-1.7 invoice"


@pytest.fixture
def provider() -> Iterator[Fake]:
    """It is bound for a test."""
    fake = Fake()
    gateway.configure(fake)
    yield fake
    gateway.configure(None)


@pytest.fixture
def invoice_id(database: str, cast: Cast, provider: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """An invoice that waits for the provider."""
    configure(tmp_path, FILES_KEY)
    later = itertools.count()
    monkeypatch.setattr("dispatch.invoices.jobs.now", lambda: AT + timedelta(hours=6 * next(later)))
    with transaction() as db:
        price_list(db, cast)
        return asked(db, cast.lin, charged_order(db, cast)).id


def read(invoice_id: int) -> Invoice:
    """The invoice as it stands."""
    with transaction() as db:
        return db.get_one(Invoice, invoice_id)


def test_it_is_issued_once_though_the_answer_was_lost(cast: Cast, provider: Fake, invoice_id: int) -> None:
    provider.fails, provider.loses_answers = 1, 1
    jobs.ask_provider(invoice_id)
    made = read(invoice_id)
    assert (made.state, made.provider_state, made.provider_tries) == ("requested", "asked", 1)
    assert made.provider_told and "timeout" in str(text_from_json(made.provider_told))
    assert made.provider_next_at
    with transaction() as db:
        assert (
            to_ask_again(db, AT) == []
            and begin_try(db, invoice_id, at=AT) is None
            and to_ask_again(db, made.provider_next_at) == [invoice_id]
        )
        with pytest.raises(RuleBroken, match="asked to issue it already"):
            refuse(db, invoice_id, reason="x", by=cast.qian, at=AT)
    for _ in range(3):
        jobs.ask_provider(invoice_id)
    made = read(invoice_id)
    assert (made.state, made.number, made.provider_state, made.issued_by_name) == ("issued", NUMBER, "done", "system")
    (wanted,) = provider.wanted
    assert (wanted.request_number, wanted.gross, wanted.buyer["title"]) == (made.request_number, 345, "恒通物流有限公司")
    with transaction() as db:
        (file,) = files_of(db, invoice_id)
        assert file.name == f"{NUMBER}.pdf"
        with pytest.raises(RuleBroken, match="not made void"):
            make_void(db, invoice_id, reason="x", by=cast.qian, at=AT)
        red = red_letter(db, invoice_id, amount=Decimal(345), number=None, reason="退款", key=None, by=cast.qian, at=AT).id
    jobs.ask_provider(red)
    assert provider.wanted[1].red_of == NUMBER and provider.wanted[1].gross == -345
    assert (read(red).state, read(invoice_id).state) == ("issued", "red_lettered")


def test_finance_sees_what_the_provider_says_and_can_try_again(cast: Cast, provider: Fake, invoice_id: int) -> None:
    provider.refuses = "税号有误"
    jobs.ask_provider(invoice_id)
    made = read(invoice_id)
    assert made.provider_state == "failed" and "税号有误" in str(text_from_json(made.provider_told or {}))
    provider.refuses, provider.fails = "", MOST_TRIES
    with transaction() as db:
        try_again(db, invoice_id, by=cast.qian, at=AT)
    for _ in range(MOST_TRIES + 1):
        jobs.ask_provider(invoice_id)
    made = read(invoice_id)
    assert (made.provider_state, made.provider_tries) == ("failed", MOST_TRIES)
    assert "before you issue this by hand" in str(text_from_json(made.provider_told or {}))


def test_what_the_provider_issues_beside_a_person_is_told(cast: Cast, provider: Fake, invoice_id: int) -> None:
    with transaction() as db:
        begun = begin_try(db, invoice_id, at=AT)
        assert begun is not None
        issue(db, invoice_id, number="24442000000088888888", by=cast.qian, at=AT)
    with transaction() as db:
        for _ in range(2):
            assert take_answer(db, invoice_id, provider.issue(begun[0]), at=AT) is False
    made = read(invoice_id)
    assert (made.number, made.provider_state) == ("24442000000088888888", "failed")
    assert NUMBER in str(text_from_json(made.provider_told or {}))
    with transaction() as db:
        told = [each.detail["told"] for each in history(db, ("invoice", invoice_id)) if each.action == "invoice.provider"]
    assert [each["params"] for each in told] == [{"number": NUMBER}]
