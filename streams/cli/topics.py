"""`leadpulse topics`: what a worker needs on the broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition
from msgspec import Struct

from streams.cli.asking import ask
from streams.cli.errors import CliError, ExitCode
from streams.cli.invocation import settings_of
from streams.cli.tables import cell, grid, screen
from streams.plan import topic_plans
from streams.settings import Settings
from streams.settings.kafka import kafka_client_options
from streams.topics import FoundTopic, Role, TopicMismatch, TopicPlan, check_layout, ensure_topics, read_topics

app = typer.Typer(help="List, create and check the topics.", no_args_is_help=True)

Wait = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for Kafka.")]


class Amount(Struct, frozen=True):
    """How much lies in a topic.

    Attributes:
        offsets: Offsets in it. Transactions take some, so the number of records is a little lower.
        behind: How many of them the application has not processed yet; None when it never read the topic.
    """

    offsets: int
    behind: int | None


@app.command("list")
def list_topics(ctx: typer.Context, *, wait: Wait = 10.0) -> None:
    """Show the topics of this application: what they are for, whether they exist, and how much lies in them.

    `offsets` counts records and the marks that transactions leave. `behind` is what has not been processed yet.
    """
    settings = settings_of(ctx)
    plans = topic_plans(settings)
    found, amounts = ask(settings, _survey(settings, plans), wait=wait)
    numbers = ("partitions", "offsets", "behind")
    table = grid("topic", "role", "partitions", "cleanup", "offsets", "behind", right=numbers)
    for plan in plans:
        topic, amount = found.get(plan.name), amounts.get(plan.name)
        if topic is None or amount is None:
            table.add_row(cell(plan.name), plan.role.value, cell("missing", "yellow"), "", "", "")
        else:
            behind = "" if amount.behind is None else f"{amount.behind:,}"
            table.add_row(
                cell(plan.name),
                plan.role.value,
                str(topic.partitions),
                cell(topic.cleanup_policy),
                f"{amount.offsets:,}",
                behind,
            )
    screen().print(table)


@app.command()
def create(ctx: typer.Context, *, wait: Wait = 60.0) -> None:
    """Create the topics that are missing, as a worker would when it starts. Existing ones are left as they are.

    The inputs decide about the number of partitions; when there are none yet, it is topics.partitions.
    """
    settings = settings_of(ctx)
    layout = ask(
        settings,
        ensure_topics(
            topic_plans(settings),
            client_arguments=kafka_client_options(settings.kafka),
            partitions=settings.topics.partitions,
            replication_factor=settings.kafka.replication_factor,
        ),
        wait=wait,
    )
    for name in layout.created:
        typer.echo(f"created {name} with {layout.partitions} partitions")
    if not layout.created:
        typer.echo(f"all topics are there, with {layout.partitions} partitions")


@app.command()
def check(ctx: typer.Context, *, wait: Wait = 10.0) -> int:
    """Check whether a worker can use the topics as they are; nothing is changed.

    The exit code is 78 when existing topics cannot be used, and 1 when some are missing, which a worker would create.
    """
    settings = settings_of(ctx)
    plans = topic_plans(settings)
    options = kafka_client_options(settings.kafka)
    found = ask(settings, read_topics([plan.name for plan in plans], options), wait=wait)
    if problems := mismatches(plans, found, settings.topics.partitions):
        raise CliError("\n           ".join(problems), ExitCode.CONFIGURATION)
    if missing := [plan.name for plan in plans if plan.name not in found]:
        raise CliError(f"missing topics: {', '.join(missing)}; leadpulse topics create makes them")
    typer.echo(f"right: {len(plans)} topics, {found[plans[0].name].partitions} partitions")
    return ExitCode.OK


def mismatches(plans: Sequence[TopicPlan], found: Mapping[str, FoundTopic], partitions: int) -> list[str]:
    """Return everything that keeps a worker from using the topics."""
    inputs = [plan for plan in plans if plan.role is Role.INPUT]
    others = [plan for plan in plans if plan.role is not Role.INPUT]
    if problem := _mismatch(inputs, found, partitions):
        return [problem]  # without it nothing can be said about the others
    return [problem for plan in others if (problem := _mismatch([*inputs, plan], found, partitions))]


def _mismatch(plans: Iterable[TopicPlan], found: Mapping[str, FoundTopic], partitions: int) -> str | None:
    try:
        check_layout(plans, found, partitions)
    except TopicMismatch as error:
        return str(error)
    return None


async def _survey(settings: Settings, plans: Sequence[TopicPlan]) -> tuple[dict[str, FoundTopic], dict[str, Amount]]:
    options = kafka_client_options(settings.kafka)
    consumer = AIOKafkaConsumer(**options)
    try:
        await consumer.start()  # says at once when nobody is there
        found = await read_topics([plan.name for plan in plans], options)
        partitions = [TopicPartition(name, n) for name, topic in found.items() for n in range(topic.partitions)]
        if not partitions:
            return found, {}
        consumer.assign(partitions)
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    processed = await _processed(settings)
    return found, {name: _amount(name, begins, ends, processed) for name in found}


async def _processed(settings: Settings) -> dict[TopicPartition, int]:
    """Return the position of the consumer group, which is at most a commit interval behind the true one."""
    admin = AIOKafkaAdminClient(**kafka_client_options(settings.kafka))
    try:
        await admin.start()
        offsets = await admin.list_consumer_group_offsets(settings.app.id)
    finally:
        await admin.close()
    return {tp: at.offset for tp, at in offsets.items() if at.offset >= 0}


def _amount(
    name: str,
    begins: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    processed: Mapping[TopicPartition, int],
) -> Amount:
    own = [tp for tp in ends if tp.topic == name]
    behind = None
    if any(tp in processed for tp in own):
        behind = sum(max(ends[tp] - max(processed.get(tp, 0), begins[tp]), 0) for tp in own)
    return Amount(sum(ends[tp] - begins[tp] for tp in own), behind)
