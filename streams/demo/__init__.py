"""The whole of leadpulse on one machine, to look at."""
