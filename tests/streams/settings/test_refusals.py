"""What is refused, word for word: the messages are what a user has."""

from __future__ import annotations

import pytest

from streams.settings import SettingsError, load
from tests.streams.settings.refusing import calendar, refusals

pytestmark = pytest.mark.usefixtures("folder")

NAMES = {
    "[kafak]\nbrokers = []": 'leadpulse.toml:1: [kafak]: unknown section; did you mean "kafka"?',
    "[zzz]": "leadpulse.toml:1: [zzz]: unknown section",
    "[zzz.deeper]": "leadpulse.toml:1: [zzz]: unknown section",
    "\nport = 1": "leadpulse.toml:2: [port]: unknown section; settings stand in sections",
    "web = 1": "leadpulse.toml:1: [web]: must be a table of settings",
    "[[web]]\nport = 1": "leadpulse.toml:1: [web]: must be a table of settings",
    "[kafka]\n\nbroker = 1": 'leadpulse.toml:3: [kafka] broker: unknown setting; did you mean "brokers"?',
    "[kafka]\nport = 1": "leadpulse.toml:2: [kafka] port: unknown setting; did you mean port in [web]?",
    "[kafka]\nzzz = 1": "leadpulse.toml:2: [kafka] zzz: unknown setting",
    "kafka.brokrs = 1": 'leadpulse.toml:1: [kafka] brokrs: unknown setting; did you mean "brokers"?',
}

