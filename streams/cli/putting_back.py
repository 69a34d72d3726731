"""The work behind `leadpulse dlq replay`: judge each record, put it back, and account for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

from msgspec import Struct

from schemas.refusals import Reason, Refusal
from streams.putting_back import Judge, Returner, Returning, returner
from streams.settings import Settings
from streams.settings.kafka import kafka_client_options
from streams.topics import read_topics

_SHOWN: Final = 20

Labelled = tuple[str, Returning]
"""Where a record comes from, for people, and the record."""


class Wishes(Struct, frozen=True, kw_only=True):
    """How to put back.

    Attributes:
        rekey: Whether records with another key than their lead id get that, and its partition.
        force: Whether to put back what would fail again.
        dry_run: Whether only to say what would be done.
        edited: Whether keys may have been edited, so that the partition of a record must be looked at.
    """

    rekey: bool = False
    force: bool = False
    dry_run: bool = False
    edited: bool = False


class Account:
    """What became of the records.

    Attributes:
        back: Input topic -> records put back.
        forced: How many of them will fail again.
        refused: Reason -> records that were not put back.
        examples: The first of those, one line each.
    """

    def __init__(self) -> None:
        self.back: Counter[str] = Counter()
        self.forced = 0
        self.refused: Counter[str] = Counter()
        self.examples: list[str] = []

    def refuse(self, label: str, refusal: Refusal) -> None:
        """Note a record that was not put back."""
        self.refused[refusal.reason] += 1
        if len(self.examples) < _SHOWN:
            field = f", field {refusal.field}" if refusal.field else ""
            self.examples.append(f"{label}: {refusal.reason}{field}: {refusal.detail}")


async def put_back(settings: Settings, records: AsyncIterator[Labelled], wishes: Wishes) -> Account:
    """Put records back where they came from.

    Raises:
        KafkaError: Kafka cannot be reached, or did not take a record.
    """
    options = kafka_client_options(settings.kafka)
    account = Account()
    async with AsyncExitStack() as stack:
        out = None if wishes.dry_run else await stack.enter_async_context(returner(options))
        inputs = (settings.topics.leads, settings.topics.interactions)
        found = await read_topics(inputs, options)
        judge = Judge(settings, {name: topic.partitions for name, topic in found.items()})
        async for label, record in records:
            await _one(judge, record, label, wishes, account, out)
    return account


async def _one(  # noqa: PLR0913, PLR0917  # the loop's variables
    judge: Judge, record: Returning, label: str, wishes: Wishes, account: Account, out: Returner | None
) -> None:
    if lost := judge.has_no_place(record):
        account.refuse(label, lost)  # not even by force
        return
    refusal = _refusal(judge, record, wishes)
    if refusal is not None and wishes.rekey and refusal.reason is Reason.KEY_MISMATCH:
        record = judge.rekeyed(record)
        refusal = judge.refusal(record)
    if refusal is not None and not wishes.force:
        account.refuse(label, refusal)
        return
    if out is not None:
        await out.put(record)
    account.forced += refusal is not None
    account.back[record.topic] += 1


def _refusal(judge: Judge, record: Returning, wishes: Wishes) -> Refusal | None:
    return judge.refusal(record) or (judge.strays(record) if wishes.edited else None)
