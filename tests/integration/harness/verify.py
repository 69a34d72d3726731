"""The key-by-key comparison of what a run left on the log with a model of its inputs."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from streams.engine.positions import POSITION_KEY, decode_position
from tests.integration.harness.log import Log, end_offsets, read_topic
from tests.integration.harness.tally import Entry, TallyTopics, expect


class Report(NamedTuple):
    """What was compared, and what was wrong."""

    events: int
    keys: int
    alerts: int
    dead_letters: int
    wrong_keys: int
    wrong_alerts: int
    wrong_dead_letters: int
    duplicates: int
    unprocessed: int
    position_steps_back: int
    changelog_records: int
    changelog_offsets: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing was wrong, and there was something to look at."""
        return self.events > 0 and not any(
            (
                self.wrong_keys,
                self.wrong_alerts,
                self.wrong_dead_letters,
                self.duplicates,
                self.unprocessed,
                self.position_steps_back,
            )
        )


class _Found(NamedTuple):
    state: dict[bytes, object]
    position: dict[str, int]
    steps_back: int


async def verify(broker: str, name: str, partitions: int = 4) -> Report:
    """Read all topics of a run that has come to rest, and compare."""
    topics = TallyTopics(name)
    names = (*topics.inputs, topics.changelog, topics.alerts, topics.dead_letters)
    logs = dict(
        zip(names, await asyncio.gather(*(read_topic(broker, topic, partitions) for topic in names)), strict=True)
    )
    ends = await end_offsets(broker, [topics.changelog], partitions)
    sums = [_compare(number, topics, logs) for number in range(partitions)]
    return Report._make([*(sum(column) for column in zip(*sums, strict=True)), sum(ends.values())])


def _compare(number: int, topics: TallyTopics, logs: Mapping[str, Log]) -> tuple[int, ...]:
    inputs = {topic: logs[topic][number] for topic in topics.inputs}
    expected = expect(number, inputs)
    changelog = logs[topics.changelog][number]
    found = _last_values(changelog)
    alerts = logs[topics.alerts][number]
    dead = logs[topics.dead_letters][number]
    dead_found = {dict(entry.headers)["where"]: dict(entry.headers)["reason"] for entry in dead}
    keys = expected.state.keys() | found.state.keys()
    return (
        sum(len(entries) for entries in inputs.values()),
        len(keys),
        len(alerts),
        len(dead),
        sum(expected.state.get(key) != found.state.get(key) for key in keys),
        _wrong_alerts(expected.alerts, alerts),
        len(expected.dead_letters.items() ^ dead_found.items()),
        len(alerts)
        - len({(e.key, e.value) for e in alerts})
        + len(dead)
        - len(dead_found)
        - _repeated(expected.alerts),
        sum(entry.offset >= found.position.get(topic, 0) for topic, entries in inputs.items() for entry in entries),
        found.steps_back,
        len(changelog),
    )


def _last_values(changelog: list[Entry]) -> _Found:
    state: dict[bytes, object] = {}
    position: dict[str, int] = {}
    steps_back = 0
    for entry in changelog:
        if entry.key == POSITION_KEY:
            newer = decode_position(entry.value or b"")
            steps_back += any(newer[topic] < offset for topic, offset in position.items())
            position = newer
        elif entry.value is None:
            state.pop(entry.key, None)
        else:
            state[entry.key] = msgspec.msgpack.decode(entry.value)
    return _Found(state, position, steps_back)


def _by_input(values: list[bytes]) -> dict[bytes, list[bytes]]:
    split: dict[bytes, list[bytes]] = {}
    for value in values:
        split.setdefault(value.split(b" ")[0], []).append(value)
    return split


def _wrong_alerts(expected: Mapping[bytes, list[bytes]], alerts: list[Entry]) -> int:
    """Count the keys whose alerts differ in content, number, or order within one input."""
    found: dict[bytes, list[bytes]] = {}
    for alert in alerts:
        found.setdefault(alert.key, []).append(alert.value or b"")
    return sum(
        _by_input(expected.get(key, [])) != _by_input(found.get(key, [])) for key in expected.keys() | found.keys()
    )


def _repeated(expected: Mapping[bytes, list[bytes]]) -> int:
    """Count alerts that rightly look like an earlier one: a key that was erased may come to the same sum again."""
    return sum(len(values) - len(set(values)) for values in expected.values())
