"""The runtime: settings, engine, metrics, HTTP, commands, embedded services."""