TYPES = {
    "[web]\nport = '1'": 'leadpulse.toml:2: [web] port: must be an integer from 1 to 65535, got "1"',
    "[web]\nport = 70000": "leadpulse.toml:2: [web] port: must be an integer from 1 to 65535, got 70000",
    "[web]\nport = true": "leadpulse.toml:2: [web] port: must be an integer from 1 to 65535, got true",
    "[web]\nhost = 1": "leadpulse.toml:2: [web] host: must be text of 1 to 255 characters, got 1",
    "[web]\nhost = ''": 'leadpulse.toml:2: [web] host: must be text of 1 to 255 characters, got ""',
    "[web]\nadvertised_url = 'here'": (
        'leadpulse.toml:2: [web] advertised_url: must be "http://host:port" or "https://host:port", got "here"'
    ),
    "[labels]\nsource = 0": "leadpulse.toml:2: [labels] source: must be an integer from 1 to 1000, got 0",
    "[worker]\nclock = 'sun'": 'leadpulse.toml:2: [worker] clock: must be one of "wall", "event", got "sun"',
    "[kafka]\nssl_check_hostname = 'no'": (
        'leadpulse.toml:2: [kafka] ssl_check_hostname: must be true or false, got "no"'
    ),
    "[worker]\nlinger = 20": (
        'leadpulse.toml:2: [worker] linger: must be a duration from "0ms" to "1s" such as "20ms", "5m" or "1h30m",'
        " got 20"
    ),
    "[worker]\nlinger = '20 ms'": (
        'leadpulse.toml:2: [worker] linger: must be a duration from "0ms" to "1s" such as "20ms", "5m" or "1h30m",'
        ' got "20 ms"'
    ),
    "[worker]\nlinger = '2s'": 'leadpulse.toml:2: [worker] linger: must be a duration from "0ms" to "1s", got "2s"',
    "[app]\nid = 'a b'": ('leadpulse.toml:2: [app] id: must be a name of letters, digits, ".", "_" and "-", got "a b"'),
    "[topics]\nleads = 'a/b'": (
        'leadpulse.toml:2: [topics] leads: must be a topic name of letters, digits, ".", "_" and "-", at most 249 long,'
        ' got "a/b"'
    ),
    "[kafka]\nbrokers = 'a:1'": 'leadpulse.toml:2: [kafka] brokers: must be a list, each "host:port", got "a:1"',
    "[kafka]\nbrokers = []": "leadpulse.toml:2: [kafka] brokers: must have at least 1 elements, got 0",
    "[kafka]\nbrokers = [\n 'a:1',\n 'b'\n]": 'leadpulse.toml:4: [kafka] brokers[1]: must be "host:port", got "b"',
    "[kafka]\nbrokers = ['a:65536']": 'leadpulse.toml:2: [kafka] brokers[0]: must be "host:port", got "a:65536"',
    "[kafka]\nbrokers = ['a:0']": 'leadpulse.toml:2: [kafka] brokers[0]: must be "host:port", got "a:0"',
    "[kafka]\nsasl_password = 5": "leadpulse.toml:2: [kafka] sasl_password: must be text, got something else",
    "[kafka]\nssl_cafile = 5": "leadpulse.toml:2: [kafka] ssl_cafile: must be a file, got 5",
    "[kafka]\nssl_cafile = 'ca.pem'": "leadpulse.toml:2: [kafka] ssl_cafile: no such file: ca.pem",
    "[kafka]\nssl_cafile = '.'": "leadpulse.toml:2: [kafka] ssl_cafile: cannot be read: . (Is a directory)",
    "[funnel]\nzone = 'Europe/Berlim'": (
        'leadpulse.toml:2: [funnel] zone: unknown time zone "Europe/Berlim"; did you mean "Europe/Berlin"?'
    ),
    "[funnel]\nzone = '../UTC'": 'leadpulse.toml:2: [funnel] zone: unknown time zone "../UTC"; did you mean "UTC"?',
    "[funnel]\nstages = ['a']": (
        'leadpulse.toml:2: [funnel] stages[0]: must be a table with `name` and `kind`, got "a"'
    ),
    "[funnel]\nstages = [\n{kind='won'},\n]": 'leadpulse.toml:3: [funnel] stages[0]: needs a "name"',
    "[[funnel.stages]]\nname='a'\nkin='won'": (
        'leadpulse.toml:3: [funnel] stages[0].kin: unknown key; did you mean "kind"?'
    ),
    "[[funnel.stages]]\nname='a'\n[[funnel.stages]]\nname='b'\nkind='wn'": (
        'leadpulse.toml:5: [funnel] stages[1].kind: must be one of "open", "won", "lost", "disqualified", got "wn"'
    ),
    "[funnel]\nstages = []": "leadpulse.toml:2: [funnel] stages: must have 1 to 200 elements, got 0",
    "[response]\nwritten_channels = ['emial']": (
        'leadpulse.toml:2: [response] written_channels[0]: must be one of "call", "email", "sms", "chat", "meeting",'
        ' "mail", "social", "web", "card", "messenger", got "emial"; did you mean "email"?'
    ),
    "[[hours.calendars]]\nzone = 'Europe/Amsterdm'\nname = 'a'\nweek = ['Mon 08:00-09:00']": (
        'leadpulse.toml:2: [hours] calendars[0].zone: unknown time zone "Europe/Amsterdm";'
        ' did you mean "Europe/Amsterdam"?'
    ),
    "[[hours.calendars]]\nzone = 'UTC'\nname = 'a'\nweek = []": (
        "leadpulse.toml:4: [hours] calendars[0].week: must have 1 to 100 elements, got 0"
    ),
    "[hours]\ncalendars = [1]": (
        "leadpulse.toml:2: [hours] calendars[0]: must be a table with `name`, `zone`, `week`, `holidays`, `dates`,"
        " `teams` and `regions`, got 1"
    ),
    calendar("team = 'x'"): 'leadpulse.toml:5: [hours] calendars[0].team: unknown key; did you mean "teams"?',
    calendar("teams = ['']"): (
        'leadpulse.toml:5: [hours] calendars[0].teams[0]: must be text of 1 to 256 characters, got ""'
    ),
    calendar("holidays = 'Netherlands'"): (
        'leadpulse.toml:5: [hours] calendars[0].holidays: unknown country "Netherlands"; did you mean "NL"'
        " (Netherlands)?"
    ),
    calendar("holidays = 'nl'"): (
        'leadpulse.toml:5: [hours] calendars[0].holidays: unknown country "nl"; did you mean "NL" (Netherlands)?'
    ),
    calendar("holidays = 'QQ'"): 'leadpulse.toml:5: [hours] calendars[0].holidays: unknown country "QQ"',
    calendar("holidays = 'DE-Bayer'"): (
        'leadpulse.toml:5: [hours] calendars[0].holidays: unknown part "Bayer" of DE; did you mean "Bayern"?'
    ),
    calendar("holidays = 'GB-XXX'"): (
        'leadpulse.toml:5: [hours] calendars[0].holidays: unknown part "XXX" of GB; known are ENG, NIR, SCT, WLS'
    ),
    calendar("holidays = 'SG-'"): (
        'leadpulse.toml:5: [hours] calendars[0].holidays: unknown part "" of SG; known are none'
    ),
    **{
        f"[[hours.calendars]]\nname = 'a'\nzone = 'UTC'\nweek = ['{hours}']": (
            f"leadpulse.toml:4: [hours] calendars[0].week[0]: {fault}"
        )
        for hours, fault in {
            "Mon": 'must be weekdays and hours such as "Mon-Fri 08:00-18:00", got "Mon"',
            "Mondy 08:00-09:00": 'unknown weekday "Mondy"; did you mean "Mon"?',
            "Mon-Xyz 08:00-09:00": 'unknown weekday "Xyz"; they are Mon, Tue, Wed, Thu, Fri, Sat, Sun',
            "Mon 8-18": '"8-18" is no span of time such as "08:00-18:00"',
            "Mon 08:00-18:00,": '"" is no span of time such as "08:00-18:00"',
            "Mon 23:00-25:00": '"23:00-25:00" is no span of time such as "08:00-18:00"',
            "Mon 08:00-08:00": '"08:00-08:00" begins and ends at one time; a whole day is "00:00-24:00"',
        }.items()
    },
    **{
        calendar(f"dates = ['{hours}']"): f"leadpulse.toml:5: [hours] calendars[0].dates[0]: {fault}"
        for hours, fault in {
            "12-24": (
                'must be a date and its hours such as "12-24 09:00-12:00" or "2026-12-28..2026-12-31 closed",'
                ' got "12-24"'
            ),
            "24.12. closed": '"24.12." is no date such as "2026-12-24", or "12-24" for every year',
            "2026-02-29 closed": '"2026-02-29" is no date such as "2026-12-24", or "12-24" for every year',
            "2206-12-24 closed": '"2206-12-24" is not in the years from 2000 to 2060',
            "12-24 close": '"close" is no span of time such as "08:00-18:00"; did you mean "closed"?',
            "2026-12-24..12-26 closed": '"2026-12-24..12-26" has a year at one end only',
            "2026-12-24..2026-12-23 closed": '"2026-12-24..2026-12-23" ends before it begins',
        }.items()
    },
    "[windows]\ncalendar = ['year']": (
        'leadpulse.toml:2: [windows] calendar[0]: must be one of "today", "week", "month", "quarter", got "year"'
    ),
    "[windows]\nrolling = ['91d']": (
        'leadpulse.toml:2: [windows] rolling[0]: must be a duration from "1m" to "90d", got "91d"'
    ),
}


