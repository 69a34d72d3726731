"""How leadpulse is run and watched; its generated files are made of the signal table."""
