"""Notifiers of one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness.desk import PARTITIONS, Desk, StartDesk


@pytest.fixture
def start_desk(kafka: str, tmp_path: Path) -> Iterator[StartDesk]:
    desks: list[Desk] = []

    def start(**settings: str) -> Desk:
        usual = {"RESEND": "1s", "HOLD": "20s", "RETRY_MOST": "1s", "RETRY_FIRST": "100ms", "DIGEST_WAIT": "300ms"}
        named = {f"NOTIFY__{key}": value for key, value in (usual | settings).items()}
        desks.append(Desk(kafka, tmp_path, partitions=PARTITIONS, settings=named))
        return desks[-1]

    yield start
    for desk in desks:
        desk.__exit__()
