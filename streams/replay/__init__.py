"""An export of a CRM, as CSV or JSON lines, to events: what to make of which row is said by a mapping file.

mapping    the mapping file
templates  values put together from columns
values     times, money, numbers as exports write them
rules      a rule, checked and ready
reading    the rows of an export
mapper     rows to events, with an account of the rest
pacing     how fast they go to Kafka
"""

from streams.replay.mapper import Account, Mapped, Mapper, StrictError
from streams.replay.mapping import MappingError, MappingFile, load_mapping
from streams.replay.pacing import at_speed
from streams.replay.reading import Export, ReadError, open_export

__all__ = [
    "Account",
    "Export",
    "Mapped",
    "Mapper",
    "MappingError",
    "MappingFile",
    "ReadError",
    "StrictError",
    "at_speed",
    "load_mapping",
    "open_export",
]
