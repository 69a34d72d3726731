"""What must hold between settings. Each check yields the setting at fault and a message."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from processors.funnel import MAX_EDGES
from streams.settings.business import Calendar
from streams.settings.durations import Duration
from streams.settings.kafka import password, tls_context
from streams.settings.lines import ValuePath
from streams.settings.notify import Notify, webhook_key
from streams.settings.promises import Promise
from streams.settings.redis import check_tls
from streams.settings.redis import password as redis_password
from streams.settings.rules import WEBHOOK_URL, nearest
from streams.settings.sections import Kafka, Redis, Settings
from streams.settings.silence import silence_rules
from streams.settings.web import check_web

Fault = tuple[ValuePath, str]

_RESERVED_STAGES = ("new", "other")  # what leads before their first stage, and stages beyond the cap, are counted under
_LONGEST_TOPIC = 249
_REDIS_FIELDS = ("username", "password", "password_file", "ssl_cafile", "ssl_certfile", "ssl_keyfile")
MOST_SLOTS = 20_000
"""Slots of arrivals that are kept or looked through for one source."""


def _ascending(path: ValuePath, edges: Sequence[Duration]) -> Iterator[Fault]:
    for below, above in pairwise(edges):
        if above <= below:
            yield path, f'must ascend, but "{above}" comes after "{below}"'
            return


def _repeated(path: ValuePath, names: Sequence[str]) -> Iterator[Fault]:
    for name, times in Counter(names).items():
        if times > 1:
            yield path, f'has "{name}" {times} times'


def _sasl(kafka: Kafka) -> Iterator[Fault]:
    given = {
        "sasl_username": bool(kafka.sasl_username),
        "sasl_password": kafka.sasl_password is not None,
        "sasl_password_file": kafka.sasl_password_file is not None,
    }
    protocol = kafka.security_protocol
    if "SASL" not in protocol:
        yield from _idle(protocol, [name for name, is_given in given.items() if is_given])
        return
    if not given["sasl_username"]:
        yield ("kafka", "sasl_username"), f'must be set for security_protocol "{protocol}"'
    if given["sasl_password"] and given["sasl_password_file"]:
        yield ("kafka", "sasl_password_file"), "cannot be used together with sasl_password: set one of them"
    elif not given["sasl_password"] and not given["sasl_password_file"]:
        yield ("kafka", "sasl_password"), f'must be set for security_protocol "{protocol}", or sasl_password_file'
    elif not _is_filled(lambda: password(kafka)):
        yield ("kafka", "sasl_password_file"), f"holds no password: {kafka.sasl_password_file}"


def _is_filled(secret: Callable[[], str]) -> bool:
    try:
        return bool(secret())
    except (OSError, ValueError):  # gone since it was looked for, or not UTF-8
        return False


def _idle(protocol: str, names: Sequence[str]) -> Iterator[Fault]:
    for name in names:
        yield ("kafka", name), f'has no effect: security_protocol is "{protocol}"'


def _tls(kafka: Kafka) -> Iterator[Fault]:
    names = [name for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_key_password") if getattr(kafka, name)]
    if "SSL" not in kafka.security_protocol:
        yield from _idle(kafka.security_protocol, names)
        return
    if not kafka.ssl_certfile and {"ssl_keyfile", "ssl_key_password"} & set(names):
        yield ("kafka", "ssl_certfile"), "must be set when ssl_keyfile or ssl_key_password is"
        return
    try:
        ssl.create_default_context(cafile=kafka.ssl_cafile)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        yield ("kafka", "ssl_cafile"), f"holds no certificate to trust: {kafka.ssl_cafile}"
        return
    try:
        tls_context(kafka)
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        yield ("kafka", "ssl_certfile"), f"not usable with its key: {kafka.ssl_certfile} ({why})"


def check_kafka(settings: Settings) -> Iterator[Fault]:
    """Check where the brokers are, and who we say we are to them."""
    kafka = settings.kafka
    yield from _sasl(kafka)
    yield from _tls(kafka)
    yield from _repeated(("kafka", "brokers"), kafka.brokers)


def check_topics(settings: Settings) -> Iterator[Fault]:
    """Check that no topic is used for two things."""
    topics = settings.topics
    uses = {"leads": topics.leads, "interactions": topics.interactions, "alerts": topics.alerts}
    wanted = list(uses.items()) + [(use, topics.dead_letters(uses[use])) for use in ("leads", "interactions")]
    seen: dict[str, str] = {}
    for use, topic in wanted:
        if topic in {".", ".."} or len(topic) > _LONGEST_TOPIC:
            yield ("topics", use), f'"{topic}" cannot be the name of a topic'
        elif topic in seen:
            yield ("topics", use), f'"{topic}" is used by {seen[topic]} already'
        seen.setdefault(topic, use)


def check_worker(settings: Settings) -> Iterator[Fault]:
    """Check that a chunk fits into what may be pending."""
    if settings.worker.max_pending < settings.worker.chunk:
        yield ("worker", "max_pending"), f"must be at least chunk, {settings.worker.chunk}"


def check_redis(settings: Settings) -> Iterator[Fault]:
    """Check who we say we are to Redis, and how it proves who it is."""
    redis = settings.redis
    given = [name for name in _REDIS_FIELDS if getattr(redis, name)]
    if not redis.url:
        for name in given:
            yield ("redis", name), "has no effect: redis.url is empty"
        return
    if redis.password is not None and redis.password_file is not None:
        yield ("redis", "password_file"), "cannot be used together with password: set one of them"
    elif redis.password_file is not None and not _has_redis_password(redis):
        yield ("redis", "password_file"), f"holds no password: {redis.password_file}"
    elif redis.username and redis.password is None and redis.password_file is None:
        yield ("redis", "username"), "needs a password or password_file"
    yield from _redis_tls(redis, [name for name in given if name.startswith("ssl_")])


def _redis_tls(redis: Redis, given: Sequence[str]) -> Iterator[Fault]:
    if not redis.is_tls:
        for name in given:
            yield ("redis", name), 'has no effect: redis.url does not begin with "rediss:"'
        return
    if redis.ssl_keyfile and not redis.ssl_certfile:
        yield ("redis", "ssl_certfile"), "must be set when ssl_keyfile is"
        return
    try:
        check_tls(redis)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = getattr(error, "reason", None) or error
        yield ("redis", "ssl_certfile" if redis.ssl_certfile else "ssl_cafile"), f"not usable: {why}"


def _has_redis_password(redis: Redis) -> bool:
    try:
        return bool(redis_password(redis))
    except (OSError, ValueError):  # gone since it was looked for, or not UTF-8
        return False


def check_funnel(settings: Settings) -> Iterator[Fault]:
    """Check the names of stages and the edges of the histograms."""
    names = [stage.name for stage in settings.funnel.stages]
    for position, name in enumerate(names):
        path = ("funnel", "stages", position, "name")
        if name in _RESERVED_STAGES:
            yield path, f'"{name}" has a meaning of its own in the numbers: choose another name'
        elif name in names[:position]:
            yield path, f'"{name}" is the name of an earlier stage already'
    yield from _ascending(("funnel", "stage_thresholds"), settings.funnel.stage_thresholds)
    yield from _ascending(("funnel", "cycle_thresholds"), settings.funnel.cycle_thresholds)


def check_response(settings: Settings) -> Iterator[Fault]:
    """Check the edges of the response times."""
    yield from _ascending(("response", "thresholds"), settings.response.thresholds)


def check_hours(settings: Settings) -> Iterator[Fault]:
    """Check that everybody has one calendar."""
    seen: dict[str, str] = {}
    for position, calendar in enumerate(settings.hours.calendars):
        for place, claim in _claims(calendar):
            if claim in seen:
                yield ("hours", "calendars", position, *place), f'{claim} calendar "{seen[claim]}" already'
            seen.setdefault(claim, calendar.name)


def _claims(calendar: Calendar) -> Iterator[tuple[ValuePath, str]]:
    yield ("name",), f'the name "{calendar.name}" has'
    for position, team in enumerate(calendar.teams):
        yield ("teams", position), f'team "{team}" has'
    for position, region in enumerate(calendar.regions):
        yield ("regions", position), f'region "{region}" has'
    if calendar.is_default:
        yield (), "needs teams or regions: everybody else has"


def check_sla(settings: Settings) -> Iterator[Fault]:
    """Check that every policy promises something, under a name of its own."""
    policies = settings.sla.policies
    yield from _repeated(("sla", "policies"), [policy.name for policy in policies])
    for position, policy in enumerate(policies):
        place = ("sla", "policies", position)
        if not policy.targets:
            yield place, f'policy "{policy.name}" promises nothing: set first_attempt, first_contact or next_response'
        yield from _ascending((*place, "escalate"), policy.escalate)
        yield from _warning_in_time(place, policy)
    edges = {*settings.response.thresholds, settings.response.target}
    edges.update(target for policy in policies for target in policy.targets.values())
    if len(edges) > MAX_EDGES:
        yield ("sla", "policies"), f"different targets and response.thresholds are {len(edges)}, more than {MAX_EDGES}"


def _warning_in_time(place: ValuePath, policy: Promise) -> Iterator[Fault]:
    for name, target in policy.targets.items():
        if policy.warn_before.ms >= target.ms:
            yield (*place, "warn_before"), f"{policy.warn_before.text} is not less than {name}, {target.text}"


def check_follow_up(settings: Settings) -> Iterator[Fault]:
    """Check that every stage with bounds of its own is one that leads can be in, once."""
    known = ["new", *(stage.name for stage in settings.funnel.stages if stage.kind == "open")]
    names = [band.stage for band in settings.follow_up.stages]
    for position, name in enumerate(names):
        path = ("follow_up", "stages", position, "stage")
        if name not in known:
            yield path, f'"{name}" is no stage that leads can stay in{nearest(name, known)}'
        elif name in names[:position]:
            yield path, f'"{name}" has bounds already'


def check_silence(settings: Settings) -> Iterator[Fault]:
    """Check that the slots fit the period, and are not too many."""
    silence = settings.silence
    if silence.period.ms % silence.grain.ms:
        yield ("silence", "grain"), f'must divide the period, "{silence.period}"'
    rules = silence_rules(settings)
    for name, span in (("half_life", rules.memory), ("give_up", rules.give_up)):
        if span > MOST_SLOTS * rules.grain:
            yield ("silence", name), f'is too long for slots of "{silence.grain}": more than {MOST_SLOTS:,} of them'
    if rules.min_history > rules.memory:
        yield ("silence", "min_history"), f'must be at most three times half_life, "{silence.half_life}"'
    yield from _repeated(("silence", "ignore"), silence.ignore)


def check_windows(settings: Settings) -> Iterator[Fault]:
    """Check that every window is there once, under one name."""
    seen: dict[Duration, str] = {}
    for position, window in enumerate(settings.windows.rolling):
        path = ("windows", "rolling", position)
        if window.ms % 60_000:
            yield path, f'must be whole minutes, got "{window}"'
        elif window in seen:
            yield path, f'"{window}" is the same window as "{seen[window]}"'
        seen.setdefault(window, window.text)
    yield from _repeated(("windows", "calendar"), settings.windows.calendar)
    if not settings.windows.rolling and not settings.windows.calendar:
        yield ("windows", "rolling"), "must name a window when calendar names none"


def check_notify(settings: Settings) -> Iterator[Fault]:
    """Check that the webhook can be signed for, and that open alarms are told again before they run out."""
    notify = settings.notify
    yield from _repeated(("notify", "alertmanager"), notify.alertmanager)
    yield from _webhook(notify)
    if notify.hold.ms < 3 * notify.resend.ms:
        yield ("notify", "hold"), f'must be at least three times resend, "{notify.resend}"'
    if notify.retry_most < notify.retry_first:
        yield ("notify", "retry_most"), f'must be at least retry_first, "{notify.retry_first}"'


def _webhook(notify: Notify) -> Iterator[Fault]:
    given = [name for name in ("webhook_secret", "webhook_secret_file") if getattr(notify, name) is not None]
    if notify.webhook is None:
        for name in given:
            yield ("notify", name), "has no effect: webhook is not set"
        return
    if WEBHOOK_URL.problem(notify.webhook.reveal()):
        yield ("notify", "webhook"), f"must be {WEBHOOK_URL.text}"
    if len(given) > 1:
        yield ("notify", "webhook_secret_file"), "cannot be used together with webhook_secret: set one of them"
    elif not given:
        yield ("notify", "webhook_secret"), "must be set for the webhook, or webhook_secret_file"
    elif not _is_filled(lambda: webhook_key(notify)):
        yield ("notify", "webhook_secret_file"), f"holds no secret: {notify.webhook_secret_file}"


CHECKS: dict[str, Callable[[Settings], Iterator[Fault]]] = {
    "kafka": check_kafka,
    "topics": check_topics,
    "worker": check_worker,
    "web": check_web,
    "redis": check_redis,
    "funnel": check_funnel,
    "response": check_response,
    "hours": check_hours,
    "sla": check_sla,
    "follow_up": check_follow_up,
    "silence": check_silence,
    "windows": check_windows,
    "notify": check_notify,
}
"""Section -> its check. It runs when the section's fields are right each by itself."""
