"""Fixtures of the notifier's tests."""

from __future__ import annotations

from tests.streams.exposition.promtool import promtool

__all__ = ["promtool"]
