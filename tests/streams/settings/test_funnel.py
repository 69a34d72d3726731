from __future__ import annotations

from collections import defaultdict

from msgspec import structs

from processors.follow_up import Band, FollowUp
from processors.funnel import DAY_MS, MAX_EDGES, MINUTE_MS, Funnel, Stage
from processors.labels import MISSING, tables
from processors.policies import BUSINESS, WALL, Facts, Policy, targets
from processors.silence import SilenceRules
from streams.settings import Settings, load
from streams.settings.fields import fields_of
from streams.settings.funnel import funnel_of
from streams.settings.silence import silence_rules


def test_default_settings_are_the_default_funnel() -> None:
    assert structs.replace(funnel_of(Settings()), label_caps={}) == Funnel()


def test_label_caps_name_tables_that_exist_and_are_kept() -> None:
    assert set(fields_of("labels")) <= set(MISSING)
    most = load(environ={f.variable: "1000" for f in fields_of("labels").values()})
    caps = funnel_of(most).label_caps
    assert caps == {table: labels.cap for table, labels in tables(caps, defaultdict(int)).items() if table in caps}


def test_every_decision_reaches_the_funnel() -> None:
    settings = load(
        environ={
            "LEADPULSE_FUNNEL__ZONE": "Asia/Tokyo",
            "LEADPULSE_FUNNEL__STAGES": '[{name = "seen"}, {name = "signed", kind = "won"}]',
            "LEADPULSE_FUNNEL__STAGE_THRESHOLDS": "1h,2h",
            "LEADPULSE_FUNNEL__CYCLE_THRESHOLDS": "1d",
            "LEADPULSE_RESPONSE__THRESHOLDS": "1m,3m",
            "LEADPULSE_RESPONSE__TARGET": "2m",
            "LEADPULSE_RESPONSE__ROUTING": "business",
            "LEADPULSE_RESPONSE__CONTACT_OUTCOMES": "held",
            "LEADPULSE_RESPONSE__WRITTEN_CHANNELS": "sms",
            "LEADPULSE_WINDOWS__ROLLING": "24h,1h30m",
            "LEADPULSE_WINDOWS__CALENDAR": "week",
            "LEADPULSE_LABELS__SOURCE": "7",
            "LEADPULSE_SILENCE__GRAIN": "30m",
            "LEADPULSE_SILENCE__HALF_LIFE": "14d",
            "LEADPULSE_FORECAST__HALF_LIFE": "6h",
        }
    )
    funnel = funnel_of(settings)
    assert funnel == Funnel(
        stages=(Stage("seen"), Stage("signed", "won")),
        zone="Asia/Tokyo",
        response_edges=(60_000, 120_000, 180_000),
        stage_edges=(3_600_000, 7_200_000),
        cycle_edges=(86_400_000,),
        policies=(Policy(name="default", clock=WALL, targets=targets(first_contact=120_000)),),
        routing=BUSINESS,
        contact_outcomes=frozenset({"held"}),
        written_channels=frozenset({"sms"}),
        rolling={"24h": 1440, "1h30m": 90},
        calendar=("week",),
        label_caps={**funnel_of(Settings()).label_caps, "source": 7},
        arrival_grain=1_800_000,
        arrival_memory=42 * 86_400_000,
        service_half_life=21_600_000,
    )


def test_the_bounds_of_following_up_reach_the_funnel() -> None:
    settings = load(
        environ={
            "LEADPULSE_FOLLOW_UP__LONGEST_GAP": "2d",
            "LEADPULSE_FOLLOW_UP__MOST_PER_WEEK": "0",
            "LEADPULSE_FOLLOW_UP__STAGES": '[{stage = "qualified", longest_gap = "0s", most_per_week = 3}]',
            "LEADPULSE_FOLLOW_UP__COLLISION": "5m",
            "LEADPULSE_FOLLOW_UP__REPLY_WITHIN": "3d",
        }
    )
    assert funnel_of(settings).follow_up == FollowUp(
        band=Band(longest_gap=2 * DAY_MS, most_a_week=0),
        bands=(("qualified", Band(longest_gap=0, most_a_week=3)),),
        collision=5 * MINUTE_MS,
        reply=3 * DAY_MS,
    )


def test_the_names_of_what_is_missing_mean_leads_without_one() -> None:
    settings = load(
        environ={
            "LEADPULSE_SLA__POLICIES": '[{name = "nobodys", sources = ["unknown", "web"], teams = ["unassigned"], '
            'first_contact = "1h"}]',
            "LEADPULSE_HOURS__CALENDARS": '[{name = "pool", zone = "UTC", teams = ["unassigned"], '
            'week = ["Mon-Fri 9:00-17:00"]}]',
        }
    )
    funnel = funnel_of(settings)
    lead = Facts(source="", segment="", region="", product="", team="", amount=0)
    assert funnel.policies[0].holds(lead)
    assert not funnel.policies[0].holds(structs.replace(lead, team="north"))
    assert set(funnel.calendars.teams) == {""}


def test_the_most_thresholds_allowed_leave_room_for_the_target() -> None:
    edges = ",".join(f"{n}h" for n in range(1, MAX_EDGES))
    settings = load(environ={"LEADPULSE_RESPONSE__THRESHOLDS": edges, "LEADPULSE_RESPONSE__TARGET": "30m"})
    assert len(funnel_of(settings).response_edges) == MAX_EDGES


def test_the_settings_about_silence_reach_the_judge_and_the_defaults_are_its_own() -> None:
    assert silence_rules(Settings()) == SilenceRules()
    settings = load(
        environ={
            "LEADPULSE_FUNNEL__ZONE": "Asia/Tokyo",
            "LEADPULSE_SILENCE__LEVEL": "0.01",
            "LEADPULSE_SILENCE__PERIOD": "1d",
            "LEADPULSE_SILENCE__GRAIN": "30m",
            "LEADPULSE_SILENCE__HALF_LIFE": "14d",
            "LEADPULSE_SILENCE__MIN_HISTORY": "3d",
            "LEADPULSE_SILENCE__MIN_ARRIVALS": "7",
            "LEADPULSE_SILENCE__GIVE_UP": "5d",
            "LEADPULSE_SILENCE__GRACE": "2m",
            "LEADPULSE_SILENCE__IGNORE": "fair,web",
        }
    )
    day = 86_400_000
    assert silence_rules(settings) == SilenceRules(
        zone="Asia/Tokyo",
        level=0.01,
        period=day,
        grain=1_800_000,
        half_life=14 * day,
        min_history=3 * day,
        min_arrivals=7,
        give_up=5 * day,
        grace=120_000,
        ignore=frozenset({"fair", "web"}),
    )
