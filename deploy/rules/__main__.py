"""Print the rules with your own addresses and settings: `python -m deploy.rules --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from msgspec import structs

from deploy.generated import rule_terms_of
from deploy.rules.documents import FILE, rule_documents
from deploy.rules.terms import Places
from streams.settings import load


def main() -> None:
    """Write the rule file to standard output."""
    parser = argparse.ArgumentParser(prog="python -m deploy.rules", description=__doc__)
    parser.add_argument("--config", type=Path, help="the workers' settings: promises decide what waits too long")
    parser.add_argument("--runbook", default=Places().runbook, help="where docs/runbook.md is published")
    parser.add_argument("--grafana", default=Places().grafana, help="base address of Grafana")
    parser.add_argument("--job", default="leadpulse", help="the scrape job of the workers")
    parser.add_argument("--notify-job", default="leadpulse-notify", help="the scrape job of the notifiers")
    given = parser.parse_args()
    places = Places(runbook=given.runbook, grafana=given.grafana.rstrip("/"))
    terms = structs.replace(rule_terms_of(load(given.config), places), job=given.job, notify_job=given.notify_job)
    try:
        sys.stdout.write(rule_documents(terms)[FILE])
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