@pytest.mark.parametrize(("text", "refusal"), [*NAMES.items(), *TYPES.items()])
def test_a_wrong_file_is_refused_with_its_line(text: str, refusal: str) -> None:
    assert refusals(text) == [refusal]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("[web]\nport = = 1", "leadpulse.toml:2: not TOML: Invalid value at column 8"),
        ("[web]\nport = 1\nport = 2", "leadpulse.toml:3: not TOML: Cannot overwrite a value"),
        ("[web", "leadpulse.toml:1: not TOML: Expected ']' at the end of a table declaration"),
        (b"[web]\nhost = '\xff'", "leadpulse.toml: not UTF-8 text"),
        ("#" * (1 << 20) + "\n", "leadpulse.toml: too large: a settings file has at most 1 MiB"),
    ],
)
def test_what_is_not_toml_is_refused(text: str | bytes, refusal: str) -> None:
    assert refusals(text) == [refusal]


@pytest.mark.parametrize(
    ("variable", "value", "refusal"),
    [
        ("WEB__PORT", "x", 'must be an integer from 1 to 65535, got "x"'),
        ("WEB__PROT", "1", 'unknown setting; did you mean "LEADPULSE_WEB__PORT"?'),
        ("WEB_PORT", "1", 'unknown setting; did you mean "LEADPULSE_WEB__PORT"?'),
        ("QQQ__ZZZ_YYY_XXX", "1", "unknown setting"),
        ("RESPONSE__THRESHOLDS", "10m,5m", 'must ascend, but "5m" comes after "10m"'),
        ("FUNNEL__STAGES", "{name='a'}", "[0]: must be a table with `name` and `kind`, got \"{name='a'}\""),
        ("FUNNEL__STAGES", "[{name=", "not a TOML list: [{name="),
        ("WEB__HOST", "\udcff", 'must be text of 1 to 255 characters, got "\udcff"'),
        ("KAFKA__SASL_PASSWORD", "\udcff", "must be text, got something else"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(variable: str, value: str, refusal: str) -> None:
    gap = "" if refusal.startswith("[") else ":"
    assert refusals(environ={f"LEADPULSE_{variable}": value}) == [f"LEADPULSE_{variable}{gap} {refusal}"]


def test_the_place_inside_a_variable_is_shown() -> None:
    assert refusals(environ={"LEADPULSE_FUNNEL__STAGES": '[{name="a"}, {name="b", kind="x"}]'}) == [
        'LEADPULSE_FUNNEL__STAGES [1].kind: must be one of "open", "won", "lost", "disqualified", got "x"'
    ]


def test_a_wrong_option_is_refused_by_name() -> None:
    assert refusals(web__port="x", web__prot="1") == [
        '--set web.prot: unknown setting; did you mean "web.port"?',
        '--set web.port: must be an integer from 1 to 65535, got "x"',
    ]


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^nowhere\.toml: cannot be read: no such file or directory$"):
        load("nowhere.toml", environ={})


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = "[web]\nport = 0\n[kafak]\n[worker]\nmax_pending = 9\n[app]\nid = ''\n[response]\ntarget = '0s'\n"
    found = refusals(text, {"LEADPULSE_LOG__LEVEL": "loud"}, web__host="")
    assert [line.partition(": ")[0] for line in found] == [
        "leadpulse.toml:2",
        "leadpulse.toml:3",
        "leadpulse.toml:5",
        "leadpulse.toml:7",
        "leadpulse.toml:9",
        "LEADPULSE_LOG__LEVEL",
        "--set web.host",
    ]


def test_no_refusal_shows_a_secret() -> None:
    environ = {"LEADPULSE_KAFKA__SASL_PASSWORD": "hunter2", "LEADPULSE_KAFKA__SASL_PASWORD": "hunter2"}
    text = 'kafka = {sasl_password = ["hunter2"], ssl_key_password = {a = "hunter2"}}'
    assert "hunter2" not in " ".join(refusals(text, environ)) + " ".join(refusals(text))
