"""What the tests of the deployment share."""

from tests.streams.exposition.promtool import promtool

__all__ = ["promtool"]
