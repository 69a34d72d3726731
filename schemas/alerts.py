"""What leadpulse tells others about single leads and sources: the events of the alerts topic.

One more kind of alert is one more struct below and one more member of `Alert`.
"""

from hashlib import sha256

from msgspec import Struct

from schemas.lead_events import EventTime


class _Alert(Struct, frozen=True, gc=False, kw_only=True, tag_field="type"):
    """The fields that every alert has.

    Attributes:
        alert_id: Names this alert for ever; the same cause gives the same id.
        lead_id: The lead it is about, and the key of its record.
        team: The team responsible at that time; empty when none was.
        owner: The person responsible at that time; empty when none was.
        source: Where the lead came from.
        at: When the cause occurred, on the clock of the events.
        link: Where a person can look the lead up.
    """

    alert_id: str
    lead_id: str
    team: str
    owner: str
    source: str
    at: EventTime
    link: str = ""


class _Promised(_Alert, frozen=True, gc=False, kw_only=True):
    """What every alert about a promise has.

    Attributes:
        incident_id: Names the wait that this is about: the same in the warning, the breach and the end.
        policy: The policy that promised it.
        obligation: What was promised: ``first_attempt``, ``first_contact`` or ``next_response``.
        clock: On which clock: ``business`` (working time) or ``wall``.
        began_at: When the wait began.
        deadline: When the promise is or was broken.
        routing_seconds: Time from creation to assignment so far, in seconds.
        human_seconds: Working time since then so far, in seconds.
        closed_seconds: The rest of the time since creation so far, in seconds.
    """

    incident_id: str
    policy: str
    obligation: str
    clock: str
    began_at: EventTime
    deadline: EventTime
    routing_seconds: float
    human_seconds: float
    closed_seconds: float


class Warned(_Promised, frozen=True, gc=False, kw_only=True, tag="warned"):
    """A lead waits, and the deadline is near.

    Attributes:
        delayed_seconds: How much later this was noticed than it was due, in seconds.
    """

    delayed_seconds: float = 0.0


class Breached(_Promised, frozen=True, gc=False, kw_only=True, tag="breached"):
    """A lead waits, and the deadline has passed.

    Attributes:
        delayed_seconds: How much later this was noticed than it was due, in seconds.
    """

    delayed_seconds: float = 0.0


class Escalated(_Promised, frozen=True, gc=False, kw_only=True, tag="escalated"):
    """A lead still waits long after the deadline.

    Attributes:
        step: Which escalation of the policy this is, from 1.
        delayed_seconds: How much later this was noticed than it was due, in seconds.
    """

    step: int
    delayed_seconds: float = 0.0


class AnsweredLate(_Promised, frozen=True, gc=False, kw_only=True, tag="answered_late"):
    """A lead got its answer after the deadline; if it was announced before, that is over now.

    Attributes:
        answered_at: When it was answered.
    """

    answered_at: EventTime


class Resolved(_Promised, frozen=True, gc=False, kw_only=True, tag="resolved"):
    """What was announced is over, and not by a late answer.

    Attributes:
        reason: ``answered`` (in time), ``closed``, ``merged``, or ``superseded``: a late event showed that it was not
            so, or the lead went where something else is promised.
    """

    reason: str


class _SourceAlert(Struct, frozen=True, gc=False, kw_only=True, tag_field="type"):
    """The fields that every alert about a source has.

    Attributes:
        alert_id: Names this alert for ever; the same cause gives the same id.
        incident_id: Names the silence: the same in its beginning and its end.
        source: The source it is about, and the key of its record.
        last_arrival_at: When the last lead before the silence was created.
        at: When it was judged silent, or when the silence ended.
    """

    alert_id: str
    incident_id: str
    source: str
    last_arrival_at: EventTime
    at: EventTime


class SourceSilent(_SourceAlert, frozen=True, gc=False, kw_only=True, tag="source_silent"):
    """A source sends nothing, and should have by now.

    Attributes:
        silent_seconds: Since its last lead, in seconds.
        expected_arrivals: Leads expected since then.
        chance: Of such a silence at least once in a day, if the source were well.
    """

    silent_seconds: float
    expected_arrivals: float
    chance: float


class SourceResumed(_SourceAlert, frozen=True, gc=False, kw_only=True, tag="source_resumed"):
    """The silence of a source is over.

    Attributes:
        reason: ``arrived``: it sent a lead; ``given_up``: it has been silent for so long that it is taken to be gone,
            or is not judged any more.
    """

    reason: str


LeadAlert = Warned | Breached | Escalated | AnsweredLate | Resolved
"""Any alert about a lead; its record's key is the lead id."""

SourceAlert = SourceSilent | SourceResumed
"""Any alert about a source; its record's key is the source."""

Alert = Warned | Breached | Escalated | AnsweredLate | Resolved | SourceSilent | SourceResumed
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
    what, whose, why = [part.encode("utf-8", "surrogatepass") for part in (kind, lead_id, cause)]
    closed = b"%d:%b%d:%b%d:%b" % (len(what), what, len(whose), whose, len(why), why)
    return sha256(closed).hexdigest()[:32]
