"""What every kind of interaction means: the whole table, against the rule written down once more."""

from __future__ import annotations

from itertools import product

from processors.funnel import Funnel
from processors.rows import ACTOR_KINDS, DIRECTIONS, KNOWN_CHANNELS, OUTCOMES, touch_bits
from processors.touches import ATTEMPT, AUTOMATED, CONTACT, INBOUND, NOTHING, TOUCH_MASK, touch_meanings

WRITTEN = {"email", "sms", "chat", "messenger", "mail"}
REACHED = {"connected", "replied", "booked", "held"}


def test_each_of_the_kinds_of_interaction_means_one_thing() -> None:
    meanings = touch_meanings(Funnel())
    seen = set()
    for direction, who, outcome, channel in product(DIRECTIONS, ACTOR_KINDS, OUTCOMES, KNOWN_CHANNELS):
        means = meanings[touch_bits(direction, who, outcome, channel)]
        if direction == "in":
            assert means == (INBOUND if who == "human" else NOTHING)
        elif who in ("bot", "automation"):
            assert means == AUTOMATED
        elif outcome in REACHED or (outcome == "attempted" and channel in WRITTEN):
            assert means == CONTACT
        else:
            assert means == ATTEMPT
        seen.add(means)
    assert seen == {NOTHING, AUTOMATED, ATTEMPT, CONTACT, INBOUND}


def test_bits_that_no_interaction_has_mean_nothing() -> None:
    meanings = touch_meanings(Funnel())
    used = {touch_bits(*kind) for kind in product(DIRECTIONS, ACTOR_KINDS, OUTCOMES, KNOWN_CHANNELS)}
    assert len(meanings) == TOUCH_MASK + 1
    assert not any(meanings[bits] for bits in range(len(meanings)) if bits not in used)
