"""How fast, how soon, how large: measurements of leadpulse that anybody can repeat with `make bench`."""
