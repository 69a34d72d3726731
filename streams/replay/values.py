"""What stands in a column to what stands in an event: times, money, numbers, truth values."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from streams.replay.templates import as_text

Reader = Callable[[object], object]
"""Reads one value; raises ValueError with what is wrong with it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE = frozenset(("true", "yes", "y", "1"))
_FALSE = frozenset(("false", "no", "n", "0"))


def time_reader(form: str, zone: str) -> Callable[[object], datetime]:
    """Make a reader of times.

    Args:
        form: `iso`, `unix` (seconds), `unix_ms`, or a format of `datetime.strptime`.
        zone: IANA zone of the times that carry none; empty refuses those.
    """
    local = ZoneInfo(zone) if zone else None
    if form in ("unix", "unix_ms"):
        unit = timedelta(seconds=1) if form == "unix" else timedelta(milliseconds=1)
        return lambda value: _since_epoch(value, unit)
    return lambda value: _zoned(_written(as_text(value).strip(), form), local)


def _since_epoch(value: object, unit: timedelta) -> datetime:
    try:
        return _EPOCH + float(as_text(value)) * unit
    except (ValueError, OverflowError) as error:
        raise ValueError(f"no Unix time: {_quote(value)}") from error


def _written(text: str, form: str) -> datetime:
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        return datetime.strptime(text, form)  # noqa: DTZ007  # the zone comes from the mapping when the text has none
    except ValueError as error:
        what = "an ISO 8601 time" if form == "iso" else f"a time like {form!r}"
        raise ValueError(f"not {what}: {_quote(text)}") from error


def _zoned(time: datetime, zone: ZoneInfo | None) -> datetime:
    if time.tzinfo is None:
        if zone is None:
            raise ValueError("has no zone, and the mapping names none")
        time = time.replace(tzinfo=zone)
    try:
        utc = time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error
    if utc < _EPOCH:
        raise ValueError("lies before 1970")
    return utc


def money_reader(scale: int) -> Reader:
    """Make a reader of amounts that counts them in minor units, `scale` of which make the unit of the column."""

    def read(value: object) -> int:
        number = _decimal(value)
        return int((number * scale).to_integral_value(ROUND_HALF_EVEN))

    return read


def read_number(value: object) -> float:
    """Read a number."""
    return float(_decimal(value))


def read_flag(value: object) -> bool:
    """Read a truth value."""
    text = as_text(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f"neither true nor false: {_quote(value)}")


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(as_text(value).strip())
    except InvalidOperation as error:
        raise ValueError(f"no number: {_quote(value)}") from error
    # The exponent of a text like 1e999999999 would fill the memory with noughts.
    if not number.is_finite() or number.adjusted() > 30:  # noqa: PLR2004  # far above the largest amount there is
        raise ValueError(f"no finite number of a usable size: {_quote(value)}")
    return number


def _quote(value: object) -> str:
    text = as_text(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004  # what fits on a line
