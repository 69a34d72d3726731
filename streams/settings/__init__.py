"""What users decide: one TOML file, an environment overlay, and options of the command line.

`load` gives a frozen `Settings`; every field is described once, in `streams.settings.sections`.
"""

from streams.settings.durations import Duration
from streams.settings.loading import Loaded, SettingsError, load, read
from streams.settings.secret import Secret
from streams.settings.sections import Settings

__all__ = ["Duration", "Loaded", "Secret", "Settings", "SettingsError", "load", "read"]
