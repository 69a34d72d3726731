"""What leadpulse tells before it has happened, as users set it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from streams.settings.durations import Duration
from streams.settings.rules import Between


class Silence(Struct, frozen=True, kw_only=True):
    """When a source that sends nothing is called silent. `docs/foresight.md` is the guide.

    Attributes:
        enabled: Whether sources are judged. In a replay (`worker.clock = "event"`) they never are.
        level: How improbable a silence must be: the chance that a source that is well shows one like it in a day.
        period: After which the arrivals of a source repeat themselves. Shorter than a week only for demonstrations.
        grain: Length of the slots that a period is learnt in; it divides the period.
        half_life: An arrival that is so old counts half in what is learnt. What is three times as old is forgotten.
        min_history: A source is judged only when its arrivals span this much time.
        min_arrivals: The same for their number, old ones counting less.
        give_up: A source that is silent for longer is taken to be gone: its alarm ends.
        grace: How late the leads of a source usually reach the topic after their creation.
        check_interval: How often the sources are judged.
        ignore: Sources that are not judged.
    """

    enabled: bool = True
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.001
    period: Annotated[Duration, Between("1s", "7d")] = Duration("7d")
    grain: Annotated[Duration, Between("1s", "1d")] = Duration("1h")
    half_life: Annotated[Duration, Between("1s", "365d")] = Duration("28d")
    min_history: Annotated[Duration, Between("0s", "365d")] = Duration("14d")
    min_arrivals: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    give_up: Annotated[Duration, Between("1s", "1000d")] = Duration("30d")
    grace: Annotated[Duration, Between("0s", "7d")] = Duration("1m")
    check_interval: Annotated[Duration, Between("100ms", "1h")] = Duration("10s")
    ignore: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=256)], ...], Meta(max_length=1000)] = ()


class Forecast(Struct, frozen=True, kw_only=True):
    """The forecast of breaches. `docs/foresight.md` is the guide.

    Attributes:
        half_life: What was learnt so long ago about how fast leads are answered counts half.
    """

    half_life: Annotated[Duration, Between("1m", "365d")] = Duration("3d")
