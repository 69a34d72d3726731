"""Were the forecasts any good? Sums from which boards make Brier score, calibration and the gain over the base rate."""

from __future__ import annotations

from typing import Final

DECILES: Final = 10


class Score:
    """The score of the forecasts of one horizon, since the start of the worker.

    Attributes:
        brier: Sum of the squared errors.
        reference: The same of a forecaster who always names the share of breaches so far.
        forecasts: Decile of the forecast -> how many were made.
        expected: Decile -> sum of the forecasts.
        breaches: Decile -> how many came true.
    """

    def __init__(self) -> None:
        self.brier = 0.0
        self.reference = 0.0
        self.forecasts = [0] * DECILES
        self.expected = [0.0] * DECILES
        self.breaches = [0] * DECILES

    def add(self, forecast: float, *, breached: bool) -> None:
        """Compare a forecast with what happened."""
        usual = (sum(self.breaches) + 0.5) / (sum(self.forecasts) + 1)
        decile = min(int(forecast * DECILES), DECILES - 1)
        self.brier += (forecast - breached) ** 2
        self.reference += (usual - breached) ** 2
        self.forecasts[decile] += 1
        self.expected[decile] += forecast
        self.breaches[decile] += breached
