"""What hypothesis draws of the acts about requests: who, which of those that wait, how much; what goes wrong is drawn seldom."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.approvals.asking import (
    Asking,
    ByLink,
    CarryingOut,
    Deciding,
    Leaving,
    Mending,
    Revoking,
    Sending,
    StandingIn,
    Withdrawing,
    Working,
)

ANYBODY = st.sampled_from(["wang", "wang", "wei", "wei", "zhou", "qian", "qian", "chen", "chen", "su", "he", "lin"])
_PICK, _SIZE = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5]), st.sampled_from([1, 20, 120])
_OFTEN, _SELDOM = st.sampled_from([True, True, True, True, False]), st.sampled_from([None, None, None, "wang", "lin"])
_KINDS = st.sampled_from(["purchase", "purchase", "refund", "refund", "overrule", "goodwill", "quotation"])

WORK = st.builds(Working, st.integers(0, 3))
ASK = st.builds(Asking, _KINDS, st.sampled_from(["lin", "wang", "wei", "zhou", "qian"]), _SIZE, _PICK, st.integers(1, 400))
DECIDE_ONE = st.builds(Deciding, ANYBODY, _PICK, _OFTEN, _OFTEN, _OFTEN)
SEND = st.builds(Sending, ANYBODY, ANYBODY, _PICK, _OFTEN)
BY_LINK = st.builds(ByLink, _PICK, _OFTEN, _SELDOM)
REVOKE = st.builds(Revoking, ANYBODY, _PICK)
WITHDRAW_ONE = st.builds(Withdrawing, _PICK, _SELDOM)
MEND = st.builds(Mending, st.sampled_from(["lin", "wang", "wei", "qian"]), _PICK, _SIZE)
CARRY_OUT = st.builds(CarryingOut, st.sampled_from(["lin", "qian", "wang"]), _PICK, st.sampled_from(["purchase", "refund"]))
STAND_IN = st.builds(StandingIn, st.sampled_from(["wang", "wei", "chen", "qian"]), st.sampled_from(["he", "su", "wei"]))
LEAVE = st.just(Leaving("wei"))
