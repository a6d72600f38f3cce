"""The conversation with one terminal, without a network."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dispatch.devices.jt808.frames import Reader
from dispatch.devices.jt808.observations import MOST_RAW, Observation, Terminal
from dispatch.devices.jt808.session import Heard, Session, code_of
from tests.devices.jt808 import terminal as device
from tests.devices.jt808.terminal import E2011, E2013, E2019, Said, said

AT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
SECRET = b"a secret of the tests"
OURS = {"13912344323": 7, "13900000002": 8}


def known(phone: str, terminal_id: str | None) -> Terminal | None:
    """The two phones above; terminal 4316102 whatever its phone."""
    who = OURS.get(phone) or (7 if terminal_id == "4316102" else None)
    return Terminal(who) if who else None


class Talk:
    """A session with somebody talking to it."""

    def __init__(self, phone: str = "13912344323", edition: int = E2013) -> None:
        self.session = Session(known, SECRET)
        self.device = device.Terminal(phone, edition)
        self.steady = 1000.0
        self.heard: Heard = Heard()

    def say(self, raw: bytes) -> list[Said]:
        (frame,) = Reader().feed(raw)
        self.heard = self.session.hear(frame, AT, self.steady)
        return [one for answer in self.heard.answers for one in said(answer)]

    @property
    def seen(self) -> Observation:
        (one,) = self.heard.observations
        return one

    def prove(self) -> Talk:
        (answer,) = self.say(self.device.register())
        self.say(self.device.authenticate(answer.code))
        return self


@pytest.mark.parametrize("edition", [E2011, E2013, E2019])
def test_from_registration_to_the_iccid(edition: int) -> None:
    talk = Talk(edition=edition)
    (answer,) = talk.say(talk.device.register())
    assert answer.message_id == 0x8100 and answer.body[:3] == b"\0\0\0"
    assert (talk.seen.kind, talk.seen.terminal_id, talk.seen.plate) == ("registered", "4316102", "粤B12345")

    done, question = talk.say(talk.device.authenticate(answer.code))
    assert done.result == (1, 0x0102, 0) and question.message_id == 0x8107
    assert (talk.seen.kind, talk.seen.imei) == ("online", "359121104139382" if edition == E2019 else None)

    assert talk.say(talk.device.properties()) == [] and talk.heard.later is not None
    assert (talk.seen.kind, talk.seen.iccid, talk.seen.who) == ("properties", "89860622588667878485", 7)
    (stored,) = said(talk.session.stored(talk.heard.later, well=True))
    assert stored.result == (2, 0x0107, 0)
    assert [question.serial, stored.serial] == [2, 3], "our own messages are numbered in a row"


def test_whoever_is_not_configured_is_refused_whatever_it_says() -> None:
    for raw_of in ("register", "heartbeat", "position", "deregister"):
        talk = Talk("13999999999")
        (answer,) = talk.say(talk.device.register("9999999") if raw_of == "register" else getattr(talk.device, raw_of)())
        assert answer.body[-1] == (4 if raw_of == "register" else 1)
        assert talk.heard.leave == "unknown terminal" and not talk.heard.observations


def test_a_terminal_may_be_known_by_the_id_it_registers_with() -> None:
    talk = Talk("13999999999").prove()
    assert talk.session.terminal == Terminal(7) and talk.session.still_known()


def test_nothing_is_believed_before_the_code() -> None:
    talk = Talk()
    for raw in (talk.device.heartbeat(), talk.device.position(), talk.device.properties()):
        (answer,) = talk.say(raw)
        assert answer.result[2] == 1 and not talk.heard.observations
        assert talk.heard.fault == "not authenticated" and not talk.heard.leave
    (answer,) = talk.say(talk.device.authenticate("wrong"))
    assert answer.result[2] == 1 and talk.heard.fault == "code"
    (answer,) = talk.say(talk.device.authenticate("错误的码"))
    assert answer.result[2] == 1


def test_an_answer_before_the_code_is_let_pass() -> None:
    talk = Talk()
    assert talk.say(talk.device.reply(0, 0x8107, 3)) == [] and not talk.heard.fault


def test_a_code_outlives_the_connection_but_not_another_secret() -> None:
    talk = Talk()
    assert talk.say(talk.device.authenticate(code_of(SECRET, "13912344323")))[0].result[2] == 0
    other = Talk()
    assert other.say(other.device.authenticate(code_of(b"another", "13912344323")))[0].result[2] == 1


def test_the_code_of_one_terminal_does_not_open_another() -> None:
    talk = Talk("13900000002")
    assert talk.say(talk.device.authenticate(code_of(SECRET, "13912344323")))[0].result[2] == 1


def test_a_frame_of_another_phone_is_not_taken_for_this_terminals() -> None:
    talk = Talk().prove()
    stranger = device.Terminal("13900000002")
    (answer,) = talk.say(stranger.position())
    assert answer.result[2] == 1 and answer.phone == "013900000002"
    assert talk.heard.fault == "another phone" and not talk.heard.observations
    assert talk.session.terminal == Terminal(7)


def test_a_terminal_that_got_another_phone_begins_anew() -> None:
    talk = Talk().prove()
    talk.device = device.Terminal("13900000002")
    talk.say(talk.device.register("0000000"))
    assert talk.session.terminal is None
    assert talk.prove().session.terminal == Terminal(8)


def test_registering_again_does_not_undo_the_code() -> None:
    talk = Talk().prove()
    talk.say(talk.device.register())
    talk.say(talk.device.position())
    assert talk.seen.kind == "position"


def test_position_as_observation() -> None:
    talk = Talk().prove()
    talk.say(talk.device.position(at=AT, alarm=1 << 8, acc=False, more=[0xE0, 250] + [5] * 250 + [0xE1, 250] + [5] * 250))
    seen = talk.seen
    assert (seen.device_time, seen.received_at, seen.acc, seen.power_cut) == (AT, AT, False, True)
    assert (seen.satellites, seen.signal, seen.positioned, seen.late) == (12, 23, True, False)
    assert len(seen.raw) == 2 * MOST_RAW and seen.raw.startswith("0200")


def test_kept_positions_are_marked_late_and_a_batch_without_any_is_wrong() -> None:
    talk = Talk().prove()
    talk.say(talk.device.batch([device.position(AT), device.position(AT)]))
    assert [one.late for one in talk.heard.observations] == [True, True] and talk.heard.later
    (answer,) = talk.say(talk.device.batch([]))
    assert answer.result[2] == 2 and not talk.heard.observations


def test_a_long_batch_comes_in_parts_each_answered() -> None:
    talk = Talk(edition=E2019).prove()
    *first, last = talk.device.parts(0x0704, device.batch([device.position(AT)] * 40), 500)
    for raw in first:
        assert talk.say(raw)[0].result[2] == 0 and not talk.heard.observations
    talk.say(last)
    assert len(talk.heard.observations) == 40 and talk.heard.later


def test_pictures_are_turned_down_and_not_gathered() -> None:
    talk = Talk().prove()
    for raw in talk.device.parts(0x0801, [1] * 3000, 1000):
        talk.say(raw)
    assert talk.session.parts.held == 0
    (answer,) = talk.say(talk.device.frame(0x0801, b"picture"))
    assert answer.result[2] == 3


def test_a_damaged_message_is_answered_as_wrong() -> None:
    talk = Talk().prove()
    (answer,) = talk.say(talk.device.frame(0x0200, b"short"))
    assert answer.result[2] == 2 and talk.heard.fault == "unreadable"


def test_the_question_is_asked_again_until_answered_or_given_up() -> None:
    def questions(talk: Talk, beats: int) -> int:
        found = 0
        for _ in range(beats):
            talk.steady += 61
            found += sum(one.message_id == 0x8107 for one in talk.say(talk.device.heartbeat()))
        return found

    assert questions(Talk().prove(), 9) == 2, "three with the one after authentication"
    answered = Talk().prove()
    answered.say(answered.device.properties())
    assert questions(answered, 9) == 0
    old = Talk(edition=E2011).prove()
    old.say(old.device.reply(2, 0x8107, 3))
    assert questions(old, 9) == 0


def test_leaving() -> None:
    talk = Talk().prove()
    (answer,) = talk.say(talk.device.deregister())
    assert answer.result[2] == 0 and talk.heard.leave == "deregistered" and talk.seen.kind == "left"


def test_a_terminal_taken_out_of_the_configuration_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk("13900000002").prove()
    assert talk.session.still_known()
    monkeypatch.delitem(OURS, "13900000002")
    talk.session._terminal_id = None
    assert not talk.session.still_known()
