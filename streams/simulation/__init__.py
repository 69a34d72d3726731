"""A believable sales floor, played from a seed: leads, people, journeys and faults, as a stream of Kafka records.

arrivals    when leads come: the rhythm of day and week
people      who answers them: teams, shifts, fast and slow
journey     the way of one lead, on the case it belongs to
faults      what goes wrong on the way to Kafka
floor       all of it together: `history` and `live`
totals      what it must add up to
parameters  everything that can be turned, with ready presets
"""

from streams.simulation.faults import Record
from streams.simulation.floor import Lapse, events_per_lead, history, live
from streams.simulation.parameters import NO_FAULTS, Parameters
from streams.simulation.presets import EVERYDAY, HURRIED, PRESETS, ParametersError, load_parameters
from streams.simulation.totals import Summary, Totals

__all__ = [
    "EVERYDAY",
    "HURRIED",
    "NO_FAULTS",
    "PRESETS",
    "Lapse",
    "Parameters",
    "ParametersError",
    "Record",
    "Summary",
    "Totals",
    "events_per_lead",
    "history",
    "live",
    "load_parameters",
]
