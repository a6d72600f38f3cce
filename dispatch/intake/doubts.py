"""Refusals that a person can overrule: the sentence stands beside the field, with a box to tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.errors import Invalid
from dispatch.words import Text, say

RIGHT_AS_TYPED = say("It is right as typed")
CHANGED_HANDS = say("It changed hands: move it to this customer")


@dataclass(frozen=True)
class Confirm:
    """A box to tick: sent as `name`=`value`. It counts only while the field still says `value`."""

    name: str
    value: str
    label: Text


class Doubtful(Invalid):
    """What was typed is wrong, or only looks it: the fields in `confirms` are taken once their box is ticked."""

    def __init__(self, fields: Mapping[str, Text], confirms: Mapping[str, Confirm]) -> None:
        super().__init__(fields)
        self.confirms = dict(confirms)
