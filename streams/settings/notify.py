"""Who is told of alarms, and how, as users write it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from streams.settings.durations import Duration
from streams.settings.rules import BASE_URL, Between
from streams.settings.secret import Secret

logger = logging.getLogger(__name__)

Severity = Annotated[str, Meta(min_length=1, max_length=100)]


class Notify(Struct, frozen=True, kw_only=True):
    """Who is told of alarms by `leadpulse notify`. `docs/alarms.md` is the guide.

    Attributes:
        alertmanager: Addresses of Alertmanagers, with the path they are served under. All of a cluster: each is told.
        webhook: Address of a webhook that takes what Slack takes. It is shown as `***`, for it may hold a token.
        webhook_secret: Key of the signatures of its messages. Better given in the environment or as a file.
        webhook_secret_file: File that holds the key; white space at its end is left out.
        severity_warned: Severity of a lead whose deadline is near.
        severity_breached: Severity of a lead whose deadline has passed.
        severity_escalated: Severity of a lead that still waits long after its deadline.
        severity_silent: Severity of a source that has fallen silent.
        resend: How often Alertmanager is told again what is open; it keeps alarms in memory only.
        hold: How long Alertmanager keeps an alarm open that it is not told of again, as when no notifier runs; at least
            three times `resend`.
        digest_wait: How long the webhook waits for more alarms of a team and policy, to send them as one message.
        digest_lines: Most alarms in one message of the webhook.
        queue: Most alarms that wait for a receiver; then nothing more is read until it takes some.
        timeout: How long one request may take.
        retry_first: Longest wait after a first failure. It doubles with each further one.
        retry_most: Longest wait between two attempts.
        look_back: How long an open incident is remembered of which nothing is heard. So much of the alerts topic is
            read at a start.
        host: Address to serve `/metrics`, `/livez` and `/readyz` on. The default is reached from this machine only.
            `/metrics` asks for `web.metrics_token`, where one is set, as that of a worker does.
        port: Port to serve them on.
    """

    alertmanager: Annotated[tuple[Annotated[str, BASE_URL], ...], Meta(max_length=10)] = ()
    webhook: Secret | None = None
    webhook_secret: Secret | None = None
    webhook_secret_file: Path | None = None
    severity_warned: Severity = "warning"
    severity_breached: Severity = "critical"
    severity_escalated: Severity = "page"
    severity_silent: Severity = "warning"
    resend: Annotated[Duration, Between("1s", "1h")] = Duration("1m")
    hold: Annotated[Duration, Between("3s", "1d")] = Duration("15m")
    digest_wait: Annotated[Duration, Between("0s", "5m")] = Duration("2s")
    digest_lines: Annotated[int, Meta(ge=1, le=45)] = 20
    queue: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    timeout: Annotated[Duration, Between("100ms", "5m")] = Duration("10s")
    retry_first: Annotated[Duration, Between("10ms", "1m")] = Duration("500ms")
    retry_most: Annotated[Duration, Between("10ms", "1h")] = Duration("30s")
    look_back: Annotated[Duration, Between("1h", "365d")] = Duration("7d")
    host: Annotated[str, Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 9465

    @property
    def has_receiver(self) -> bool:
        """Whether anybody is told."""
        return bool(self.alertmanager) or self.webhook is not None


class WebhookKey:
    """The key of the webhook's signatures as it is now; the last one while a file is being replaced.

    Args:
        notify: Settings that name a key.
    """

    def __init__(self, notify: Notify) -> None:
        self._notify, self._last = notify, webhook_key(notify)

    def __call__(self) -> str:
        """Return the key."""
        try:
            self._last = webhook_key(self._notify) or self._last
        except (OSError, UnicodeDecodeError) as error:
            logger.warning("the key of the webhook cannot be read, the last one is used: %s", type(error).__name__)
        return self._last


def webhook_key(notify: Notify) -> str:
    """Return the key of the webhook's signatures; a file is read anew each time, so that a changed one is used.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is not text.
    """
    if notify.webhook_secret_file is not None:
        return notify.webhook_secret_file.read_text(encoding="utf-8").rstrip()
    return notify.webhook_secret.reveal() if notify.webhook_secret is not None else ""
