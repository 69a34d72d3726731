"""What is refused, word for word: the messages are what a user has."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.settings import SettingsError, load

SASL = '[kafka]\nsecurity_protocol = "SASL_PLAINTEXT"\n'
REDIS = '[redis]\nurl = "redis://h"\n'
TLS = '[kafka]\nsecurity_protocol = "SSL"\n'


def calendar(*lines: str, name: str = "a") -> str:
    """Return a working calendar; a fault in the first of these lines stands in line 5."""
    given = "\n".join(lines)
    return f"[[hours.calendars]]\nname = '{name}'\nzone = 'UTC'\nweek = ['Mon 08:00-09:00']\n{given}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.txt").write_text("hunter2\n", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")


def refusals(text: str | bytes = "", environ: dict[str, str] | None = None, **options: object) -> list[str]:
    """Return the problems of a settings file and of what goes over it."""
    Path("leadpulse.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        load("leadpulse.toml", environ=environ or {}, options={k.replace("__", "."): v for k, v in options.items()})
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


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


@pytest.mark.parametrize(("text", "refusal"), [*NAMES.items(), *TYPES.items(), *RELATIONS.items()])
def test_a_wrong_file_is_refused_with_its_line(text: str, refusal: str) -> None:
    assert refusals(text) == [refusal]


def test_one_topic_for_two_uses_is_refused_for_its_dead_letters_too() -> None:
    assert refusals('[topics]\ninteractions = "leads.v1"') == [
        'leadpulse.toml:2: [topics] interactions: "leads.v1" is used by leads already',
        'leadpulse.toml:2: [topics] interactions: "leads.v1.dlq" is used by leads already',
    ]


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


def test_without_a_file_a_fault_between_settings_names_the_setting() -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={"LEADPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL"})
    assert caught.value.problems == (
        '[kafka] sasl_username: must be set for security_protocol "SASL_SSL"',
        '[kafka] sasl_password: must be set for security_protocol "SASL_SSL", or sasl_password_file',
    )


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
