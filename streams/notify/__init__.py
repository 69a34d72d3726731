"""Alarms out: from the alerts topic to Alertmanager and to a webhook, at least once."""
