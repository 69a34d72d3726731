"""The rules as deployed, for those who cannot wait minutes until something has lasted."""

from __future__ import annotations

from pathlib import Path

import yaml

from deploy.generated import rule_terms_of
from deploy.rules.documents import rule_groups
from streams.settings import Settings


def impatient_rules(folder: Path, patience: str) -> Path:
    """Write the rules as deployed, but for how long something must last.

    Args:
        folder: Where the file is put.
        patience: What every rule waits instead, such as `3s`.
    """
    content = rule_groups(rule_terms_of(Settings()))
    for group in content["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = patience
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file
