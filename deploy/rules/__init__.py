"""The rules that Prometheus evaluates: recording rules, and alerts each with its entry in `docs/runbook.md`."""
