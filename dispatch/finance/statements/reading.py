"""Bytes and a name -> Statement, whoever wrote the file. What kind it is, is told by what is in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dispatch.errors import RuleBroken
from dispatch.finance.statements.alipay import is_alipay, read_alipay
from dispatch.finance.statements.bank import first_sheet, is_channels, read_bank
from dispatch.finance.statements.bank_columns import COLUMNS
from dispatch.finance.statements.lines import Statement, cut_off
from dispatch.finance.statements.texts import LIMITS, ends_early, text_of
from dispatch.finance.statements.wechat import is_wechat, read_wechat
from dispatch.tabular.columns import Unrecognised
from dispatch.tabular.kinds import damaged, kind_of, locked
from dispatch.tabular.layouts import Layout, layout_of, told_by
from dispatch.tabular.tables import Workbook, read
from dispatch.tabular.told import NOTHING, Told
from dispatch.words import Text, say

Profile = Callable[[Workbook], Told]
MOST_PARTS = 50
_WORKBOOKS = ("xl/workbook.xml", "content.xml", "word/document.xml")
_MARK, _UTF16 = "\ufffd", (b"\xff\xfe", b"\xfe\xff")


def as_is(_: Workbook) -> Told:
    """Nobody said anything about such files."""
    return NOTHING


@dataclass(frozen=True)
class Seen:
    """What a file gave: a statement, or the sentence why its columns were not understood; how they were, and as who said."""

    statement: Statement | None
    unread: Text | None = None
    layout: Layout | None = None
    told: Told = NOTHING


def read_statement(name: str, content: bytes, zone: ZoneInfo, profile: Profile = as_is) -> Statement:
    """A file -> Statement. Raises RuleBroken with a sentence."""
    seen = look_at(name, content, zone, profile)
    if seen.statement is None:
        raise RuleBroken(seen.unread or say("This is not a statement."))
    return seen.statement


def look_at(name: str, content: bytes, zone: ZoneInfo, profile: Profile = as_is) -> Seen:
    """The same, but of a bank's file whose columns are not understood it says how they were seen."""
    content = _unpacked(content)
    if kind_of(content) == "text" and (seen := _channel(content, zone)) is not None:
        return _not_empty(seen)
    workbook = first_sheet(read(name, content, LIMITS))
    if is_channels(workbook.sheets[0]):
        raise RuleBroken(say("A spreadsheet program has saved this bill, and long numbers are lost. Send it as it was fetched."))
    told = profile(workbook)
    workbook = workbook.told(told)
    try:
        seen = Seen(read_bank(workbook, zone), layout=_layout(workbook), told=told)
    except Unrecognised as refusal:
        return Seen(None, refusal.text, _layout(workbook, understood=False), told)
    return _not_empty(seen)


def told_of(name: str, content: bytes, head: int | None, chosen: Mapping[int, str]) -> Told:
    """What a person said of a bank's file: its row of headings (None: as found), and by column, from 0, what it is."""
    sheet = first_sheet(read(name, content, LIMITS)).sheets[0]
    heads = {} if head is None else {sheet.name: head}
    return told_by((sheet,), COLUMNS, heads, {(sheet.name, column): key for column, key in chosen.items()})


def _layout(workbook: Workbook, *, understood: bool = True) -> Layout:
    return layout_of(workbook.sheets[0], COLUMNS, understood=understood)


def _not_empty(seen: Seen) -> Seen:
    if seen.statement is not None and not seen.statement.lines:
        raise RuleBroken(say("The statement has no lines."))
    return seen


def _channel(content: bytes, zone: ZoneInfo) -> Seen | None:
    """A bill of a channel; None for any other text."""
    text = text_of(content)
    if text is None and content.startswith(_UTF16):
        return None
    if text is None:
        raise RuleBroken(say("The file is in no encoding that statements have (UTF-8 or GBK). Send it as it was fetched."))
    if is_wechat(text):
        return Seen(read_wechat(text, zone))
    if is_alipay(text):
        return Seen(read_alipay(text, zone))
    if _MARK in text:
        raise RuleBroken(say("Its Chinese is lost: the file was saved in a wrong encoding. Send it as it was fetched."))
    if ends_early(text):
        raise cut_off()
    return None


# --- archives, as Alipay gives them


def _unpacked(content: bytes) -> bytes:
    """The bill inside an archive; any other file as it is."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if any(part.filename.lower() in _WORKBOOKS for part in packed.infolist()):
                return content
            return _only_bill(list(_bills(packed)))
    except RuleBroken:
        raise
    except Exception as error:  # a broken zip fails in a dozen ways, depending on its packing
        raise damaged() from error


def _bills(packed: zipfile.ZipFile) -> Iterator[bytes]:
    parts = [part for part in packed.infolist() if not part.is_dir()]
    if any(part.flag_bits & 1 for part in parts):
        raise locked()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LIMITS.text:
        raise RuleBroken(say("The file is too large for a statement. Fetch it by shorter times."))
    for part in parts:
        with packed.open(part) as stream:
            content = stream.read(LIMITS.text + 1)
        text = text_of(content)
        if text is not None and (is_wechat(text) or is_alipay(text)):
            yield content


def _only_bill(bills: list[bytes]) -> bytes:
    if not bills:
        raise RuleBroken(say("The archive holds no bill. Send the file as WeChat Pay or Alipay gave it."))
    if len(bills) > 1:
        raise RuleBroken(say("The archive holds %(n)s bills. Unpack it and send them one by one.", n=len(bills)))
    return bills[0]
