"""What a receiver of alarms knows, and what it has yet to be told.

Alerts are folded into incidents. What a receiver is told is the difference between how an incident stands and what it
was told before: an incident that began and ended while the receiver was away is no news, and neither is a warning that
was overtaken by its breach.

An attempt to tell may fail without a word. What was tried and not surely refused counts as perhaps known, so that its
end is told too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from processors.alarms import is_end
from schemas.alerts import Alert


class Change(Struct, frozen=True):
    """One thing to tell.

    Attributes:
        alert: How the incident stands now: a step of it, or its end.
        shown: The steps that the receiver knows, or perhaps knows, and that this one replaces or ends.
    """

    alert: Alert
    shown: tuple[Alert, ...]

    @property
    def ends(self) -> bool:
        """Whether it says that something is over."""
        return is_end(self.alert)


class _Incident(Struct):
    """Where one incident stands, and what is known of it outside.

    Attributes:
        step: Its latest step.
        at: Time of its latest record, ms.
        shown: As in `Change`.
        end: How it ended; None while it goes on.
    """

    step: Alert
    at: int
    shown: tuple[Alert, ...] = ()
    end: Alert | None = None


class Incidents:
    """The incidents of one partition, as one receiver has to know them."""

    def __init__(self) -> None:
        self._incidents: dict[str, _Incident] = {}
        self._untold: dict[str, int] = {}  # incident -> time of the first record that was not told, ms; oldest first

    def __len__(self) -> int:
        """Return how many incidents there is something to tell of."""
        return len(self._untold)

    @property
    def oldest(self) -> int | None:
        """Time of the oldest record that was not told, ms; None when there is none."""
        return next(iter(self._untold.values()), None)

    def take(self, alert: Alert, at: int, *, perhaps_known: bool = False) -> None:
        """Fold one alert, in the order of the log.

        Args:
            alert: What happened.
            at: Time of its record, ms.
            perhaps_known: Whether somebody tried before us to tell it.
        """
        name, known = alert.incident_id, self._incidents.get(alert.incident_id)
        if is_end(alert):
            if known is None:
                return  # it was never announced, or so long ago that it is forgotten
            known.end, known.at = alert, at
            if not known.shown:
                self._drop(name)
                return
        elif known is None:
            self._incidents[name] = _Incident(alert, at)
        else:
            known.step, known.at, known.end = alert, at, None  # it goes on: an end that nobody was told is none
        if perhaps_known and not is_end(alert):
            self._incidents[name].shown += (alert,)
        self._untold.setdefault(name, at)

    def settle(self) -> None:
        """Take everything so far as told: it was, before this process began."""
        for name in list(self._untold):
            self._told(name, self._incidents[name])

    def pending(self) -> list[Change]:
        """Return what is to be told now, oldest first."""
        waiting = (self._incidents[name] for name in self._untold)
        return [Change(incident.end or incident.step, incident.shown) for incident in waiting]

    def trying(self, changes: Iterable[Change]) -> None:
        """Note that the receiver is about to be told, and so may know."""
        for change, incident in self._those(changes):
            if not change.ends:
                incident.shown = (*(s for s in incident.shown if s is not change.alert), change.alert)

    def told(self, changes: Iterable[Change]) -> None:
        """Note that the receiver knows."""
        for change, incident in self._those(changes):
            if (incident.end or incident.step) is change.alert:
                self._told(change.alert.incident_id, incident)
            elif not change.ends:  # the world went on during the attempt
                incident.shown = (change.alert,)

    def untold(self, changes: Iterable[Change]) -> None:
        """Note that the receiver surely does not know, in spite of `trying`."""
        for change, incident in self._those(changes):
            if not change.ends:
                incident.shown = change.shown
                if incident.end and not incident.shown:
                    self._drop(change.alert.incident_id)

    def open(self) -> list[Alert]:
        """Return the latest step of each incident that goes on and that the receiver knows of."""
        return [i.step for name, i in self._incidents.items() if not i.end and name not in self._untold]

    def forget(self, before: int) -> None:
        """Let go of the incidents that nothing was heard of since a time, ms, and that there is nothing to tell of."""
        old = [name for name, i in self._incidents.items() if i.at < before and name not in self._untold]
        for name in old:
            del self._incidents[name]

    def _those(self, changes: Iterable[Change]) -> Iterator[tuple[Change, _Incident]]:
        for change in changes:
            if incident := self._incidents.get(change.alert.incident_id):
                yield change, incident

    def _told(self, name: str, incident: _Incident) -> None:
        self._untold.pop(name, None)
        if incident.end:
            del self._incidents[name]
        else:
            incident.shown = (incident.step,)

    def _drop(self, name: str) -> None:
        del self._incidents[name]
        self._untold.pop(name, None)
