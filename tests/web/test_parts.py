"""The small parts of every page, drawn without the application."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace as Thing
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from dispatch import paths
from dispatch.words import Text, say

AT = datetime(2026, 12, 3, 6, 5, tzinfo=UTC)


@dataclass
class Form:
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Text] = field(default_factory=dict)


@pytest.fixture(scope="module")
def draw() -> Any:
    """draw("ui.plate('粤B12345')", name=value) -> markup, with words untranslated."""
    env = Environment(
        loader=FileSystemLoader(paths.TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(lambda s: s, lambda one, many, n: one if n == 1 else many, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(asset=lambda path: f"/static/{path}", status_word=lambda kind, code: f"{kind}:{code}")
    env.tests["odd_plate"] = lambda plate, colour: False
    env.filters.update(
        tr=str,
        when=lambda m: m.strftime("%m-%d %H:%M"),
        clock=lambda m: m.strftime("%H:%M"),
        ago=lambda m: "in 25 min",
        money=lambda a: f"¥{a}",
    )

    def drawn(expression: str, **names: Any) -> str:
        return env.from_string('{% import "web/parts.html" as ui with context %}{{ ' + expression + " }}").render(**names)

    return drawn


def text_of(markup: str) -> str:
    """What a reader sees, blanks at both ends removed."""
    return Markup(markup).striptags()


def test_plate_is_written_with_its_dot_and_wears_its_colour(draw: Any) -> None:
    assert text_of(draw("ui.plate('粤B12345', 'yellow_green')")) == "粤B·12345"
    assert text_of(draw("ui.plate('粤B·12345', 'blue')")) == "粤B·12345"
    assert "plate-yellow-green" in draw("ui.plate('粤B12345', 'yellow_green')")


def test_unplated_vehicle_shows_the_end_of_its_vin(draw: Any) -> None:
    markup = draw("ui.plate(None, None, vin='LSGPC52U6AF102554')")
    assert "plate-none" in markup
    assert text_of(markup).endswith("…102554")


def test_code_is_grouped_for_the_eye_and_copied_whole(draw: Any) -> None:
    markup = draw("ui.code('89860420112000003614')")
    assert re.findall(r"<b>(\d+)</b>", markup) == ["00", "3614"]
    assert 'data-copy="89860420112000003614"' in markup
    assert text_of(markup).replace(" ", "") == "89860420112000003614"


@pytest.mark.parametrize("code", ["12", "123456", "1234567"])
def test_short_code_loses_nothing(draw: Any, code: str) -> None:
    assert text_of(draw("ui.code(code, copy=False)", code=code)) == code


def test_swap_strikes_the_old_one(draw: Any) -> None:
    old, new = re.split("</del>", draw("ui.swap('868120145233604', '868120278343604')"))
    assert "868120145233604" in old
    assert "868120278343604" in new


def test_status_has_icon_word_and_tone(draw: Any) -> None:
    markup = draw("ui.status('order', 'awaiting_approval')")
    assert "tone-awaiting" in markup
    assert "#hourglass-split" in markup
    assert text_of(markup) == "order:awaiting_approval"


def test_unknown_status_is_shown_quietly(draw: Any) -> None:
    assert "tone-draft" in draw("ui.status('unit', 'in_bag')")


def test_time_is_absolute_with_a_relative_beside_it(draw: Any) -> None:
    assert text_of(draw("ui.when(at)", at=AT)) == "12-03 06:05 in 25 min"
    assert text_of(draw("ui.promise(at, at)", at=AT)) == "12-03 06:05–06:05"
    assert text_of(draw("ui.promise(None, None)")) == "no promise"


def test_money_owed_is_red_only_when_there_is_some(draw: Any) -> None:
    assert "owed" in draw("ui.money(amount, owed=True)", amount=Decimal("145"))
    assert "owed" not in draw("ui.money(amount, owed=True)", amount=Decimal(0))
    assert text_of(draw("ui.money(None)")) == "—"


def test_field_keeps_what_was_typed_and_ties_the_error_to_it(draw: Any) -> None:
    form = Form({"phone": '138"><b>'}, {"phone": say("A mobile number has 11 digits.")})
    markup = draw("ui.field(form, 'phone', 'Phone', type='tel', help='With or without spaces', data_x='1')", form=form)
    assert 'value="138&#34;&gt;&lt;b&gt;"' in markup
    assert 'aria-invalid="true"' in markup
    assert 'aria-describedby="f-phone-error f-phone-help"' in markup
    assert 'id="f-phone-error"' in markup
    assert 'data-x="1"' in markup


def test_cleared_field_stays_cleared(draw: Any) -> None:
    assert 'value=""' in draw("ui.field(form, 'name', 'Name', value='was', required=True)", form=Form({"name": ""}))
    assert 'value="was"' in draw("ui.field(form, 'name', 'Name', value='was')", form=Form())


def test_choices_keep_what_was_chosen(draw: Any) -> None:
    options = [("a", "A"), ("b", "B")]
    assert re.search(
        r'value="b" selected', draw("ui.field(f, 'x', 'X', type='select', options=o)", f=Form({"x": "b"}), o=options)
    )
    assert (
        len(re.findall(" checked", draw("ui.field(f, 'x', 'X', type='checks', options=o)", f=Form({"x": ["a", "b"]}), o=options)))
        == 2
    )
    assert (
        len(re.findall(" checked", draw("ui.field(f, 'x', 'X', type='checks', options=o)", f=Form({"x": "b"}), o=options))) == 1
    )
    assert len(re.findall(" checked", draw("ui.field(f, 'x', 'X', type='radio', options=o)", f=Form({"x": "a"}), o=options))) == 1


def test_a_file_is_asked_for_in_our_words(draw: Any) -> None:
    markup = draw("ui.field(form, 'file', 'List', type='file', required=True)", form=Form())
    assert "Choose a file" in markup and "No file yet" in markup
    assert len(re.findall('for="f-file"', markup)) == 2 and 'type="file"' in markup


@pytest.mark.parametrize(
    ("name", "letters"), [("王建国", "建国"), ("林晓", "林晓"), ("管理员", "管理"), ("财务部", "财务"), ("ann", "A"), ("", "")]
)
def test_letters_of_a_face(draw: Any, name: str, letters: str) -> None:
    assert text_of(draw("ui.letters(name)", name=name)) == letters


def test_password_is_never_written_back(draw: Any) -> None:
    assert "secret" not in draw("ui.field(form, 'password', 'Password', type='password')", form=Form({"password": "secret"}))


def test_error_summary_jumps_to_each_field(draw: Any) -> None:
    markup = draw("ui.error_summary(form)", form=Form({}, {"phone": say("Too short."), "": say("Somebody was faster.")}))
    assert 'href="#f-phone"' in markup
    assert "Somebody was faster." in markup
    assert draw("ui.error_summary(form)", form=Form()).strip() == ""


def action(**more: Any) -> Thing:
    return Thing(
        **{
            "name": "close",
            "label": say("Close"),
            "allowed": True,
            "why": None,
            "url": "/close",
            "needs_reason": False,
            "primary": False,
            "danger": False,
            "version": 3,
        }
        | more
    )


def test_forbidden_action_says_why_in_words(draw: Any) -> None:
    markup = draw("ui.action_buttons(actions)", actions=[action(allowed=False, why=say("A paper is missing."))])
    assert "A paper is missing." in text_of(markup)
    assert "<form" not in markup


def test_allowed_action_posts_the_version_it_was_seen_with(draw: Any) -> None:
    markup = draw("ui.action_buttons(actions)", actions=[action()])
    assert 'action="/close"' in markup
    assert 'name="version" value="3"' in markup
    assert "<dialog" not in markup


def test_action_with_a_reason_asks_for_it_in_a_dialog(draw: Any) -> None:
    markup = draw(
        "ui.action_buttons(actions)", actions=[action(needs_reason=True), action(name="cancel", danger=True, needs_reason=True)]
    )
    assert 'data-dialog="do-close"' in markup
    assert len(re.findall('name="reason"', markup)) == 2
    ids = re.findall(r'\bid="([^"]+)"', markup)
    assert len(ids) == len(set(ids))


def test_history_tells_device_time_and_server_time(draw: Any) -> None:
    entry = Thing(
        what=say("Terminal swapped"),
        who="苏杰",
        device_at=AT,
        server_at=AT.replace(minute=20),
        old="A",
        new="B",
        reason=None,
        icon="cpu",
        tone="site",
    )
    markup = draw("ui.history(entries)", entries=[entry])
    assert "<del>A</del>" in markup
    assert "<ins>B</ins>" in markup
    assert "(at the server 06:20)" in text_of(markup)


def test_what_people_wrote_is_text(draw: Any) -> None:
    wrote = "<script>x</script>"
    for expression in (
        "ui.person_chip(t, role=w)",
        "ui.history([t])",
        "ui.problems([w])",
        "ui.empty(w)",
        "ui.chips([{'label': w, 'url': w}])",
    ):
        entry = Thing(name=wrote, what=wrote, who=wrote, reason=wrote, old=wrote, new=wrote, server_at=AT)
        assert "<script>" not in draw(expression, t=entry, w=wrote)
