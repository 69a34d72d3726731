"""The files of this folder that are made from code: `python -m deploy.generated [--check]`."""

from __future__ import annotations

import sys

from deploy.boards.documents import board_documents
from deploy.boards.terms import Terms
from deploy.rules import terms as rules
from deploy.rules.documents import rule_documents
from processors.funnel import MINUTE_MS
from processors.policies import BREACH, FIRST_CONTACT, Policy
from streams import generated
from streams.settings import Settings
from streams.settings.funnel import policies_of


def terms_of(settings: Settings) -> Terms:
    """Return what the boards take from the worker's settings."""
    promised = [steps for policy in policies_of(settings) if (steps := policy.steps(FIRST_CONTACT))]
    unpromised = Policy(name="", targets=((FIRST_CONTACT, settings.response.target.ms),)).steps(FIRST_CONTACT)
    warning, target, *_ = max(promised or [unpromised], key=lambda steps: steps[BREACH])
    return Terms(
        answer_warning=warning / 1000,
        answer_target=target / 1000,
        stages=tuple(stage.name for stage in settings.funnel.stages if stage.kind == "open"),
        rolling=tuple(window.text for window in settings.windows.rolling),
        calendar=settings.windows.calendar,
    )


def rule_terms_of(settings: Settings, places: rules.Places | None = None) -> rules.Terms:
    """Return what the rules take from the worker's settings.

    A wait that is worth a call of its own is four times what is promised, an hour at least.
    """
    promised = [promise.first_contact.ms for promise in settings.sla.policies] or [settings.response.target.ms]
    return rules.Terms(
        longest_wait=max(3600, 4 * max(promised) // 1000),
        windows={window.ms // MINUTE_MS: window.text for window in settings.windows.rolling},
        places=places or rules.Places(),
    )


def texts(settings: Settings | None = None) -> dict[str, str]:
    """Return every generated file for some settings, by default for the defaults: path below the root -> text."""
    given = settings or Settings()
    return board_documents(terms_of(given)) | rule_documents(rule_terms_of(given))


if __name__ == "__main__":
    sys.exit(generated.main(sys.argv[1:], wanted=texts(), module="deploy.generated"))
