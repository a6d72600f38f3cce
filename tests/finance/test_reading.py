"""Reading statements: the samples line by line, thirty other months, files that are cut, changed or spoilt."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from dispatch import cli
from dispatch.errors import Refusal
from dispatch.finance.statements.lines import Statement, receipt_in
from dispatch.finance.statements.reading import look_at, read_statement
from tests.finance.months import True_, month
from tests.tabular.files import SAMPLES, expected, xlsx

ZONE = ZoneInfo("Asia/Shanghai")
FILES = {"wechat": "statement_wechat.csv", "alipay": "statement_alipay.zip", "bank": "statement_bank.xlsx"}
MONTHS = [(seed, channel) for seed in range(10) for channel in FILES]


def read(name: str, content: bytes) -> Statement:
    return read_statement(name, content, ZONE)


def sample(channel: str) -> bytes:
    return (SAMPLES / FILES[channel]).read_bytes()


def refused(content: bytes, name: str = "x.csv") -> str:
    """The sentence by which a file is refused."""
    with pytest.raises(Refusal) as refusal:
        read(name, content)
    return str(refusal.value)


@pytest.mark.parametrize("channel", FILES)
def test_the_samples_line_by_line(channel: str) -> None:
    answer = CliRunner().invoke(cli.cli, ["statement", "read", str(SAMPLES / FILES[channel]), "--json"])
    assert answer.exit_code == 0, answer.output
    told, truth = json.loads(answer.stdout), expected("statements")[channel]
    keys = ("kind", "receipt", "amount", *(("fee",) if channel != "bank" else ()))
    found = [{key: line[key] for key in keys} for line in told["lines"]]
    assert found == [{key: line[key] for key in keys} for line in truth]
    assert told["channel"] == channel and told["totals"]["count"] == len(truth)
    assert list(told["lines"][0]) == ["time", "kind", "amount", "fee", "receipt", "reference", "party", "note"]
    assert all(datetime.fromisoformat(line["time"]).utcoffset() for line in told["lines"])


def test_ids_and_names_come_without_the_marks_around_them() -> None:
    first = read("x.csv", sample("wechat")).lines[0]
    assert (first.reference, first.note, first.row) == ("4200000016414458491873620384", "上门服务费, 含配件", 2)
    paid = read("x.zip", sample("alipay"))
    assert (paid.lines[0].reference, paid.account) == ("2026120222001791422532605536", "20881021771112340156")
    bank = read("x.xlsx", sample("bank"))
    assert (bank.bank, bank.account, str(bank.lines[0].time)) == ("招商银行", "7559****1234", "2026-12-02 10:51:11+08:00")


def test_thirty_other_months_are_read_right() -> None:
    for seed, channel in MONTHS:
        made = month(seed, channel)
        found = read(made.name, made.content)
        assert found.channel == channel
        lines = [True_(line.kind, line.amount, line.fee, line.receipt) for line in found.lines]
        assert lines == list(made.lines), (seed, channel)
        assert len({line.key for line in found.lines}) == len(lines)


def test_the_same_months_cut_off_are_refused() -> None:
    for seed, channel in MONTHS:
        made, rng = month(seed, channel), Random(seed)
        if channel == "bank" and not made.content.startswith(b"PK"):
            continue  # where a bank sums nothing up, nobody can tell that its last rows are missing
        for _ in range(3):
            assert refused(made.content[: rng.randrange(10, len(made.content) - 40)], made.name), (seed, channel)


def test_a_bank_csv_that_breaks_off_in_a_row_is_refused() -> None:
    text = "交易日期,收入,支出,摘要,流水号\n" + "".join(f"2026-12-0{n},{n}.00,,款,K{n}\n" for n in range(1, 5))
    assert len(read("b.csv", text.encode()).lines) == 4
    assert "cut off" in refused(text.encode()[:-8])


def test_a_changed_amount_shows() -> None:
    text = sample("wechat").decode("utf-8-sig")
    assert "the sum of orders is 6977.50 in its summary, its lines make 6977.60" in refused(
        text.replace("`763.50", "`763.60", 1).encode()
    )
    one_less = "\n".join(line for line in text.splitlines() if "0059" not in line)
    assert "the number of lines is 20 in its summary, its lines make 19" in refused(one_less.encode())
    rows: list[list[Any]] = [["交易日", "贷方金额", "余额", "摘要", "流水号"]]
    rows += [[f"2026120{n}", 10, 100 + 10 * n, "款", f"K{n}"] for n in range(1, 6)]
    assert read("b.xlsx", xlsx(rows)).totals["payment"] == "50.00"
    rows[3][1] = 11
    assert refused(xlsx(rows)).startswith("Row 4: the balance does not follow")
    summed = [*rows[:3], ["合计", 21, "", "2笔"]]
    assert "the sum of amounts in is 21 in its summary, its lines make 20" in refused(xlsx(summed))


def test_spoilt_files_are_refused_with_a_sentence() -> None:
    text = sample("wechat").decode("utf-8-sig")
    assert "wrong encoding" in refused(text.encode("gbk").decode("utf-8", "replace").encode())
    assert "in no encoding" in refused(text.encode("utf-8")[:900] + b"\xff\xfe\xff" * 20 + text.encode("utf-8")[900:])
    assert "was cut by a spreadsheet program" in refused(text.replace("`4200000016414458491873620384", "`4.2E+27").encode())
    assert "A spreadsheet program has saved" in refused(xlsx([["交易时间", "微信订单号"], ["2026-12-02", "4.2E+27"]]), "x.xlsx")
    assert "stands in the file twice" in refused(
        text.replace("`4200000063961814606202650965", "`4200000016414458491873620384").encode()
    )
    assert "“2026-13-02 09:11:00” is not a time" in refused(text.replace("2026-12-02 09:11:00", "2026-13-02 09:11:00").encode())
    assert "“手续费” is missing" in refused(text.replace("手续费,费率", "x,费率").encode())
    assert "several accounts" in refused(text.replace("`1900000109", "`1900000110", 1).encode())
    assert "No row of headings" in refused("随便写点什么\n好,的\n".encode())
    assert "No column was recognised as an amount" in refused("交易日期,摘要\n2026-12-02,款\n".encode())
    assert "has no lines" in refused("交易日期,收入金额\n".encode())
    assert "an amount in and an amount out" in refused("交易日期,收入金额,支出金额\n2026-12-02,1,2\n".encode())
    assert "not an amount to the fen" in refused("交易日期,收入金额\n2026-12-02,1.005\n".encode())
    assert "only yuan are read" in refused("币种,美元\n交易日期,收入金额\n2026-12-02,1\n".encode())
    assert "file is empty" in refused(b"") and "picture" in refused(b"\x89PNG....")
    answer = CliRunner().invoke(cli.cli, ["statement", "read", str(SAMPLES / "prices.csv"), "--lang", "zh"])
    assert answer.exit_code == 2 and "没有" in answer.output
    assert CliRunner().invoke(cli.cli, ["statement", "read", str(Path("nowhere.csv")), "--lang", "en"]).exit_code == 2


def test_a_refund_may_come_before_its_payment_and_without_it() -> None:
    rows = sample("wechat").decode("utf-8-sig").splitlines()
    turned = [rows[0], *reversed(rows[1:-2]), *rows[-2:]]
    found = read("x.csv", "\n".join(turned).encode())
    assert [line.amount for line in found.lines if line.receipt == "SS-202612-0007"] == [Decimal(-680), Decimal(680)]


def test_columns_nobody_knows_are_told_to_a_person() -> None:
    seen = look_at("b.csv", "哪天,多少,说明\n2026-12-02,5.00,款\n".encode(), ZONE)
    assert seen.statement is None and seen.unread is not None and seen.layout is not None
    assert [column.heading for column in seen.layout.columns] == ["哪天", "多少", "说明"]


def test_our_numbers_are_found_in_notes() -> None:
    assert receipt_in("维修费RSZ000123谢谢") == "RSZ000123"
    assert receipt_in("ss-202612-0003服务费") == "SS-202612-0003"
    assert receipt_in("缴款单JK-20261202-01", "JK-2026-00001", "K754112277", "粤B12345") is None
