"""Every setting of leadpulse: its name, type, bounds, default and meaning.

One frozen struct per section. The texts under `Attributes` are what `docs/configuration.md` and the example file say: a
field is described where it is defined, here or in the module that its section comes from, and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.settings.business import FollowUpSection, FunnelSection, Hours, Labels, Response, Windows
from streams.settings.durations import Duration
from streams.settings.foresight import Forecast, Silence
from streams.settings.notify import Notify
from streams.settings.promises import Sla
from streams.settings.rules import ADDRESS, NAME, PREFIX, SUFFIX, TOPIC, URL, Between, RedisUrl
from streams.settings.secret import Secret

Topic = Annotated[str, TOPIC]


class App(Struct, frozen=True, kw_only=True):
    """Who this application is in the Kafka cluster.

    Attributes:
        id: Consumer group, prefix of the changelog topic and of the transactional ids. Workers of one application share
            it; two applications on one cluster must not. State is kept under it: another id starts from nothing.
    """

    id: Annotated[str, NAME] = "leadpulse"


class Kafka(Struct, frozen=True, kw_only=True):
    """How to reach the Kafka cluster, and how to be a member of the consumer group.

    Attributes:
        brokers: Addresses to begin with; the rest of the cluster is found from there.
        security_protocol: With or without TLS (`SSL`), with or without a user name (`SASL_…`).
        sasl_mechanism: How the password is proved.
        sasl_username: User name.
        sasl_password: Password. Better given in the environment or as a file.
        sasl_password_file: File that holds the password; white space at its end is left out.
        ssl_cafile: Certificates to trust, PEM. Empty: the ones this machine trusts.
        ssl_certfile: Certificate of this client, PEM, for brokers that ask for one.
        ssl_keyfile: Private key of that certificate, PEM. Empty: it is in the same file.
        ssl_key_password: Password of the private key.
        ssl_check_hostname: Whether the broker's certificate must carry the name it was reached by.
        request_timeout: How long one request to a broker may take.
        retry_backoff: How long to wait before a failed request is tried again.
        session_timeout: A worker not heard of for this long loses its partitions to the others. The broker bounds it,
            by default from 6s to 30m.
        commit_interval: How often the group's offsets are brought up to date. Only lag tools read them: the state has
            its own position.
        fetch_max_wait: How long a broker holds a fetch open while nothing has arrived.
        fetch_max_bytes: Most bytes fetched from one partition at a time.
        group_instance_id: Static membership: a worker that comes back under the same name within the session timeout
            keeps its partitions without a rebalance. One name per worker; empty for none.
        replication_factor: Copies of each topic that leadpulse creates. Three is usual in production.
    """

    brokers: Annotated[tuple[Annotated[str, ADDRESS], ...], Meta(min_length=1)] = ("127.0.0.1:9092",)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str = ""
    sasl_password: Secret | None = None
    sasl_password_file: Path | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_key_password: Secret | None = None
    ssl_check_hostname: bool = True
    request_timeout: Annotated[Duration, Between("1s", "10m")] = Duration("40s")
    retry_backoff: Annotated[Duration, Between("1ms", "1m")] = Duration("100ms")
    session_timeout: Annotated[Duration, Between("1s", "30m")] = Duration("10s")
    commit_interval: Annotated[Duration, Between("100ms", "5m")] = Duration("1s")
    fetch_max_wait: Annotated[Duration, Between("1ms", "10s")] = Duration("100ms")
    fetch_max_bytes: Annotated[int, Meta(ge=65_536, le=104_857_600)] = 2_097_152
    group_instance_id: Annotated[str, Meta(max_length=249)] = ""
    replication_factor: Annotated[int, Meta(ge=1, le=10)] = 1


class Topics(Struct, frozen=True, kw_only=True):
    """The topics read and written. Topics that do not exist are created; existing ones are left as they are.

    Attributes:
        leads: What happens to leads. Its key is the lead id.
        interactions: Contacts with leads. Its key is the lead id; as many partitions as the leads topic.
        alerts: What leadpulse has to say at once: promises that are nearly broken, broken or ended, and silent sources.
        dead_letter_suffix: What cannot be processed goes to the name of its topic with this ending.
        partitions: Partitions of each topic that leadpulse creates: the most workers that can share the load. It cannot
            be changed later without starting over.
        retention: How long events and alerts are kept, in topics that leadpulse creates.
        dead_letter_retention: How long dead letters are kept, in topics that leadpulse creates.
    """

    leads: Topic = "leads.v1"
    interactions: Topic = "interactions.v1"
    alerts: Topic = "leadpulse.alerts.v1"
    dead_letter_suffix: Annotated[str, SUFFIX] = ".dlq"
    partitions: Annotated[int, Meta(ge=1, le=1000)] = 4
    retention: Annotated[Duration, Between("1h", "3650d")] = Duration("7d")
    dead_letter_retention: Annotated[Duration, Between("1h", "3650d")] = Duration("30d")

    def dead_letters(self, topic: str) -> str:
        """Return the topic for what cannot be processed of a topic."""
        return topic + self.dead_letter_suffix


class Worker(Struct, frozen=True, kw_only=True):
    """How a worker goes through the events.

    Attributes:
        clock: What "now" is: `wall` in daily use; `event`, the latest event time, for a replay of history.
        chunk: Most records of one partition that are processed at a stretch.
        linger: How long a transaction waits for more: longer costs latency and saves work at low rates.
        max_pending: Most events of one partition that may be processed and not yet committed; at least one chunk.
        transaction_timeout: The broker aborts a transaction that takes longer. The broker bounds it, by default to 15m.
        on_processing_error: What to do when processing an event fails, a defect of leadpulse: put the event aside as a
            `dead_letter` and go on, or `stop` the worker.
        future_tolerance: An event further ahead of the clock than this is a dead letter.
    """

    clock: Literal["wall", "event"] = "wall"
    chunk: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    linger: Annotated[Duration, Between("0ms", "1s")] = Duration("20ms")
    max_pending: Annotated[int, Meta(ge=1, le=1_000_000)] = 32_000
    transaction_timeout: Annotated[Duration, Between("5s", "15m")] = Duration("1m")
    on_processing_error: Literal["dead_letter", "stop"] = "dead_letter"
    future_tolerance: Annotated[Duration, Between("0s", "365d")] = Duration("5m")


class Web(Struct, frozen=True, kw_only=True):
    """Where numbers and health are served: `/metrics`, `/livez`, `/readyz`, `/leads/{id}`, `/waiting`.

    Attributes:
        host: Address to listen on. The default is reached from this machine only; `0.0.0.0` from everywhere.
        port: Port to listen on; workers on one machine need different ones.
        advertised_url: How other workers reach this one, to ask for the leads that it owns. Empty: from host and port.
        metrics_token: Bearer token without which `/metrics` is not told. Empty: everybody is told who can connect.
        metrics_token_file: File that holds it; read at each question, so that a changed one is used.
        api_token: Bearer token without which single leads (`/leads/{id}`, `/waiting`) are not told. They are personal
            data: needed as soon as other machines can connect. Workers ask each other with it, `leadpulse lead` and
            `leadpulse waiting` too, so it is the same for all.
        api_token_file: File that holds it; read at each question.
        allow_anonymous: Tell single leads without a token even where other machines can connect: something else must
            keep out those who may not know.
    """

    host: Annotated[str, Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 9464
    advertised_url: Annotated[str, URL] = ""
    metrics_token: Secret | None = None
    metrics_token_file: Path | None = None
    api_token: Secret | None = None
    api_token_file: Path | None = None
    allow_anonymous: bool = False


class Redis(Struct, frozen=True, kw_only=True):
    """Where the view of who waits is kept for boards, bots and CRMs. `docs/waiting.md` is the guide to its keys.

    Attributes:
        url: Address of Redis, such as `redis://redis:6379/0`; `rediss://` speaks TLS. Empty: there is no view in Redis.
            No password in here.
        prefix: What all keys begin with. Two applications on one Redis need different ones. Empty: `app.id`.
        username: User name, where Redis has users.
        password: Password. Better given in the environment or as a file.
        password_file: File that holds the password; white space at its end is left out.
        ssl_cafile: Certificates to trust, PEM. Empty: the ones this machine trusts.
        ssl_certfile: Certificate of this client, PEM, for a Redis that asks for one.
        ssl_keyfile: Private key of that certificate, PEM. Empty: it is in the same file.
        timeout: How long Redis may take to answer before it counts as away.
        expire: What is not written anew for this long vanishes from Redis. Workers write all of theirs three times as
            often.
    """

    url: Annotated[str, RedisUrl()] = ""
    prefix: Annotated[str, PREFIX] = ""
    username: str = ""
    password: Secret | None = None
    password_file: Path | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    timeout: Annotated[Duration, Between("100ms", "1m")] = Duration("2s")
    expire: Annotated[Duration, Between("10s", "7d")] = Duration("15m")

    @property
    def is_tls(self) -> bool:
        """Whether it is spoken to in TLS."""
        return self.url.startswith("rediss:")


class Log(Struct, frozen=True, kw_only=True):
    """What is logged, to standard error.

    Attributes:
        level: The least that is logged.
        format: `json` (one object a line), `console` (for people), or `auto`: console on a terminal, otherwise json.
        repeat_interval: A warning that a library repeats, as they do while a broker is away, is logged once in this
            time with the number of those left out. 0s: log all.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
    repeat_interval: Annotated[Duration, Between("0s", "1h")] = Duration("30s")


class Settings(Struct, frozen=True, kw_only=True):
    """All settings. `Settings()` is the defaults; `streams.settings.load` reads and checks the user's."""

    app: App = App()
    kafka: Kafka = Kafka()
    topics: Topics = Topics()
    worker: Worker = Worker()
    web: Web = Web()
    redis: Redis = Redis()
    log: Log = Log()
    funnel: FunnelSection = FunnelSection()
    response: Response = Response()
    hours: Hours = Hours()
    sla: Sla = Sla()
    follow_up: FollowUpSection = FollowUpSection()
    silence: Silence = Silence()
    forecast: Forecast = Forecast()
    windows: Windows = Windows()
    labels: Labels = Labels()
    notify: Notify = Notify()
