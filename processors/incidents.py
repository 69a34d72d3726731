"""Which sources are known to be silent, so that each silence is announced once, and its end once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, msgpack

from processors.rows import EPOCH
from processors.silence import Verdict
from schemas.alerts import SourceAlert, SourceResumed, SourceSilent, alert_id

KEY = b"s"
"""First byte of the changelog keys, before the source."""

Record = tuple[bytes, bytes | None]


class Incident(Struct, array_like=True):
    """A silence that was announced.

    Attributes:
        last: The last arrival before it, ms.
        told: The moment it was judged at, ms.
    """

    last: int
    told: int


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Incident).decode


class Incidents:
    """The announced silences that are not over. They live in the state of one partition, which judges for all.

    Attributes:
        silent: Source -> its silence.
    """

    def __init__(self) -> None:
        self.silent: dict[str, Incident] = {}
        self._changed: set[str] = set()

    def follow(self, verdict: Verdict) -> Iterator[SourceAlert]:
        """Yield what is new in a verdict, and note that it was told."""
        for source, finding in sorted(verdict.findings.items()):
            incident = self.silent.get(source)
            if incident is not None and finding.last > incident.last:
                self._forget(source)
                yield _resumed(source, incident, finding.last, "arrived")
                incident = None
            if incident is None and finding.is_silent:
                self.silent[source] = Incident(finding.last, verdict.now)
                self._changed.add(source)
                yield _silent(source, verdict)
        for source in sorted(self.silent.keys() - verdict.findings.keys()):
            incident = self.silent[source]
            self._forget(source)
            yield _resumed(source, incident, verdict.now, "given_up")

    def _forget(self, source: str) -> None:
        del self.silent[source]
        self._changed.add(source)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take a changelog record."""
        source = key[len(KEY) :].decode()
        if value is None:
            self.silent.pop(source, None)
        else:
            self.silent[source] = _decode(value)

    def flush(self) -> list[Record]:
        """Return what changed since the last flush."""
        changed = sorted(self._changed)
        self._changed.clear()
        return [
            (KEY + source.encode(), _encode(self.silent[source]) if source in self.silent else None)
            for source in changed
        ]


def _silent(source: str, verdict: Verdict) -> SourceSilent:
    finding = verdict.findings[source]
    return SourceSilent(
        **_names("source_silent", source, finding.last),
        at=_time(verdict.now),
        last_arrival_at=_time(finding.last),
        silent_seconds=finding.silence / 1000,
        expected_arrivals=round(finding.expected, 2),
        chance=finding.chance,
    )


def _resumed(source: str, incident: Incident, at: int, reason: str) -> SourceResumed:
    names = _names("source_resumed", source, incident.last)
    return SourceResumed(**names, at=_time(at), last_arrival_at=_time(incident.last), reason=reason)


def _names(kind: str, source: str, last: int) -> dict[str, str]:
    return {
        "alert_id": alert_id(kind, source, str(last)),
        "incident_id": alert_id("silence", source, str(last)),
        "source": source,
    }


def _time(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)
