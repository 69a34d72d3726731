"""Floors by name, and floors from a file."""

from pathlib import Path

from streams.simulation.parameters import ALWAYS, Faults, Journey, Parameters, Part, Rhythm, Shift, Source, Team
from streams.tables import TableError, read_table


class ParametersError(ValueError):
    """A parameter file that cannot be used; the message says which file and why."""


EVERYDAY = Parameters()
"""Answers in minutes, nights off, deals in days."""

HURRIED = Parameters(
    rhythm=Rhythm(hours=(1.0,) * 24, days=(1.0,) * 7),
    teams=(
        Team(name="north", weight=5, agents=12, shifts=ALWAYS, response_minutes=0.08),
        Team(name="south", weight=3, agents=8, shifts=ALWAYS, response_minutes=0.15),
        Team(name="partners", weight=1, agents=4, shifts=ALWAYS, response_minutes=0.4, neglect=0.12),
    ),
    journey=Journey(
        routing_minutes=0.02,
        attempt_gap_hours=3 / 3600,
        stage_hours=5 / 3600,
        reply_hours=2 / 3600,
        pause_seconds=0.3,
        reached=0.6,
    ),
    faults=Faults(late_minutes=0.2, skew_seconds=5),
)
"""A floor in fast motion that never closes: answers in seconds, a whole journey within a minute."""

PRESETS = {"everyday": EVERYDAY, "hurried": HURRIED}
"""Floors by name."""

_TABLES: dict[str, type[Part]] = {
    "sources": Source,
    "teams": Team,
    "shifts": Shift,
    "rhythm": Rhythm,
    "journey": Journey,
    "faults": Faults,
}


def load_parameters(choice: str) -> Parameters:
    """Give a preset by its name, or read a TOML file; what the file leaves out is as on an everyday floor.

    Raises:
        ParametersError: When there is no such preset or file, or the file does not fit.
    """
    if choice in PRESETS:
        return PRESETS[choice]
    if not Path(choice).is_file():
        raise ParametersError(f"{choice}: neither a file nor one of {', '.join(PRESETS)}")
    try:
        return read_table(Path(choice), Parameters, _TABLES)[0]
    except TableError as error:
        raise ParametersError(str(error)) from error
