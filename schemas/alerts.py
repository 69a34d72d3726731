"""What leadpulse tells others about single leads: the events of the alerts topic.

One more kind of alert is one more struct below and one more member of `Alert`.
"""

from hashlib import sha256

from msgspec import Struct

from schemas.lead_events import EventTime


class _Alert(Struct, frozen=True, gc=False, tag_field="type"):
    """The fields that every alert has.

    Attributes:
        alert_id: Names this alert for ever; the same cause gives the same id.
        lead_id: The lead it is about, and the key of its record.
        team: The team responsible at that time; empty when none was.
        owner: The person responsible at that time; empty when none was.
        source: Where the lead came from.
        at: When the cause occurred, on the clock of the events.
    """

    alert_id: str
    lead_id: str
    team: str
    owner: str
    source: str
    at: EventTime


class AnsweredLate(_Alert, frozen=True, gc=False, tag="answered_late"):
    """A lead got its first answer from a person, after the target.

    Attributes:
        created_at: When the lead came in.
        answered_at: When it was answered.
        target_seconds: The time the answer should have taken at most, in seconds.
        latency_seconds: The time it took, in seconds.
    """

    created_at: EventTime
    answered_at: EventTime
    target_seconds: float
    latency_seconds: float


Alert = AnsweredLate
"""Any event of the alerts topic."""


def alert_id(kind: str, lead_id: str, cause: str) -> str:
    """Derive the id of an alert from what it is about, so that a second attempt to raise it gives the same id.

    Args:
        kind: The tag of the alert, such as ``answered_late``.
        lead_id: The lead it is about.
        cause: What brought it about, such as the id of the event that answered.

    Returns:
        32 hexadecimal digits.
    """
    # Each part is closed by its length, so that no two triples read the same.
    parts = (part.encode("utf-8", "surrogatepass") for part in (kind, lead_id, cause))
    return sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()[:32]
