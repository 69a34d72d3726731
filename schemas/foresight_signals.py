"""The signals about what has not happened yet: rows of the signal table, see `schemas.signals`."""

from __future__ import annotations

from typing import Final

from schemas.signal import RATE_INTERVAL, Signal, covers, guarded, whole

_DAY = "1d"
FORECAST: Final = covers("leadpulse_forecast_waits")
"""True while every partition has a forecast: some seconds after a move there is none yet, and none is not zero."""


def forecast(expression: str) -> str:
    """Return the query of a sum of forecasts, shown only while every partition is told and has one."""
    return guarded(whole(expression), FORECAST)


def _of_sources(name: str) -> str:
    # One worker judges for all; while another takes over, both may be seen.
    return f"max by (source) ({name})"


def _grown(name: str, by: str = "horizon") -> str:
    return f"sum by ({by}) (increase({name}_total[{_DAY}]))"


FORESIGHT: tuple[Signal, ...] = (
    Signal(
        name="leadpulse_expected_breaches",
        kind="gauge",
        help="Promises that will be broken within the horizon if teams go on as they do",
        labels=("team", "horizon"),
        panel="Breaches to expect",
        description="The sum, over the waits whose deadline lies within 15 or 30 minutes, of the chance that nobody "
        "answers by then. Look at its calibration before you believe it.",
        query=forecast("sum by (team, horizon) (leadpulse_expected_breaches)"),
    ),
    Signal(
        name="leadpulse_forecast_waits",
        kind="gauge",
        help="Waits that are watched because their deadline lies within half an hour",
        labels=("partition",),
        panel="Waits with a near deadline",
        description="What the forecast is made of, and what it costs; nothing while a partition has no forecast.",
        query=forecast("sum(leadpulse_forecast_waits)"),
    ),
    Signal(
        name="leadpulse_forecasts",
        kind="counter",
        help="Forecasts that were compared with what happened, by horizon and decile of the forecast, 0 to 9",
        labels=("horizon", "decile"),
        panel="Forecasts scored",
        description="One for each wait, made 15 or 30 minutes before the deadline, or at its begin if that is later.",
        query=f"sum by (horizon) (rate(leadpulse_forecasts_total[{RATE_INTERVAL}]))",
    ),
    Signal(
        name="leadpulse_forecast_breaches_expected",
        kind="counter",
        help="Sum of the scored forecasts, by horizon and decile",
        labels=("horizon", "decile"),
        panel="Forecast share of breaches",
        description="The mean forecast in each decile, over a day. Beside it belongs the share that came true.",
        query=f"{_grown('leadpulse_forecast_breaches_expected', 'horizon, decile')}"
        f" / {_grown('leadpulse_forecasts', 'horizon, decile')}",
    ),
    Signal(
        name="leadpulse_forecast_breaches",
        kind="counter",
        help="Scored forecasts whose promise was broken, by horizon and decile of the forecast",
        labels=("horizon", "decile"),
        panel="Share of breaches that came true",
        description="By decile of the forecast, over a day: near the forecast share means well calibrated.",
        query=f"{_grown('leadpulse_forecast_breaches', 'horizon, decile')}"
        f" / {_grown('leadpulse_forecasts', 'horizon, decile')}",
    ),
    Signal(
        name="leadpulse_forecast_squared_error",
        kind="counter",
        help="Sum of the squared errors of the scored forecasts",
        labels=("horizon",),
        panel="Brier score",
        description="Mean squared error over a day: 0 is perfect.",
        query=f"{_grown('leadpulse_forecast_squared_error')} / {_grown('leadpulse_forecasts')}",
    ),
    Signal(
        name="leadpulse_forecast_reference_squared_error",
        kind="counter",
        help="The same of a forecaster who always names the share of breaches so far",
        labels=("horizon",),
        panel="Brier skill",
        description="What the forecast gains over the base rate: 1 is perfect, 0 no better, below 0 do not use it.",
        query=f"1 - {_grown('leadpulse_forecast_squared_error')}"
        f" / {_grown('leadpulse_forecast_reference_squared_error')}",
    ),
    Signal(
        name="leadpulse_source_silent",
        kind="gauge",
        help="1 while a source is announced as silent, 0 for other sources that are judged",
        labels=("source",),
        panel="Silent sources",
        description="The source should have sent something by now. Look at its form, its feed, its campaign.",
        query=_of_sources("leadpulse_source_silent"),
    ),
    Signal(
        name="leadpulse_source_silence_seconds",
        kind="gauge",
        help="Time since the creation of the last lead of a source that is judged",
        labels=("source",),
        unit="seconds",
        panel="Silence by source",
        description="How long nothing has come. Whether that is long depends on the source and the hour.",
        query=_of_sources("leadpulse_source_silence_seconds"),
    ),
    Signal(
        name="leadpulse_source_silence_probability",
        kind="gauge",
        help="Chance that a source which is well shows such a silence at least once in a day",
        labels=("source",),
        panel="Chance of the silence",
        description="Below `silence.level` it is an alarm.",
        query=_of_sources("leadpulse_source_silence_probability"),
    ),
    Signal(
        name="leadpulse_source_expected_arrivals",
        kind="gauge",
        help="Leads that should have come from a source since its last one",
        labels=("source",),
        panel="Leads missed so far",
        description="By the hours of the week: it stands still at night where nothing comes at night.",
        query=_of_sources("leadpulse_source_expected_arrivals"),
    ),
    Signal(
        name="leadpulse_source_hourly_arrivals",
        kind="gauge",
        help="Leads an hour that are usual for a source at this hour of the week",
        labels=("source",),
        panel="Usual leads an hour",
        description="What was learnt about the source, for now.",
        query=_of_sources("leadpulse_source_hourly_arrivals"),
    ),
    Signal(
        name="leadpulse_silence_judged_timestamp_seconds",
        kind="gauge",
        help="The moment as of which the sources were judged last, as a Unix time",
        unit="seconds",
        panel="Age of the judgement",
        description="While a worker is away or behind nothing is judged, and this grows.",
        query="time() - max(leadpulse_silence_judged_timestamp_seconds)",
    ),
    Signal(
        name="leadpulse_silence_rounds",
        kind="counter",
        help="Rounds of judging the sources on this worker, by outcome: judged, or why it is not known",
        labels=("outcome",),
        panel="Judging the sources",
        description="missing: a partition was not accounted for; doubled: by two workers; behind: not caught up; "
        "different: a worker has another `silence.grain`.",
        query=f"sum by (outcome) (rate(leadpulse_silence_rounds_total[{RATE_INTERVAL}]))",
    ),
)
"""Numbers about what has not happened yet."""
