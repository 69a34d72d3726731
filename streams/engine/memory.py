"""Large states and Python's garbage collector."""

import gc


def settle_memory() -> None:
    """Take what was loaded out of the garbage collector's walks.

    Faust calls gc.collect() in a loop at every rebalance, and each walk over a large state stops the worker. Unfreezing
    first lets the collector find what a former state of this process left behind.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
