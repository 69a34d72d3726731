"""A lead told again: every step and every end of its waits, as the numbers have them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.funnel import Funnel
from processors.policies import BREACH, FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE, OBLIGATIONS
from processors.record import Lead
from processors.shard import Shard
from processors.waits import Retelling, Waits
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS, T0_MS, call, created, inbound, lost, merged, reopened
from tests.processors.looks import feed, panes
from tests.processors.promised import FUNNELS, LATER

MINUTE_MS = 60_000


def telling(shard: Shard, lead_id: str = "L") -> Waits:
    return Retelling(shard.funnel, shard.labels).of(of(shard, lead_id))


def of(shard: Shard, lead_id: str = "L") -> Lead:
    lead = shard.look(lead_id)
    assert lead is not None
    return lead


def test_every_step_and_every_answer_is_told_with_its_wait() -> None:
    shard = feed(
        Shard(FUNNEL), [created(0), call("no_answer", 3), call("connected", 9), inbound(20), call("connected", 30)]
    )
    told = telling(shard)
    assert told.steps == {(0, FIRST_CONTACT, T0_MS, step): T0_MS + at * MINUTE_MS for step, at in ((0, 4), (1, 5))}
    assert {key: answer.at for key, answer in told.answers.items()} == {
        (FIRST_ATTEMPT, T0_MS): T0_MS + 3 * MINUTE_MS,
        (FIRST_CONTACT, T0_MS): T0_MS + 9 * MINUTE_MS,
        (NEXT_RESPONSE, T0_MS + 20 * MINUTE_MS): T0_MS + 30 * MINUTE_MS,
    }
    broken = told.answers[FIRST_CONTACT, T0_MS].broken
    assert broken is not None
    assert (broken.policy, broken.deadline) == (0, T0_MS + 5 * MINUTE_MS)
    assert told.answers[FIRST_ATTEMPT, T0_MS].broken is None


def test_an_answer_to_a_closed_lead_ends_no_wait() -> None:
    assert telling(feed(Shard(FUNNEL), [created(0), lost(2), call("connected", 9)])).answers == {}
    shard = feed(Shard(FUNNEL), [created(0), lost(2), reopened(8), call("connected", 9)])
    assert telling(shard).answers[FIRST_CONTACT, T0_MS].broken is not None


def test_retelling_changes_neither_the_lead_nor_the_shard() -> None:
    shard = feed(Shard(FUNNEL), [created(0), call("connected", 9)])
    lead, before = of(shard), of(shard)
    Retelling(shard.funnel, shard.labels).of(lead)
    assert lead.stored() == before.stored()


def test_a_merged_lead_is_told_as_if_it_had_not_been() -> None:
    shard = feed(Shard(FUNNEL), [created(0), call("connected", 9), merged("M", 10)])
    lead = of(shard)
    unmerged = Retelling(shard.funnel, shard.labels).unmerged(lead)
    assert (unmerged.contacted, unmerged.merged_into) == (T0_MS + 9 * MINUTE_MS, "")
    assert (lead.contacted, lead.merged_into) == (0, "M")


@given(STREAMS, st.sampled_from(FUNNELS))
@examples(60)
def test_what_is_told_of_single_leads_adds_up_to_the_numbers(events: list[Any], funnel: Funnel) -> None:
    shard = feed(Shard(funnel), events)
    shard.tick(LATER)
    counted, told = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for pane in panes(shard).values():
        for key, n in pane.items():
            if key[0] == "promises" and key[4] in {"met", "answered_late"}:
                counted[key[3], key[4]] += n
    for lead_id, lead in shard.leads():
        policies = shard.fold.promises.policies
        for (obligation, _), answer in telling(shard, lead_id).answers.items() if lead.counts else ():
            if answer.broken:
                told[OBLIGATIONS[obligation], "answered_late"] += 1
                assert policies.steps(answer.broken.policy)[obligation][BREACH] > 0
                assert answer.broken.deadline < answer.at
    late = {key: n for key, n in counted.items() if key[1] == "answered_late"}
    assert late == told
