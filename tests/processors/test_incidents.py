"""Each silence is announced once and ended once, also by somebody who took over in between."""

from __future__ import annotations

from processors.incidents import Incidents
from processors.silence import Finding, Verdict
from schemas.alerts import SourceAlert, SourceResumed, SourceSilent
from tests.processors.events import T0_MS


def verdict(now: int = 10_000, **sources: tuple[int, bool]) -> Verdict:
    findings = {
        source: Finding(T0_MS + last, now - last, 9.5, 1e-4 if is_silent else 0.5, is_silent, 2.0)
        for source, (last, is_silent) in sources.items()
    }
    return Verdict(T0_MS + now, findings)


def told(incidents: Incidents, verdict: Verdict) -> list[tuple[type[SourceAlert], str]]:
    return [(type(alert), alert.source) for alert in incidents.follow(verdict)]


def test_a_silence_is_told_once_and_so_is_its_end() -> None:
    incidents = Incidents()
    assert told(incidents, verdict(web=(1_000, True), ads=(9_000, False))) == [(SourceSilent, "web")]
    assert told(incidents, verdict(12_000, web=(1_000, True), ads=(9_000, False))) == []
    assert told(incidents, verdict(14_000, web=(13_000, False), ads=(9_000, False))) == [(SourceResumed, "web")]
    assert told(incidents, verdict(15_000, web=(13_000, False), ads=(9_000, False))) == []


def test_a_silence_stays_one_though_the_chance_is_thought_higher_later() -> None:
    incidents = Incidents()
    told(incidents, verdict(web=(1_000, True)))
    assert told(incidents, verdict(11_000, web=(1_000, False))) == []
    assert set(incidents.silent) == {"web"}


def test_its_end_and_the_next_silence_may_come_to_light_together() -> None:
    incidents = Incidents()
    told(incidents, verdict(web=(1_000, True)))
    assert told(incidents, verdict(90_000, web=(20_000, True))) == [(SourceResumed, "web"), (SourceSilent, "web")]


def test_an_older_lead_that_comes_to_light_ends_nothing() -> None:
    incidents = Incidents()
    told(incidents, verdict(web=(1_000, True)))
    assert told(incidents, verdict(12_000, web=(900, True))) == []


def test_a_source_that_is_given_up_or_not_judged_any_more_is_silent_no_longer() -> None:
    incidents = Incidents()
    told(incidents, verdict(web=(1_000, True)))
    (alert,) = incidents.follow(verdict(20_000))
    assert isinstance(alert, SourceResumed)
    assert (alert.source, alert.reason) == ("web", "given_up")


def test_the_same_silence_has_the_same_ids_and_its_end_carries_them() -> None:
    first, second = (next(Incidents().follow(verdict(now, web=(1_000, True)))) for now in (10_000, 11_000))
    assert first.alert_id == second.alert_id
    incidents = Incidents()
    (silent,) = incidents.follow(verdict(web=(1_000, True)))
    (resumed,) = incidents.follow(verdict(14_000, web=(13_000, False)))
    assert silent.incident_id == resumed.incident_id
    assert silent.alert_id != resumed.alert_id
    assert isinstance(silent, SourceSilent)
    assert (silent.silent_seconds, silent.expected_arrivals, silent.chance) == (9.0, 9.5, 1e-4)


def test_who_takes_over_knows_what_was_told() -> None:
    incidents = Incidents()
    told(incidents, verdict(web=(1_000, True), ads=(2_000, True)))
    log = incidents.flush()
    told(incidents, verdict(14_000, web=(13_000, False), ads=(2_000, True)))
    log += incidents.flush()
    assert incidents.flush() == []
    other = Incidents()
    for key, value in log:
        other.load(key, value)
    assert other.silent == incidents.silent
    assert told(other, verdict(15_000, web=(13_000, False), ads=(2_000, True))) == []
