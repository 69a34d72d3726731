"""What a simulation must add up to: a plain count of its own, against which the worker's numbers can be held."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from schemas.lead_events import Created, Disqualified, Lost, Reopened, Won
from streams.simulation.faults import Record

_OUTCOMES: dict[type, str] = {Won: "won", Lost: "lost", Disqualified: "disqualified", Reopened: "open"}


class Summary(Struct, frozen=True):
    """The totals of a simulation over all time; leads are counted under the source that created them.

    Attributes:
        records: Records in both topics.
        events: Distinct events that can be taken.
        duplicates: Records whose event was sent before.
        dead_letters: Bad records, by the reason they must be refused for.
        created: Leads by source.
        outcomes: Leads by how they stand at the end (won, lost, disqualified, open), and by source.
    """

    records: int
    events: int
    duplicates: int
    dead_letters: dict[str, int]
    created: dict[str, int]
    outcomes: dict[str, dict[str, int]]

    def leads(self, outcome: str) -> int:
        """Give the number of leads that stand like this, of all sources."""
        return sum(self.outcomes[outcome].values())


class Totals:
    """Counts records as they go by. It keeps the source of every lead, and every closing and reopening."""

    def __init__(self) -> None:
        self._records = 0
        self._duplicates = 0
        self._refused: Counter[str] = Counter()
        self._sources: dict[str, str] = {}
        self._turns: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)

    def watch(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records through; each is counted when the next one is asked for, and so not when it was not wanted."""
        for record in records:
            yield record
            self.add(record)

    def add(self, record: Record) -> None:
        """Count one record."""
        self._records += 1
        event = record.event
        if event is None:
            self._refused[record.reason.value if record.reason else "unknown"] += 1
        elif record.duplicate:
            self._duplicates += 1
        elif isinstance(event, Created):
            self._sources[event.lead_id] = event.source
        elif outcome := _OUTCOMES.get(type(event)):
            self._turns[event.lead_id].append((event.occurred_at.timestamp(), outcome))

    def summary(self) -> Summary:
        """Add up what went by so far."""
        outcomes: dict[str, Counter[str]] = {outcome: Counter() for outcome in ("won", "lost", "disqualified", "open")}
        for lead, source in self._sources.items():
            turns = self._turns.get(lead)
            outcomes[max(turns)[1] if turns else "open"][source] += 1
        refused = self._refused.total()
        return Summary(
            records=self._records,
            events=self._records - self._duplicates - refused,
            duplicates=self._duplicates,
            dead_letters=dict(self._refused),
            created=dict(Counter(self._sources.values())),
            outcomes={outcome: dict(counts) for outcome, counts in outcomes.items()},
        )
