"""How fast do we answer, and on which channels?"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, TEAM, Family, Field
from processors.questions.base import Question, Rules
from processors.record import Lead
from processors.rows import CHANNEL_BITS, KNOWN_CHANNELS, channel_of
from processors.touches import CONTACT

KINDS = ("", "automated", "attempt", "contact")
_KIND = Field("kind", 6, 2, KINDS)
RESPONSE = Family(5, "response", (SOURCE, TEAM, _KIND), bucket_bits=6, edges="response_edges")
SKEWED = Family(6, "skewed", (SOURCE, _KIND))
BY_CHANNEL = Family(
    19,
    "response_channel",
    (Field("team", A, 10, "team"), Field("channel", B, CHANNEL_BITS, KNOWN_CHANNELS)),
    bucket_bits=6,
    edges="response_edges",
)
_KEY: Final = RESPONSE.key
_SUM: Final = RESPONSE.sum_bucket
_SKEWED: Final = SKEWED.key
_BY_CHANNEL: Final = BY_CHANNEL.key


class Response(Question):
    """Creation to the first response, wall clock, at the time of the response and under the team that had the lead."""

    families = (RESPONSE, SKEWED, BY_CHANNEL)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._edges = rules.funnel.response_edges

    def touched(self, cells: Cells, lead: Lead, t: int, meaning: int, arg: int, sign: int) -> None:
        """Observe the latency; one before the creation counts as 0 and is counted as skewed."""
        latency = t - lead.created
        minute = t // MINUTE_MS << MINUTE
        at = minute | lead.source << A | meaning << 6
        if latency < 0:
            latency = 0
            book(cells, at | _SKEWED, sign)
        bucket = bisect_left(self._edges, latency)
        at |= _KEY | lead.team << B
        book(cells, at | bucket, sign)
        book(cells, at | _SUM, sign * latency)
        if meaning == CONTACT:
            at = minute | _BY_CHANNEL | lead.team << A | channel_of(arg) << B
            book(cells, at | bucket, sign)
            book(cells, at | _SUM, sign * latency)
