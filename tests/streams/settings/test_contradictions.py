"""Settings that do not go together are refused, with the line of one of them."""

from __future__ import annotations

import pytest

from streams.settings import SettingsError, load
from tests.streams.settings.refusing import calendar, refusals

pytestmark = pytest.mark.usefixtures("folder")

SASL = '[kafka]\nsecurity_protocol = "SASL_PLAINTEXT"\n'
REDIS = '[redis]\nurl = "redis://h"\n'
TLS = '[kafka]\nsecurity_protocol = "SSL"\n'

RELATIONS = {
    '[response]\nthresholds = ["10m", "5m"]': (
        'leadpulse.toml:2: [response] thresholds: must ascend, but "5m" comes after "10m"'
    ),
    '[response]\nthresholds = ["60s", "1m"]': (
        'leadpulse.toml:2: [response] thresholds: must ascend, but "1m" comes after "60s"'
    ),
    '[funnel]\nstage_thresholds = ["2h", "1h"]': (
        'leadpulse.toml:2: [funnel] stage_thresholds: must ascend, but "1h" comes after "2h"'
    ),
    '[funnel]\ncycle_thresholds = ["2d", "1d"]': (
        'leadpulse.toml:2: [funnel] cycle_thresholds: must ascend, but "1d" comes after "2d"'
    ),
    '[funnel]\nstages = [\n{name="a"},\n{name="b"},\n{name="a"}]': (
        'leadpulse.toml:5: [funnel] stages[2].name: "a" is the name of an earlier stage already'
    ),
    '[funnel]\nstages = [{name="new"}]': (
        'leadpulse.toml:2: [funnel] stages[0].name: "new" has a meaning of its own in the numbers: choose another name'
    ),
    calendar("teams = ['x', 'y']") + calendar("teams = ['z', 'y']", name="b"): (
        'leadpulse.toml:10: [hours] calendars[1].teams[1]: team "y" has calendar "a" already'
    ),
    calendar("regions = ['x']") + calendar("regions = ['x']", name="b"): (
        'leadpulse.toml:10: [hours] calendars[1].regions[0]: region "x" has calendar "a" already'
    ),
    calendar("teams = ['x']") + calendar("teams = ['y']"): (
        'leadpulse.toml:7: [hours] calendars[1].name: the name "a" has calendar "a" already'
    ),
    calendar() + calendar(name="b"): (
        'leadpulse.toml:6: [hours] calendars[1]: needs teams or regions: everybody else has calendar "a" already'
    ),
    '[silence]\ngrain = "5h"': 'leadpulse.toml:2: [silence] grain: must divide the period, "7d"',
    '[silence]\ngrain = "5m"\nhalf_life = "30d"': (
        'leadpulse.toml:3: [silence] half_life: is too long for slots of "5m": more than 20,000 of them'
    ),
    '[silence]\ngive_up = "900d"': (
        'leadpulse.toml:2: [silence] give_up: is too long for slots of "1h": more than 20,000 of them'
    ),
    '[silence]\nhalf_life = "1d"': (
        'leadpulse.toml:1: [silence] min_history: must be at most three times half_life, "1d"'
    ),
    '[silence]\nignore = ["web", "web"]': 'leadpulse.toml:2: [silence] ignore: has "web" 2 times',
    "[silence]\nlevel = 1": "leadpulse.toml:2: [silence] level: must be a number between 0 and 1, got 1",
    '[windows]\nrolling = ["1d",\n"24h"]': ('leadpulse.toml:3: [windows] rolling[1]: "24h" is the same window as "1d"'),
    '[windows]\nrolling = ["1m30s"]': 'leadpulse.toml:2: [windows] rolling[0]: must be whole minutes, got "1m30s"',
    '[windows]\ncalendar = ["week", "week"]': 'leadpulse.toml:2: [windows] calendar: has "week" 2 times',
    "[windows]\nrolling = []\ncalendar = []": (
        "leadpulse.toml:2: [windows] rolling: must name a window when calendar names none"
    ),
    "[worker]\nmax_pending = 10": "leadpulse.toml:2: [worker] max_pending: must be at least chunk, 1000",
    "[worker]\nmax_pending = 5\nchunk = 9": "leadpulse.toml:2: [worker] max_pending: must be at least chunk, 9",
    '[topics]\nalerts = "leads.v1.dlq"': ('leadpulse.toml:1: [topics] leads: "leads.v1.dlq" is used by alerts already'),
    f'[topics]\nleads = "{"x" * 249}"': (
        f'leadpulse.toml:2: [topics] leads: "{"x" * 249}.dlq" cannot be the name of a topic'
    ),
    '[topics]\nalerts = ".."': 'leadpulse.toml:2: [topics] alerts: ".." cannot be the name of a topic',
    '[kafka]\nbrokers = ["a:1", "a:1"]': 'leadpulse.toml:2: [kafka] brokers: has "a:1" 2 times',
    '[kafka]\nsasl_username = "u"': (
        'leadpulse.toml:2: [kafka] sasl_username: has no effect: security_protocol is "PLAINTEXT"'
    ),
    '[kafka]\nssl_cafile = "some.txt"': (
        'leadpulse.toml:2: [kafka] ssl_cafile: has no effect: security_protocol is "PLAINTEXT"'
    ),
    '[redis]\nprefix = "a b"': (
        'leadpulse.toml:2: [redis] prefix: must be letters, digits, ".", "_", ":", "-" and braces, got "a b"'
    ),
    '[notify]\nalertmanager = ["http://me:hunter2@am:9093"]': (
        'leadpulse.toml:2: [notify] alertmanager[0]: must be "http://host:port/path", or https,'
        " and hold no user or password"
    ),
    '[notify]\nalertmanager = "http://me:hunter2@am:9093"': (
        'leadpulse.toml:2: [notify] alertmanager: must be a list, each "http://host:port/path", or https,'
        ' got "http://…@am:9093"'
    ),
    '[notify]\nalertmanager = ["http://a..b:9093"]': (
        'leadpulse.toml:2: [notify] alertmanager[0]: must be "http://host:port/path", or https, got "http://a..b:9093"'
    ),
    '[notify]\nalertmanager = ["http://[abc]:9093"]': (
        'leadpulse.toml:2: [notify] alertmanager[0]: must be "http://host:port/path", or https, got "http://[abc]:9093"'
    ),
    f'[kafka]\nbrokers = ["{"k" * 64}:9092"]': (
        f'leadpulse.toml:2: [kafka] brokers[0]: must be "host:port", got "{"k" * 64}:9092"'
    ),
    '[redis]\nurl = "localhost:6379"': (
        'leadpulse.toml:2: [redis] url: must be "redis://host:port/database", or "rediss://…" for TLS,'
        ' got "localhost:6379"'
    ),
    '[redis]\nurl = "redis://me:hunter2@h"': (
        "leadpulse.toml:2: [redis] url: must hold no user or password: redis.username and redis.password are for them"
    ),
    '[redis]\npassword = "p"': "leadpulse.toml:2: [redis] password: has no effect: redis.url is empty",
    REDIS + 'password = "p"\npassword_file = "some.txt"': (
        "leadpulse.toml:4: [redis] password_file: cannot be used together with password: set one of them"
    ),
    REDIS + 'password_file = "empty.txt"': "leadpulse.toml:3: [redis] password_file: holds no password: empty.txt",
    REDIS + 'username = "u"': "leadpulse.toml:3: [redis] username: needs a password or password_file",
    REDIS + 'ssl_cafile = "some.txt"': (
        'leadpulse.toml:3: [redis] ssl_cafile: has no effect: redis.url does not begin with "rediss:"'
    ),
    '[redis]\nurl = "rediss://h"\nssl_keyfile = "some.txt"': (
        "leadpulse.toml:1: [redis] ssl_certfile: must be set when ssl_keyfile is"
    ),
    '[redis]\nurl = "rediss://h"\nssl_cafile = "some.txt"': (
        "leadpulse.toml:3: [redis] ssl_cafile: not usable: NO_CERTIFICATE_OR_CRL_FOUND"
    ),
    SASL + 'sasl_password = "p"': (
        'leadpulse.toml:1: [kafka] sasl_username: must be set for security_protocol "SASL_PLAINTEXT"'
    ),
    SASL + 'sasl_username = "u"': (
        'leadpulse.toml:1: [kafka] sasl_password: must be set for security_protocol "SASL_PLAINTEXT", or'
        " sasl_password_file"
    ),
    SASL + 'sasl_username = "u"\nsasl_password = "p"\nsasl_password_file = "some.txt"': (
        "leadpulse.toml:5: [kafka] sasl_password_file: cannot be used together with sasl_password: set one of them"
    ),
    SASL + 'sasl_username = "u"\nsasl_password_file = "empty.txt"': (
        "leadpulse.toml:4: [kafka] sasl_password_file: holds no password: empty.txt"
    ),
    '[follow_up]\nstages = [{ stage = "contacted" }, { stage = "qualifid" }]': (
        'leadpulse.toml:2: [follow_up] stages[1].stage: "qualifid" is no stage that leads can stay in; did you mean'
        ' "qualified"?'
    ),
    '[[funnel.stages]]\nname = "gone"\nkind = "lost"\n[[follow_up.stages]]\nstage = "gone"': (
        'leadpulse.toml:5: [follow_up] stages[0].stage: "gone" is no stage that leads can stay in'
    ),
    '[[follow_up.stages]]\nstage = "new"\n[[follow_up.stages]]\nstage = "new"': (
        'leadpulse.toml:4: [follow_up] stages[1].stage: "new" has bounds already'
    ),
    TLS + 'ssl_keyfile = "some.txt"': (
        "leadpulse.toml:1: [kafka] ssl_certfile: must be set when ssl_keyfile or ssl_key_password is"
    ),
    TLS + 'ssl_cafile = "some.txt"': ("leadpulse.toml:3: [kafka] ssl_cafile: holds no certificate to trust: some.txt"),
}


@pytest.mark.parametrize(("text", "refusal"), RELATIONS.items())
def test_what_does_not_go_together_is_refused_with_its_line(text: str, refusal: str) -> None:
    assert refusals(text) == [refusal]


def test_one_topic_for_two_uses_is_refused_for_its_dead_letters_too() -> None:
    assert refusals('[topics]\ninteractions = "leads.v1"') == [
        'leadpulse.toml:2: [topics] interactions: "leads.v1" is used by leads already',
        'leadpulse.toml:2: [topics] interactions: "leads.v1.dlq" is used by leads already',
    ]


def test_without_a_file_a_fault_between_settings_names_the_setting() -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={"LEADPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL"})
    assert caught.value.problems == (
        '[kafka] sasl_username: must be set for security_protocol "SASL_SSL"',
        '[kafka] sasl_password: must be set for security_protocol "SASL_SSL", or sasl_password_file',
    )
