"""Who may read single leads over the network: nobody by oversight."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.settings import load
from tests.streams.settings.refusing import refusals

pytestmark = pytest.mark.usefixtures("folder")

OPEN_HOST = (
    " lets other machines read single leads: set api_token or api_token_file, "
    "or allow_anonymous = true if something else keeps them out"
)
GOOD, FORM = "x" * 16, "16 to 1000 visible ASCII characters without spaces"

WEB = {
    "port = 1\nhost = '0.0.0.0'": f'leadpulse.toml:3: [web] host: "0.0.0.0"{OPEN_HOST}',
    "host = '::'\nmetrics_token = 'xxxxxxxxxxxxxxxx'": f'leadpulse.toml:2: [web] host: "::"{OPEN_HOST}',
    "host = 'worker-1'\nallow_anonymous = false": f'leadpulse.toml:2: [web] host: "worker-1"{OPEN_HOST}',
    "host = '10.0.0.1'\napi_token = ''": f'leadpulse.toml:2: [web] host: "10.0.0.1"{OPEN_HOST}',
    "allow_anonymous = true\napi_token = 'xxxxxxxxxxxxxxxx'": (
        "leadpulse.toml:2: [web] allow_anonymous: cannot be true when api_token or api_token_file is set"
    ),
    "api_token = 'xxxxxxxxxxxxxxx'": f"leadpulse.toml:2: [web] api_token: must be {FORM}",
    "metrics_token = 'xxxxxxx xxxxxxxx'": f"leadpulse.toml:2: [web] metrics_token: must be {FORM}",
    "metrics_token = 'xxxxxxxxxxxxxxxxü'": f"leadpulse.toml:2: [web] metrics_token: must be {FORM}",
    "api_token_file = 'empty.txt'": f"leadpulse.toml:2: [web] api_token_file: must hold {FORM}",
    "metrics_token_file = 'some.txt'": f"leadpulse.toml:2: [web] metrics_token_file: must hold {FORM}",
    "api_token_file = 'gone.txt'": "leadpulse.toml:2: [web] api_token_file: no such file: gone.txt",
    "api_token = 'xxxxxxxxxxxxxxxx'\napi_token_file = 'some.txt'": (
        "leadpulse.toml:3: [web] api_token_file: cannot be used together with api_token: set one of them"
    ),
}


@pytest.mark.parametrize(("text", "refusal"), WEB.items())
def test_single_leads_are_not_told_to_the_network_by_oversight(text: str, refusal: str) -> None:
    assert refusals(f"[web]\n{text}") == [refusal]


def test_a_host_from_the_environment_is_refused_by_its_variable() -> None:
    assert refusals(environ={"LEADPULSE_WEB__HOST": "0.0.0.0"}) == [f'LEADPULSE_WEB__HOST: "0.0.0.0"{OPEN_HOST}']  # noqa: S104  # nothing listens there


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert load(environ={"LEADPULSE_WEB__HOST": host}).web.host == host


@pytest.mark.parametrize(
    "protection", [{"API_TOKEN": GOOD}, {"API_TOKEN_FILE": "good.txt"}, {"ALLOW_ANONYMOUS": "true"}]
)
def test_other_machines_may_connect_when_somebody_has_thought_of_it(protection: dict[str, str]) -> None:
    Path("good.txt").write_text(f"{GOOD}\n", encoding="utf-8")
    environ = {"LEADPULSE_WEB__HOST": "0.0.0.0"} | {f"LEADPULSE_WEB__{name}": text for name, text in protection.items()}  # noqa: S104  # nothing listens there
    assert load(environ=environ).web.host == "0.0.0.0"  # noqa: S104  # nothing listens there
