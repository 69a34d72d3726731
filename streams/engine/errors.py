"""What can end an engine, in words for the one who runs it."""


class EngineError(Exception):
    """The engine cannot go on; the text says why and what to do."""


class RecordTooLarge(EngineError):
    """A state or output record is larger than the topic may hold."""


class UnknownOutput(EngineError):
    """A state writes to a topic that the engine was not told of."""


class NotCopartitioned(EngineError):
    """A worker owns a partition number of one input, but not of the other."""


class InputTruncated(EngineError):
    """The position kept in the changelog lies behind the end of an input: that topic was recreated or lost data."""


class ProcessingStopped(EngineError):
    """A record failed, and the worker was told to stop then."""


class NoProgress(EngineError):
    """A partition was recovered again and again without one commit in between."""


class GroupRefused(EngineError):
    """This worker may not be a member of its consumer group."""
