"""Public holidays of countries and their parts, as the `holidays` package knows them.

The package is imported when a calendar names holidays and not before: that takes a quarter of a second.
"""

from __future__ import annotations

import difflib
import re
from datetime import date

from streams.settings.hours import YEARS
from streams.settings.rules import Parsed, nearest

_PLACE = re.compile(r"([A-Z]{2})(?:-(.*))?")


def public_holidays(place: str) -> list[date]:
    """Return the public holidays of a place from 2000 to 2060, with the days that make up for one on a weekend.

    Args:
        place: Country, or country and part as in ISO 3166-2: "NL", "DE-BY".

    Raises:
        ValueError: Nothing is known of such a place; it says why.
    """
    from holidays import country_holidays  # noqa: PLC0415  # see above

    country, part = parse_place(place)
    return sorted(country_holidays(country, subdiv=part, years=YEARS))


def parse_place(place: str) -> tuple[str, str | None]:
    """Return the country and the part of it that a place is.

    Raises:
        ValueError: Nothing is known of it; it says why.
    """
    from holidays import country_holidays  # noqa: PLC0415  # see above

    country, part = _country_and_part(place)
    if part is not None:
        known = country_holidays(country)
        parts = (*known.subdivisions, *known.subdivisions_aliases)
        if part not in parts:
            hint = nearest(part, parts) or f"; known are {', '.join(known.subdivisions) or 'none'}"
            raise ValueError(f'unknown part "{part}" of {country}{hint}')
    return country, part


def _country_and_part(place: str) -> tuple[str, str | None]:
    from holidays.registry import COUNTRIES  # noqa: PLC0415  # see above

    codes = {code for _, *codes in COUNTRIES.values() for code in codes}
    match = _PLACE.fullmatch(place)
    if match and match[1] in codes:
        return match[1], match[2]
    country = place.partition("-")[0]
    names = {name: names for names in COUNTRIES.values() for name in (*names, names[1].lower())}
    close = difflib.get_close_matches(country, names, n=1)
    hint = f'; did you mean "{names[close[0]][1]}" ({names[close[0]][0]})?' if close else ""
    raise ValueError(f'unknown country "{country}"{hint}')


def _may_be_empty(place: str) -> None:
    if place:
        parse_place(place)


PLACE = Parsed(_may_be_empty, 'a country or a part of one such as "NL" or "DE-BY"')
