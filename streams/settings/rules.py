"""What a field of the settings may hold, beyond its type: annotations that check a value and describe themselves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from ipaddress import IPv6Address
from zoneinfo import ZoneInfo, available_timezones

from streams.settings.durations import Duration

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}", re.ASCII)
_LABEL = r"[A-Za-z0-9_-]{1,63}"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:{_LABEL}\.)*{_LABEL}\.?)"
_BRACKETS = re.compile(r"\[(.*)\]")
_ADDRESS = re.compile(rf"{_HOST}:(\d{{1,5}})", re.ASCII)
_URL = re.compile(rf"https?://{_HOST}(?::(\d{{1,5}}))?", re.ASCII)
_MOST_PORTS = 65_535


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint at the known name that is most like a wrong one, or an empty text."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


class Rule:
    """One condition on a value.

    Attributes:
        text: The condition as it completes "must be …".
    """

    text = ""

    def problem(self, value: object) -> str:
        """Return what is wrong with a value of the right type, or an empty text."""
        raise NotImplementedError


class Between(Rule):
    """A duration within bounds, both included."""

    def __init__(self, low: str, high: str) -> None:
        self._low, self._high = Duration(low), Duration(high)
        self.text = f'a duration from "{low}" to "{high}"'

    def problem(self, value: object) -> str:
        """Return what is wrong with a duration."""
        inside = isinstance(value, Duration) and self._low <= value <= self._high
        return "" if inside else f'must be {self.text}, got "{value}"'


class OneOf(Rule):
    """One of several names that another package knows."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self.text = "one of " + ", ".join(f'"{name}"' for name in names)

    def problem(self, value: object) -> str:
        """Return what is wrong with a name."""
        if value in self._names:
            return ""
        return f'must be {self.text}, got "{value}"{nearest(str(value), self._names)}'


class Matching(Rule):
    """Text of a known form."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._pattern, self.text = pattern, text

    def problem(self, value: object) -> str:
        """Return what is wrong with a text; a number that the pattern catches must be a port."""
        match = self._pattern.fullmatch(str(value))
        port = match and match.groups("1") and match.group(1)
        if match and (not port or 0 < int(port) <= _MOST_PORTS) and _is_no_bad_address(str(value)):
            return ""
        if "@" in str(value):  # it may be followed by what must not be shown
            return f"must be {self.text}, and hold no user or password"
        return f'must be {self.text}, got "{value}"'


def _is_no_bad_address(value: str) -> bool:
    """Return whether what stands in brackets, if anything does, is an IPv6 address."""
    inside = _BRACKETS.search(value)
    try:
        return inside is None or bool(IPv6Address(inside.group(1)))
    except ValueError:
        return False


class Parsed(Rule):
    """Text that a function can read; the function raises ValueError with what is wrong."""

    def __init__(self, parse: Callable[[str], object], text: str) -> None:
        self._parse, self.text = parse, text

    def problem(self, value: object) -> str:
        """Return why a text cannot be read."""
        try:
            self._parse(str(value))
        except ValueError as error:
            return str(error)
        return ""


class RedisUrl(Rule):
    """An address of Redis without a password: what is shown with the settings must hold no secret."""

    text = '"redis://host:port/database", or "rediss://…" for TLS'
    _form = re.compile(rf"(?:rediss?://{_HOST}(?::(\d{{1,5}}))?(?:/\d{{1,4}})?)?", re.ASCII)

    def problem(self, value: object) -> str:
        """Return what is wrong with an address, without a password that may be in it."""
        if "@" in str(value):
            return "must hold no user or password: redis.username and redis.password are for them"
        return Matching(self._form, self.text).problem(value)


class Zone(Rule):
    """An IANA time zone."""

    text = 'an IANA time zone such as "Europe/Berlin"'

    def problem(self, value: object) -> str:
        """Return what is wrong with the name of a zone."""
        try:
            ZoneInfo(str(value))
        except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
            return f'unknown time zone "{value}"{nearest(str(value), available_timezones())}'
        return ""


TOPIC = Matching(_TOPIC, 'a topic name of letters, digits, ".", "_" and "-", at most 249 long')
NAME = Matching(re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII), 'a name of letters, digits, ".", "_" and "-"')
ADDRESS = Matching(_ADDRESS, '"host:port"')
URL = Matching(re.compile(f"(?:{_URL.pattern})?", re.ASCII), '"http://host:port" or "https://host:port"')
LEAD_LINK = Matching(
    re.compile(rf"(?:https?://{_HOST}(?::(\d{{1,5}}))?/[^\s{{}}]*\{{lead_id\}}[^\s{{}}]*)?", re.ASCII),
    'an address such as "https://crm.example/leads/{lead_id}"',
)
PREFIX = Matching(re.compile(r"[A-Za-z0-9._:{}-]{0,100}", re.ASCII), 'letters, digits, ".", "_", ":", "-" and braces')
SUFFIX = Matching(re.compile(r"[A-Za-z0-9._-]{1,50}", re.ASCII), 'an ending of letters, digits, ".", "_" and "-"')
BASE_URL = Matching(re.compile(rf"{_URL.pattern}(?:/[^\s?#\"]*)?", re.ASCII), '"http://host:port/path", or https')
WEBHOOK_URL = Matching(re.compile(rf"{_URL.pattern}(?:[/?][^\s#\"]*)?", re.ASCII), '"https://host/path", or http')
