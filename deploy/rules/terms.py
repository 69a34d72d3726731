"""What a rule is made of, and what all of them take from the worker's settings and the place they run in."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Severity = Literal["info", "warning", "critical"]
Kind = Literal["business", "service"]


class Places(Struct, frozen=True, kw_only=True):
    """Where the links of an alert lead; everybody has other ones.

    Attributes:
        runbook: Address of the page `docs/runbook.md` as it is published.
        grafana: Base address of Grafana.
    """

    runbook: str = "https://leadpulse.example/runbook"
    grafana: str = "https://grafana.example"


class Terms(Struct, frozen=True, kw_only=True):
    """What the rules measure by.

    Attributes:
        objective: Share of the promises that the business means to keep.
        longest_wait: Age of an unanswered lead that is worth a call of its own once its promise is broken, seconds.
        windows: Length in minutes -> name of the rolling windows that there are.
        job: Scrape job of the workers. `notify_job`: of the notifiers.
        places: Where links lead.
    """

    objective: float = 0.9
    longest_wait: float
    windows: dict[int, str]
    job: str = "leadpulse"
    notify_job: str = "leadpulse-notify"
    places: Places = Places()

    def window(self, minutes: int) -> str:
        """Return the name of the window of a length that a rule looks at.

        Raises:
            ValueError: There is none.
        """
        try:
            return self.windows[minutes]
        except KeyError:
            raise ValueError(f"[windows] rolling: the rules need a window of {minutes} minutes") from None


class Recording(Struct, frozen=True):
    """A query that is evaluated once for all who ask.

    Attributes:
        record: Its name, as `level:metric:operations`.
        expr: PromQL.
    """

    record: str
    expr: str


class Alert(Struct, frozen=True, kw_only=True):
    """Something that a person should know.

    Attributes:
        name: Its name, and its heading in the runbook.
        expr: PromQL; a sample of its answer is an alert.
        lasts: How long it must last before anybody is called.
        severity: `critical`: now; `warning`: today; `info`: when you look.
        kind: `business`: for the sales floor; `service`: for those who run leadpulse.
        summary: One line for a phone.
        description: The number, and what it means.
        board: Dashboard to look at.
    """

    name: str
    expr: str
    lasts: str
    severity: Severity
    kind: Kind
    summary: str
    description: str
    board: str
