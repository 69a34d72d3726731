"""Who is told of alarms: what is refused, and how secrets are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.settings import SettingsError, load
from streams.settings.fields import toml
from streams.settings.notify import WebhookKey

HOOK = "webhook = 'https://hooks.example.com/services/T0?x=1'\n"


def refusals(text: str, tmp_path: Path) -> list[str]:
    (tmp_path / "a.toml").write_text(f"[notify]\n{text}", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "a.toml", environ={})
    return [problem.partition(": ")[2] for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "alertmanager = ['am:9093']",
            '[notify] alertmanager[0]: must be "http://host:port/path", or https, got "am:9093"',
        ),
        (
            "alertmanager = ['http://am:9093?a=1']",
            '[notify] alertmanager[0]: must be "http://host:port/path", or https, got "http://am:9093?a=1"',
        ),
        ("alertmanager = ['http://a', 'http://a']", '[notify] alertmanager: has "http://a" 2 times'),
        (HOOK, "[notify] webhook_secret: must be set for the webhook, or webhook_secret_file"),
        ("webhook_secret = 'x'", "[notify] webhook_secret: has no effect: webhook is not set"),
        (
            f"{HOOK}webhook_secret = 'x'\nwebhook_secret_file = 'empty.txt'",
            "[notify] webhook_secret_file: cannot be used together with webhook_secret: set one of them",
        ),
        (
            "webhook = 'ftp://token'\nwebhook_secret = 'x'",
            '[notify] webhook: must be "https://host/path", or http',
        ),
        ("hold = '2m'", '[notify] hold: must be at least three times resend, "1m"'),
        (
            "retry_first = '10s'\nretry_most = '5s'",
            '[notify] retry_most: must be at least retry_first, "10s"',
        ),
        ("digest_lines = 46", "[notify] digest_lines: must be an integer from 1 to 45, got 46"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, refusal: str, tmp_path: Path) -> None:
    assert refusals(text, tmp_path) == [refusal]


def test_a_file_without_a_secret_is_refused(tmp_path: Path) -> None:
    (problem,) = refusals(f"{HOOK}webhook_secret_file = 'empty.txt'", tmp_path)
    assert problem == f"[notify] webhook_secret_file: holds no secret: {tmp_path / 'empty.txt'}"


def test_the_key_comes_from_the_environment_or_from_a_file_as_it_is_now(tmp_path: Path) -> None:
    hook = {"LEADPULSE_NOTIFY__WEBHOOK": "http://127.0.0.1:1/hook"}
    assert WebhookKey(load(environ=hook | {"LEADPULSE_NOTIFY__WEBHOOK_SECRET": "key"}).notify)() == "key"
    file = tmp_path / "key"
    file.write_text("one\n", encoding="utf-8")
    key = WebhookKey(load(environ=hook | {"LEADPULSE_NOTIFY__WEBHOOK_SECRET_FILE": str(file)}).notify)
    assert key() == "one"
    file.write_text("two\n", encoding="utf-8")
    assert key() == "two"
    for content in (b"", b"\xff"):  # while it is being replaced
        file.write_bytes(content)
        assert key() == "two"
    file.unlink()
    assert key() == "two"


def test_the_address_of_a_webhook_is_a_secret() -> None:
    environ = {"LEADPULSE_NOTIFY__WEBHOOK": "https://h/token", "LEADPULSE_NOTIFY__WEBHOOK_SECRET": "key"}
    assert "token" not in toml(load(environ=environ).notify)


def test_nobody_is_told_by_default() -> None:
    assert not load(environ={}).notify.has_receiver
    several = load(environ={"LEADPULSE_NOTIFY__ALERTMANAGER": "http://a:9093,https://b/am"}).notify
    assert several.has_receiver
    assert several.alertmanager == ("http://a:9093", "https://b/am")
