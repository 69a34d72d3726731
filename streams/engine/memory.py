"""Large states and Python's garbage collector."""

import gc

WALK_AFTER = (50_000, 20, 20)
"""Thresholds of the collector. By default it walks the young objects after every 700 new ones, less than a chunk of
records: it finds nothing, and took a twelfth of a worker's time."""


def settle_memory() -> None:
    """Take what was loaded out of the garbage collector's walks.

    Faust calls gc.collect() in a loop at every rebalance, and each walk over a large state stops the worker. Unfreezing
    first lets the collector find what a former state of this process left behind.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*WALK_AFTER)
