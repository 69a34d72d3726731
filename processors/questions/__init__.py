"""What is asked about leads: one module a question, each with its families and what it hears of a lead's moves.

A new question is a module here with a subclass of `Question`, its name in `QUESTIONS`, and a row in
`schemas/signals.py`.
"""

from __future__ import annotations

from processors.families import Family
from processors.questions.base import Question, Rules
from processors.questions.clocks import ResponseClocks
from processors.questions.contacts import Collisions, ContactsAfterClose
from processors.questions.cycle import SalesCycle
from processors.questions.flow import StageFlow
from processors.questions.follow_up import FollowUpBand, Unplanned
from processors.questions.intake import Intake
from processors.questions.live import Live
from processors.questions.outcomes import Outcomes
from processors.questions.quality import Quality
from processors.questions.replies import Replies
from processors.questions.response import Response
from processors.questions.sla import ServiceLevel
from processors.questions.time_in_stage import TimeInStage

QUESTIONS: tuple[type[Question], ...] = (
    Intake,
    StageFlow,
    TimeInStage,
    Response,
    Outcomes,
    SalesCycle,
    ResponseClocks,
    ServiceLevel,
    Replies,
    Quality,
    FollowUpBand,
    Unplanned,
    Collisions,
    ContactsAfterClose,
    Live,
)

FAMILIES: tuple[Family, ...] = tuple(family for question in QUESTIONS for family in question.families)

__all__ = ["FAMILIES", "QUESTIONS", "Question", "Rules"]
