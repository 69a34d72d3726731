"""Exactly-once processing on Kafka transactions, inside a Faust app.

The engine knows topics, partitions and the `State` protocol; what the records mean is the state's business. Nothing is
imported here: who needs an error or an option need not wait for Faust.

    app.EngineApp, engine.Engine    the Faust app and what works in it
    options.EngineOptions           settings
    state                           what an application implements: State, Output, RecordFailed
    observer.EngineObserver         where measurements leave
    errors.EngineError              what a worker may end with
    worker.run_worker               running it
"""
