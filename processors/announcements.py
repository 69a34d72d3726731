"""What others are told about the promises to a lead, and when to look at it again.

A warning, a breach or an escalation is announced only by `look`, when everything that had happened by then is known: an
answer may still be on its way. What ends a wait is announced with the event that ends it. Each is announced once: the
record says what was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from processors.fold import Fold
from processors.funnel import OPEN
from processors.labels import Labels
from processors.policies import BREACH, FIRST_ATTEMPT, FIRST_CONTACT, OBLIGATIONS, WALL, WARNING
from processors.promises import Split, steps_of
from processors.record import Lead, Said
from processors.rows import EPOCH, MERGED, rows
from processors.waits import Answer, Broken, Retelling, Waits
from schemas.alerts import AnsweredLate, Breached, Escalated, LeadAlert, Resolved, Warned, alert_id

ALL_JUDGED: Final = 3
"""`Lead.judged` when neither the first attempt nor the first contact is open any more."""


class _Wait(NamedTuple):
    """A wait that is spoken of."""

    lead_id: str
    lead: Lead
    obligation: int
    said: Said


class Announcer:
    """Makes the alerts of a shard.

    Args:
        fold: Knows where the leads stand.
        retelling: Knows how they came there.
        labels: The shard's label tables.
    """

    def __init__(self, fold: Fold, retelling: Retelling, labels: Mapping[str, Labels]) -> None:
        self._fold, self._promises = fold, fold.promises
        self._retelling, self._labels = retelling, labels
        policies = zip(fold.policy_labels, self._promises.policies.policies, strict=True)
        self._clocks = {name: policy.clock for name, policy in policies}

    def next_look(self, lead: Lead) -> int:
        """Return when to look at a lead again, ms: at its next step, or at one that passed unannounced; 0 for never.

        At once when something announced is over without an event having said so: other policies hold now.
        """
        if lead.said and not all(self._goes_on(lead, *said) for said in lead.said.items()):
            return 1
        policy = self._promises.policy(lead) if lead.counts else None
        first = 0
        if policy is not None:
            for obligation in self._promises.waits(lead):
                due = self._promises.due(lead, policy, obligation, self._told(lead, obligation))
                if due is not None and (not first or due < first):
                    first = due
        return first

    def look(self, lead_id: str, lead: Lead, now: int) -> Iterator[LeadAlert]:
        """Yield the steps that have passed and were not announced, and note that they are now.

        A warning that was noticed only after the breach is left out: it would be news of yesterday.

        Args:
            lead_id: The lead.
            lead: Its record, in which the time up to `now` has passed.
            now: ms; everything that had happened by then is in the record.
        """
        policy = self._promises.policy(lead) if lead.counts else None
        if policy is None:
            return
        for obligation in self._promises.waits(lead):
            passed, told = steps_of(lead, obligation), self._told(lead, obligation)
            if passed <= told:
                continue
            waits = self._retelling.of(lead)
            times = self._times(waits, lead, policy, obligation)
            began, name = self._promises.began(lead, obligation), self._fold.policy_labels[policy]
            said = began, passed, name, times[BREACH], self._incident(lead, obligation)
            lead.said = (lead.said or {}) | {obligation: said}
            for step in range(told, passed):
                if step != WARNING or passed == BREACH:
                    due = max(times[step], waits.open_since)  # what came before a reopening is news since that
                    yield self._step(_Wait(lead_id, lead, obligation, said), step, due, now)

    def ended(self, lead_id: str, lead: Lead) -> list[LeadAlert]:
        """Return what is over since the last call, and note that it was told."""
        alerts: list[LeadAlert] = []
        for obligation, said in sorted(lead.said.items()) if lead.said else ():
            if not self._goes_on(lead, obligation, said):
                lead.said = {known: what for known, what in (lead.said or {}).items() if known != obligation} or None
                alerts.append(self._end(_Wait(lead_id, lead, obligation, said)))
                lead.incidents += 1
        if lead.judged != ALL_JUDGED and lead.attempted and lead.counts:
            for obligation in (FIRST_ATTEMPT, FIRST_CONTACT) if lead.contacted else (FIRST_ATTEMPT,):
                if not lead.judged >> obligation & 1:
                    alerts.extend(self._judge(lead_id, lead, obligation))
        return alerts

    def _judge(self, lead_id: str, lead: Lead, obligation: int) -> Iterator[LeadAlert]:
        """Yield a late answer to a wait that was never spoken of, and note that it was judged."""
        lead.judged |= 1 << obligation
        if steps_of(lead, obligation) > BREACH:
            answer = self._first_answer(lead, obligation) or self._answer(lead, obligation, lead.created)
            if answer and answer.broken:
                name = self._fold.policy_labels[answer.broken.policy]
                unsaid = lead.created, 0, name, answer.broken.deadline, lead.incidents
                late = self._late(_Wait(lead_id, lead, obligation, unsaid), answer)
                lead.incidents += 1  # should the answer be taken back, the wait that goes on is another one
                yield late

    # -- what was said -------------------------------------------------------------------------------------------

    def _told(self, lead: Lead, obligation: int) -> int:
        """Return how many steps of the present wait were announced; `ended` has taken out what was said of others."""
        said = (lead.said or {}).get(obligation)
        return said[1] if said else 0

    def _incident(self, lead: Lead, obligation: int) -> int:
        said = (lead.said or {}).get(obligation)
        return said[4] if said else lead.incidents

    def _goes_on(self, lead: Lead, obligation: int, said: Said) -> bool:
        """Return whether the wait that was spoken of goes on, and what was said of it still holds."""
        if not lead.counts or said[0] != self._promises.began(lead, obligation):
            return False
        policy = self._promises.policy(lead)
        same = policy is not None and self._fold.policy_labels[policy] == said[2]
        return same and self._promises.pending(lead, obligation) and steps_of(lead, obligation) >= said[1]

    def _times(self, waits: Waits, lead: Lead, policy: int, obligation: int) -> list[int]:
        """Return when the warning, the breach and the steps after it came or will come, ms."""
        began = self._promises.began(lead, obligation)
        dues = (
            waits.steps.get((policy, obligation, began, step)) or self._promises.due(lead, policy, obligation, step)
            for step in range(len(self._promises.policies.steps(policy)[obligation]))
        )
        return [due or 0 for due in dues]

    def _first_answer(self, lead: Lead, obligation: int) -> Answer | None:
        """Return how the wait for a first answer ended, late, if the record as it stands still tells; else None.

        It does while nothing has been decided since that could have changed hours, policy or status: the rule for an
        event in order, and ten times as quick as telling the whole record again.
        """
        at = lead.contacted if obligation == FIRST_CONTACT else lead.attempted
        policy = self._promises.policy(lead)
        if policy is None or lead.status != OPEN or at <= lead.since:
            return None
        deadline = self._promises.due(lead, policy, obligation, BREACH)
        if deadline is None or not lead.since < deadline < at:
            return None
        return Answer(at, self._promises.split(lead, at), Broken(policy, deadline))

    def _answer(self, lead: Lead, obligation: int, began: int) -> Answer | None:
        return self._retelling.of(lead).answers.get((obligation, began))

    # -- alerts --------------------------------------------------------------------------------------------------

    def _step(self, wait: _Wait, step: int, due: int, now: int) -> LeadAlert:
        kind = "warned" if step == WARNING else "breached" if step == BREACH else "escalated"
        common = self._common(wait, f"{kind}/{step}", now) | {"at": _time(due)}
        delayed = max(0, now - due) / 1000
        if step == WARNING:
            return Warned(**common, delayed_seconds=delayed)
        if step == BREACH:
            return Breached(**common, delayed_seconds=delayed)
        return Escalated(**common, step=step - BREACH, delayed_seconds=delayed)

    def _end(self, wait: _Wait) -> LeadAlert:
        lead, (began, _, _, deadline, _) = wait.lead, wait.said
        if not lead.counts:
            merged = next((row.at for row in rows(lead.log) if row.code == MERGED), deadline)
            wait = wait._replace(lead=self._retelling.unmerged(lead))
            return Resolved(**self._common(wait, "resolved", merged), reason="merged")
        answer = self._answer(lead, wait.obligation, began)
        if answer and not answer.broken and wait.said[1] > BREACH and answer.at > deadline:
            answer = answer._replace(broken=Broken(0, deadline))  # the breach was in the dropped half of a long log
        if answer and answer.broken:
            lead.judged |= 1 << wait.obligation & ALL_JUDGED
            return self._late(wait, answer)
        if answer:
            return Resolved(**self._common(wait, "resolved", answer.at, answer.split), reason="answered")
        if lead.status:
            return Resolved(**self._common(wait, "resolved", lead.closed), reason="closed")
        return Resolved(**self._common(wait, "resolved", max(began, lead.since)), reason="superseded")

    def _late(self, wait: _Wait, answer: Answer) -> LeadAlert:
        common = self._common(wait, "answered_late", answer.at, answer.split)
        if answer.broken:  # the lead may have gone to other hours since the warning
            common["deadline"] = _time(answer.broken.deadline)
        return AnsweredLate(**common, answered_at=_time(answer.at))

    def _common(self, wait: _Wait, what: str, at: int, split: Split | None = None) -> dict[str, Any]:
        lead, (began, _, policy, deadline, incident) = wait.lead, wait.said
        names = {table: self._labels[table] for table in ("team", "actor", "source", "policy")}
        about = f"{names['policy'].names[policy]}/{OBLIGATIONS[wait.obligation]}/{began}/{incident}"
        split = split or self._promises.split(lead, at)
        return {
            "alert_id": alert_id(what, wait.lead_id, about),
            "incident_id": alert_id("incident", wait.lead_id, about),
            "lead_id": wait.lead_id,
            "team": names["team"].text(lead.team),
            "owner": names["actor"].text(lead.owner),
            "source": names["source"].text(lead.source),
            "at": _time(at),
            "policy": names["policy"].names[policy],
            "obligation": OBLIGATIONS[wait.obligation],
            "clock": self._clocks.get(policy, WALL),
            "began_at": _time(began),
            "deadline": _time(deadline),
            "routing_seconds": split.routing / 1000,
            "human_seconds": split.human / 1000,
            "closed_seconds": split.closed / 1000,
        }


def _time(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)
