"""Exactly-once processing on Kafka transactions, inside a Faust app.

The engine knows topics, partitions and the `State` protocol; what the records mean is the state's business.
"""

from streams.engine.app import EngineApp
from streams.engine.engine import Engine, InputProgress
from streams.engine.errors import EngineError
from streams.engine.observer import EngineObserver
from streams.engine.options import EngineOptions
from streams.engine.state import Output, RecordFailed, State, StateFactory
from streams.engine.watch import Observed
from streams.engine.worker import run_worker

__all__ = [
    "Engine",
    "EngineApp",
    "EngineError",
    "EngineObserver",
    "EngineOptions",
    "InputProgress",
    "Observed",
    "Output",
    "RecordFailed",
    "State",
    "StateFactory",
    "run_worker",
]
