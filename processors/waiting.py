"""Who waits for an answer among the leads of a shard, by deadline, as of the last commit.

Others may be told of it: so nothing that could still be taken back is in it. Membership and deadlines are kept, what is
told of a lead (its card) is made from its record when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Final, NamedTuple

from msgspec import UNSET

from processors.fold import Fold
from processors.labels import Labels
from processors.policies import BREACH, FIRST_CONTACT, NEXT_RESPONSE, OBLIGATIONS
from processors.promises import steps_of
from processors.questions.live import BANDS, BREACHED, UNPROMISED
from processors.record import Lead, Said, decode_lead
from processors.rows import EPOCH
from processors.waiting_card import WaitingCard

NEVER: Final = 1 << 43
"""Deadline in ms of a lead that was promised nothing: after every other."""
MAX_CHANGED = 100_000
"""Changes kept for a reader; one that is further behind has to begin with everything."""

_TEAM_BITS: Final = 10
_TEAM: Final = (1 << _TEAM_BITS) - 1


class Wait(NamedTuple):
    """What a lead waits for first.

    Attributes:
        obligation: Its number.
        policy: Number of the policy that the lead falls under, None for none.
        deadline: When the promise is or was broken, ms; `NEVER` when nothing is promised.
    """

    obligation: int
    policy: int | None
    deadline: int


class WaitingList:
    """The leads of a shard that wait: those that are open, and have something of ours to come.

    Args:
        fold: Knows what the leads were promised.
        labels: The shard's label tables.
        cold: Lead id -> encoded record, as of the last flush; the shard's own.

    Attributes:
        entries: Lead id -> deadline and team, packed so that they sort by deadline.
        changed: Leads whose card may have changed since they were last taken out; None while nobody keeps up with it.
    """

    def __init__(self, fold: Fold, labels: Mapping[str, Labels], cold: Mapping[str, bytes]) -> None:
        self.entries: dict[str, int] = {}
        self.changed: set[str] | None = None
        self._promises, self._policy_labels = fold.promises, fold.policy_labels
        self._labels, self._cold = labels, cold
        # Between flush and commit: the records of waiting leads as they were before, and the entries that are to come.
        self._before: dict[str, bytes] = {}
        self._after: dict[str, int | None] = {}

    # -- kept up to date -----------------------------------------------------------------------------------------

    def restore(self, lead_id: str, lead: Lead) -> None:
        """Take in a lead whose record is on the log."""
        if entry := self._entry(lead):
            self.entries[lead_id] = entry

    def flushing(self, leads: Mapping[str, Lead]) -> None:
        """Take note of the leads that a flush is about to write; nothing is told of it before `committed`."""
        entries = self.entries
        for lead_id, lead in leads.items():
            # Most have been answered or are over: `Promises.waits`, without the calls, is for the others.
            over = lead.status or (lead.contacted and not lead.asked)
            if lead_id in entries:
                self._before[lead_id] = self._cold[lead_id]
                self._after[lead_id] = None if over else self._entry(lead)
            elif not over and (entry := self._entry(lead)):
                self._after[lead_id] = entry

    def committed(self) -> bool:
        """Show what the last flush wrote; return whether anything of it is about a waiting lead."""
        if not self._after:
            return False
        for lead_id, entry in self._after.items():
            if entry is None:
                del self.entries[lead_id]
            else:
                self.entries[lead_id] = entry
        if self.changed is not None:
            self.changed.update(self._after)
            if len(self.changed) > MAX_CHANGED:
                self.changed = None
        self._before.clear()
        self._after.clear()
        return True

    # -- asked ---------------------------------------------------------------------------------------------------

    def soonest(self, limit: int, team: str | None = None) -> list[tuple[int, str]]:
        """Return deadline in ms and id of the leads that are to be answered first.

        Args:
            limit: How many at most.
            team: Only those that this team has; None for all.
        """
        first = nsmallest(limit, ((entry >> _TEAM_BITS, lead_id) for lead_id, entry in self._of(team)))
        return list(first)

    def count(self, team: str | None = None) -> int:
        """Return how many leads wait, for a team or for all."""
        return len(self.entries) if team is None else sum(1 for _ in self._of(team))

    def card(self, lead_id: str, partition: int, now: int) -> WaitingCard | None:
        """Return what is to be told of a lead, None when it does not wait.

        Args:
            lead_id: Any lead's.
            partition: The shard's number.
            now: Up to when its clocks are read, ms.
        """
        if lead_id not in self.entries:
            return None
        lead = decode_lead(self._before.get(lead_id) or self._cold[lead_id])
        wait = self.wait(lead)
        return None if wait is None else self._card(lead_id, lead, wait, partition, now)

    def wait(self, lead: Lead) -> Wait | None:
        """Return what a lead waits for first, None when it does not wait."""
        pending = self._promises.waits(lead) if lead.created and not lead.merged_into else ()
        if not pending:
            return None
        policy = self._promises.policy(lead)
        first, soonest = NEXT_RESPONSE if lead.asked else FIRST_CONTACT, NEVER
        if policy is not None:
            for obligation in pending:
                due = self._deadline(lead, policy, obligation)
                if due is not None and due < soonest:
                    first, soonest = obligation, due
        return Wait(first, policy, soonest)

    def _of(self, team: str | None) -> Iterable[tuple[str, int]]:
        if team is None:
            return self.entries.items()
        number = self._labels["team"].numbers.get(team)
        return () if number is None else self._in_team(number)

    def _in_team(self, number: int) -> Iterator[tuple[str, int]]:
        return ((lead_id, entry) for lead_id, entry in self.entries.items() if entry & _TEAM == number)

    def _entry(self, lead: Lead) -> int | None:
        wait = self.wait(lead)
        return None if wait is None else wait.deadline << _TEAM_BITS | lead.team

    def _deadline(self, lead: Lead, policy: int, obligation: int) -> int | None:
        said = self._said(lead, policy, obligation) if lead.said else None
        if said and said[1] > BREACH:  # it was broken then, whatever hours the team works that has the lead now
            return said[3]
        return self._promises.due(lead, policy, obligation, BREACH)

    def _said(self, lead: Lead, policy: int, obligation: int) -> Said | None:
        """Return what was announced of the present wait under the present policy."""
        said = lead.said.get(obligation) if lead.said else None
        about = self._promises.began(lead, obligation), self._policy_labels[policy]
        return said if said and (said[0], said[2]) == about else None

    def _card(self, lead_id: str, lead: Lead, wait: Wait, partition: int, now: int) -> WaitingCard:
        promised = wait.deadline != NEVER
        number = wait.policy
        policy = None if number is None else self._promises.policies.policies[number]
        said = None if number is None else self._said(lead, number, wait.obligation)
        split = self._promises.split(lead, now)
        return WaitingCard(
            lead_id=lead_id,
            partition=partition,
            team=self._labels["team"].names[lead.team],
            owner=self._labels["actor"].text(lead.owner),
            source=self._labels["source"].names[lead.source],
            stage=self._labels["stage"].names[lead.stage],
            obligation=OBLIGATIONS[wait.obligation],
            band=BANDS[min(BREACHED, steps_of(lead, wait.obligation)) if promised else UNPROMISED],
            policy=policy.name if policy else "",
            clock=policy.clock if policy and promised else "",
            began_at=_time(self._promises.began(lead, wait.obligation)),
            deadline=_time(wait.deadline) if promised else UNSET,
            announced=said[1] if said else 0,
            as_of=_time(now),
            routing_seconds=split.routing / 1000,
            human_seconds=split.human / 1000,
            closed_seconds=split.closed / 1000,
        )


def _time(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)
