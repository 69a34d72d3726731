"""Where the integration tests run with a compiled core, the workers they start do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processors import shard
from tests.integration.harness.leadpulse import LeadpulseRun

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.mark.skipif(shard.__file__.endswith(".py"), reason="the core is not compiled; `make test` does it")
async def test_a_worker_says_that_its_core_is_compiled(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path) as run:
        run.start_worker()
        await run.wait_ready()
        _, text = run.get("/metrics")
        (info,) = (line for line in text.splitlines() if line.startswith("leadpulse_build_info"))
        assert 'core="compiled"' in info
