"""What all questions have in common: they hear of what they override, and of nothing else."""

from __future__ import annotations

import pytest

from processors.questions import QUESTIONS, Question
from processors.questions.base import hearing
from processors.shard import Shard
from tests.processors.events import FUNNEL

HOOKS = [name for name in vars(Question) if not name.startswith("_") and callable(getattr(Question, name))]


@pytest.mark.parametrize("hook", HOOKS)
def test_somebody_hears_of_every_move_and_nobody_who_did_not_ask(hook: str) -> None:
    questions = Shard(FUNNEL).fold.questions
    heard_by = {type(question) for question in hearing(questions, hook)}
    assert heard_by
    assert heard_by == {question for question in QUESTIONS if hook in vars(question)}
