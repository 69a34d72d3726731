"""Fixtures of the exposition tests."""

from __future__ import annotations

from tests.streams.exposition.promtool import promtool

__all__ = ["promtool"]
