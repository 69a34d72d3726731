"""The life of one lead: a fold over its rows, which tells the questions what changed, with a sign.

`step` is the only place that knows how a lead moves. It serves three ways: forward for an event in order; the old
suffix with sign -1 and the new one with +1 for a late event; the whole log for a recompute. Since fold(log + row) is
step(fold(log), row), the fast way equals the recompute by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from processors.cells import Cells, book
from processors.following import Following
from processors.funnel import DISQUALIFIED, LOST, OPEN, STATUS_NAMES, WON, Funnel
from processors.labels import Labels
from processors.policies import FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE
from processors.promises import Promises, steps_of, with_steps
from processors.questions import QUESTIONS, Question, Rules
from processors.questions.base import hearing
from processors.questions.live import ORPHAN_CELL
from processors.record import START, Lead
from processors.rows import (
    ACTIVITY,
    ASSIGNED,
    CLOCK,
    END_STAGE,
    INTERACTION,
    OPTED_OUT,
    REOPENED,
    SCORE,
    SECOND,
    STAGE,
    rows,
    unpack_rows,
)
from processors.rows import DISQUALIFIED as ROW_DISQUALIFIED
from processors.rows import LOST as ROW_LOST
from processors.rows import WON as ROW_WON
from processors.touches import ATTEMPT, AUTOMATED, CONTACT, INBOUND, TOUCH_MASK, touch_meanings

_STATUS = {ROW_WON: WON, ROW_LOST: LOST, ROW_DISQUALIFIED: DISQUALIFIED}
_STAGES = frozenset({STAGE, END_STAGE})
_FIRST: Final = (1 << SECOND) - 1


class Fold:
    """Moves leads and collects what their moves contribute.

    Args:
        funnel: What the events mean.
        labels: The shard's label tables.
        questions: Who is told of the moves.

    Attributes:
        promises: What the leads were promised, and how long they wait.
        policy_labels: Policy number -> its label number.
        questions: Who is told of the moves.
        stirred: Set when a step changed what a lead waits for or until when; whoever plans by that takes it back.
    """

    def __init__(
        self,
        funnel: Funnel,
        labels: Mapping[str, Labels],
        questions: Iterable[Callable[[Rules], Question]] = QUESTIONS,
    ) -> None:
        stages = labels["stage"]
        self.promises = Promises(funnel, labels)
        self.policy_labels = [labels["policy"].number(policy.name) for policy in funnel.policies]
        rules = Rules(funnel, stages, self.promises, self.policy_labels)
        # Stage number -> outcome and reason, for stages that close a lead.
        self._endings = {
            stages.number(stage.name): (
                STATUS_NAMES.index(stage.kind),
                0 if stage.kind == "won" else labels["reason"].number(stage.name),
            )
            for stage in funnel.stages
            if stage.kind != "open"
        }
        self.stirred = False
        self._touch = touch_meanings(funnel)
        self._rank = rules.rank
        self.questions = [question(rules) for question in questions]
        self._following = Following(funnel.follow_up, stages, self.questions)
        self._seldom = {ACTIVITY: self._following.plan, OPTED_OUT: self._following.opt_out, SCORE: self._score}
        self._listen()

    def _listen(self) -> None:
        questions = self.questions
        self._created = hearing(questions, "created")
        self._opened = hearing(questions, "opened")
        self._waiting = hearing(questions, "waiting")
        self._stepped = hearing(questions, "stepped")
        self._answered = hearing(questions, "answered")
        self._touched = hearing(questions, "touched")
        self._scored = hearing(questions, "scored")
        self._moved = hearing(questions, "moved")
        self._left = hearing(questions, "left")
        self._closed = hearing(questions, "closed")

    def begin(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Put a counting lead to its start: its creation, or the fold up to where its log was shortened."""
        base = lead.base
        lead.resume(base or START)
        if base is None:
            lead.entered, lead.team, lead.since = lead.created, lead.home, lead.created
            for question in self._created:
                question.created(cells, lead, sign)
            self.live(cells, lead, sign)
            self._following.open(cells, lead, lead.created, sign)

    def whole(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Fold the whole record; one without a creation is only counted, a merged one not even that."""
        self.stirred = True
        if lead.counts:
            self.begin(cells, lead, sign)
            self.run(cells, lead, lead.log, sign)
        else:
            lead.resume(START)
            if lead.log and not lead.created and not lead.merged_into:
                book(cells, ORPHAN_CELL, sign)

    def recompute(self, cells: Cells, lead: Lead) -> None:
        """Fold the whole record from nothing.

        A shortened log cannot tell again what its dropped rows contributed: of those only the creation, the latest
        score and, if it is still standing, the closing are restored.
        """
        if lead.counts and lead.base:
            lead.resume(lead.base)
            for question in self._created:
                question.created(cells, lead, 1)
            self._following.restore(cells, lead)
            if score := lead.scored:
                lead.scored = 0
                self._score(cells, lead, lead.created, score, 1)
            if lead.status == OPEN:
                self.live(cells, lead, 1)
                # Other bounds may hold than when the log was shortened: refolds must take back what is booked now.
                self._following.enter(cells, lead, next(rows(lead.floor)).at, 1)
                lead.base = lead.position()
            else:
                for question in self._closed:
                    question.closed(cells, lead, 1)
            self.run(cells, lead, lead.log, 1)
        else:
            self.whole(cells, lead, 1)

    def live(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Collect what an open lead contributes by being open, and by waiting, as it stands."""
        for question in self._opened:
            question.opened(cells, lead, sign)
        self._wait(cells, lead, sign)

    def run(self, cells: Cells, lead: Lead, log: bytes, sign: int) -> None:
        """Fold the rows of a log, or of a part of it."""
        step = self.step
        for head, _, arg in unpack_rows(log):
            step(cells, lead, head >> 8, head & 255, arg, sign)

    def unmoved_by(self, lead: Lead, log: bytes) -> bool:
        """Return whether no row of a part of the lead's log moves the lead, where it stands in the log.

        Of its interactions only the first of each meaning does, and what is said in turns: they write again, we answer.
        Most events that come late are another interaction, or have nothing but such behind them: a refold is spared.
        """
        for head, _, arg in unpack_rows(log):
            if head & 255 != INTERACTION or not self._unmoved(lead, head >> 8, arg):
                return False
        return True

    def _unmoved(self, lead: Lead, t: int, arg: int) -> bool:
        meaning = self._touch[arg & TOUCH_MASK]
        if meaning and not self._following.unmoved(lead, t, meaning, arg):
            return False
        if meaning == INBOUND:
            return not lead.contacted or t < lead.contacted
        if meaning == CONTACT:
            return 0 < lead.contacted < t and not self._wrote_again(lead)
        if meaning == ATTEMPT:
            return 0 < lead.attempted < t
        return not meaning or 0 < lead.automated < t

    def _wrote_again(self, lead: Lead) -> bool:
        """Return whether a lead ever wrote after our first contact, as far as its log tells; if it cannot tell, yes."""
        return lead.base is not None or any(
            head & 255 == INTERACTION and self._touch[arg & TOUCH_MASK] == INBOUND and head >> 8 >= lead.contacted
            for head, _, arg in unpack_rows(lead.log)
        )

    def step(self, cells: Cells, lead: Lead, t: int, code: int, arg: int, sign: int) -> None:
        """Take one event: the lead to its next position, what that changes into `cells` times `sign`."""
        if code == INTERACTION:
            meaning = self._touch[arg & TOUCH_MASK]
            if meaning:
                self._interact(cells, lead, t, meaning, arg, sign)
                if meaning == CONTACT:
                    self._following.contact(cells, lead, t, arg, sign)
                if not lead.replied or lead.status or lead.opted_out:
                    self._following.touch(cells, lead, t, arg, sign)
        elif code in _STAGES:
            if ending := self._endings.get(arg):
                self._close(cells, lead, t, *ending, sign)
            elif arg != lead.stage and lead.status == OPEN:
                self._move(cells, lead, t, arg, sign)
        elif code == ASSIGNED:
            self._assign(cells, lead, t, arg & _FIRST, arg >> SECOND, sign)
        elif code in _STATUS:
            self._close(cells, lead, t, _STATUS[code], arg & _FIRST, sign)
        elif code == REOPENED and lead.status != OPEN:
            self._reopen(cells, lead, t, sign)
        elif code == CLOCK:
            self._wait(cells, lead, -sign)
            self._pass_time(cells, lead, t + 1, sign)
            self._wait(cells, lead, sign)
        elif code in self._seldom:
            self._seldom[code](cells, lead, t, arg, sign)

    def _interact(self, cells: Cells, lead: Lead, t: int, meaning: int, arg: int, sign: int) -> None:
        if meaning == CONTACT:
            if not lead.contacted:
                self._respond(cells, lead, t, meaning, arg, sign)
            elif lead.asked:
                self._answer(cells, lead, t, NEXT_RESPONSE, sign)
                lead.asked, lead.asked_worked, lead.steps = 0, 0, with_steps(lead, NEXT_RESPONSE, 0)
        elif meaning == ATTEMPT:
            if not lead.attempted:
                self._respond(cells, lead, t, meaning, arg, sign)
        elif meaning == INBOUND:
            if lead.contacted and not lead.asked:
                self.stirred = True
                lead.asked, lead.asked_worked = t, self.promises.worked(lead, t)
        elif not lead.automated:
            self._touch_first(cells, lead, t, AUTOMATED, arg, sign)
            lead.automated = t

    def _respond(self, cells: Cells, lead: Lead, t: int, meaning: int, arg: int, sign: int) -> None:
        """Take the first attempt, or the first contact, which is an attempt too."""
        self._wait(cells, lead, -sign)
        if not lead.attempted:
            self._answer(cells, lead, t, FIRST_ATTEMPT, sign)
            self._touch_first(cells, lead, t, ATTEMPT, arg, sign)
            lead.attempted = t
            self._following.approach(cells, lead, t, sign)
        if meaning == CONTACT:
            self._answer(cells, lead, t, FIRST_CONTACT, sign)
            self._touch_first(cells, lead, t, CONTACT, arg, sign)
            lead.contacted = t
        self._wait(cells, lead, sign)

    def _touch_first(self, cells: Cells, lead: Lead, t: int, meaning: int, arg: int, sign: int) -> None:
        for question in self._touched:
            question.touched(cells, lead, t, meaning, arg, sign)

    def _answer(self, cells: Cells, lead: Lead, t: int, obligation: int, sign: int) -> None:
        """Tell that what an obligation is about has happened, after the steps that came before it."""
        self.stirred = True
        self._pass_time(cells, lead, t, sign)
        for question in self._answered:
            question.answered(cells, lead, t, obligation, sign)

    def _pass_time(self, cells: Cells, lead: Lead, until: int, sign: int) -> None:
        """Let the steps happen that come before `until`, ms.

        Whatever ends or changes a wait calls this first. So a step counts at its time if the lead still waited then,
        whether or not a timer had already noticed it: a timer's row only brings the moment forward. The caller has
        taken the lead out of those that wait, see `_wait`: a step may take it to another band.
        """
        if lead.status != OPEN:
            return
        policy = self.promises.policy(lead)
        if policy is None:
            return
        for obligation in self.promises.waits(lead):
            self._pass_steps(cells, lead, policy, obligation, until, sign)

    def _pass_steps(self, cells: Cells, lead: Lead, policy: int, obligation: int, until: int, sign: int) -> None:
        step = steps_of(lead, obligation)
        while (due := self.promises.due(lead, policy, obligation, step)) is not None and due < until:
            for question in self._stepped:
                question.stepped(cells, lead, policy, obligation, step, due, sign)
            step += 1
            lead.steps = with_steps(lead, obligation, step)

    def _wait(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Tell that an open lead waits for its first contact as it stands, if it does."""
        if not lead.contacted and lead.status == OPEN:
            for question in self._waiting:
                question.waiting(cells, lead, sign)

    def _assign(self, cells: Cells, lead: Lead, t: int, team: int, owner: int, sign: int) -> None:
        self._wait(cells, lead, -sign)
        self._pass_time(cells, lead, t, sign)
        lead.worked = self.promises.worked(lead, t)
        lead.since = max(lead.since, t)
        self.stirred = True
        if not lead.assigned:
            lead.assigned, lead.routed = t, lead.worked
        if team != lead.team:
            self._following.leave(cells, lead, t, sign)
            self._hand_over(lead, team)
            self._following.enter(cells, lead, t, sign)
        lead.owner = owner
        self._wait(cells, lead, sign)

    def _hand_over(self, lead: Lead, team: int) -> None:
        """Give a lead to a team. Where another policy holds there, what was promised before is no measure any more."""
        before = self.promises.policy(lead)
        lead.team = team
        if self.promises.policy(lead) != before:
            for obligation in self.promises.unanswered(lead):  # of a closed one too: it may be reopened
                lead.steps = with_steps(lead, obligation, 0)

    def _score(self, cells: Cells, lead: Lead, t: int, score: int, sign: int) -> None:
        for question in self._scored:
            question.scored(cells, lead, score, sign)
        lead.scored = score

    def _move(self, cells: Cells, lead: Lead, t: int, stage: int, sign: int) -> None:
        rank = self._rank(stage)
        for question in self._moved:
            question.moved(cells, lead, t, stage, rank, sign)
        for question in self._left:
            question.left(cells, lead, t, sign)
        self._following.move(cells, lead, t, stage, sign)
        lead.furthest = max(lead.furthest, rank)

    def _reopen(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        for question in self._closed:
            question.closed(cells, lead, -sign)
        self.stirred = True
        lead.worked, lead.since = self.promises.worked(lead, t), max(lead.since, t)
        lead.status, lead.closed, lead.reason, lead.closing_team, lead.entered = OPEN, 0, 0, 0, t
        self.live(cells, lead, sign)
        self._following.open(cells, lead, t, sign)

    def _close(self, cells: Cells, lead: Lead, t: int, status: int, reason: int, sign: int) -> None:
        if lead.status == OPEN:
            self.stirred = True
            self.live(cells, lead, -sign)
            self._pass_time(cells, lead, t, sign)
            for question in self._left:
                question.left(cells, lead, t, sign)
            self._following.leave(cells, lead, t, sign)
        else:
            for question in self._closed:
                question.closed(cells, lead, -sign)
        lead.status, lead.closed, lead.reason, lead.closing_team = status, t, reason, lead.team
        for question in self._closed:
            question.closed(cells, lead, sign)
