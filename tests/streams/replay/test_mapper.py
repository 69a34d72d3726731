"""Rows to events, and the account of those that became none."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from schemas.interaction_events import Interaction
from schemas.lead_events import Created, NextActivitySet
from streams.replay import Mapped, Mapper, MappingError, StrictError, load_mapping, open_export
from tests.schemas.decoding import decode_interaction, decode_lead

HEAD = """
lead_id = "{lead}"
event_id = "x-{lead}-{n}"
[time]
column = "at"
zone = "Europe/Berlin"
"""
NEW = """
[[rule]]
name = "new"
when = { what = "new" }
event = "created"
fields = { source = "{source}" }
"""
CALLS = """
[[rule]]
name = "first"
when = { what = "call*" }
first = true
event = "interaction"
fields = { direction = "out", channel = "call", outcome = "connected", actor = "{source}" }
[[rule]]
name = "later"
when = { what = "call*" }
event = "interaction"
fields = { direction = "out", channel = "call", outcome = "attempted" }
"""
ROWS = "lead,n,at,what,source\n"


class Run(Protocol):
    def __call__(
        self, export: str | bytes, rules: str = NEW, head: str = HEAD, name: str = "export.csv", strict: bool = False
    ) -> tuple[list[Mapped], Mapper]: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Map an export given as text with a mapping given as text."""

    def mapped(
        export: str | bytes, rules: str = NEW, head: str = HEAD, name: str = "export.csv", strict: bool = False
    ) -> tuple[list[Mapped], Mapper]:
        data, toml = tmp_path / name, tmp_path / "mapping.toml"
        data.write_bytes(export.encode() if isinstance(export, str) else export)
        toml.write_text(head + rules, encoding="utf-8")
        file = load_mapping(toml)
        mapper = Mapper(file, data, strict=strict)
        with open_export(data, file.mapping.file) as rows:
            mapper.check_columns(rows)
            return list(mapper.events(rows)), mapper

    return mapped


def test_a_row_becomes_the_event_that_its_rule_says(run: Run) -> None:
    (mapped,), _ = run(ROWS + "L1,7,2026-11-22 10:00,new,web\n")
    assert mapped.event == Created("x-L1-7", "L1", datetime(2026, 11, 22, 9, tzinfo=UTC), source="web")
    assert (mapped.key, mapped.interaction) == (b"L1", False)
    assert decode_lead(mapped.value) == mapped.event


def test_a_text_that_merely_begins_like_the_wanted_one_does_not_fit(run: Run) -> None:
    events, mapper = run(ROWS + "L1,7,2026-11-22 10:00,newer,web\n")
    assert not events
    assert mapper.account.unmapped == Counter({"what='newer'": 1})


def test_only_the_first_row_of_each_lead_is_the_first_of_its_kind(run: Run) -> None:
    rows = ROWS + "".join(f"L{n % 2},{n},2026-11-22 10:0{n},call {n},anna\n" for n in range(6))
    events, _ = run(rows, CALLS)
    outcomes = [(m.event.lead_id, m.event.outcome) for m in events if isinstance(m.event, Interaction)]
    assert outcomes[:2] == [("L0", "connected"), ("L1", "connected")]
    assert [outcome for _, outcome in outcomes[2:]] == ["attempted"] * 4
    assert all(m.interaction and decode_interaction(m.value) == m.event for m in events)


def test_replaying_twice_gives_the_same_bytes(run: Run) -> None:
    rows = ROWS + "L1,1,2026-11-22 10:00,call,\nL1,2,2026-11-22 10:01,call,\n"
    assert run(rows, CALLS)[0] == run(rows, CALLS)[0]


def test_an_empty_column_leaves_the_field_at_its_default(run: Run) -> None:
    (mapped,), _ = run(ROWS + "L1,7,2026-11-22 10:00,new,\n")
    assert isinstance(mapped.event, Created)
    assert mapped.event.source == ""


def test_rows_that_are_ignored_are_counted_apart_from_those_without_a_rule(run: Run) -> None:
    ignore = '\n[[rule]]\nwhen = { what = ["note", "mail*"] }\nunless = { source = "web" }\nignore = true\n'
    rows = "".join(f"L1,{n},2026-11-22 10:00,{what}\n" for n, what in enumerate(("note,", "mailing,a", "note,web")))
    _, mapper = run(ROWS + rows, NEW + ignore)
    assert mapper.account.ignored == 2
    assert mapper.account.unmapped == Counter({"what='note', source='web'": 1})


def test_rows_without_a_rule_are_faulty_when_the_mapping_refuses_them(run: Run) -> None:
    _, mapper = run(ROWS + "L1,7,2026-11-22 10:00,other,web\n", head='unmapped = "refuse"' + HEAD)
    assert [problem.split("export.csv")[1] for problem in mapper.account.problems] == [":2: no rule fits: what='other'"]


def test_a_faulty_row_is_told_with_its_line_and_column_and_the_others_go_on(run: Run) -> None:
    long = "x" * 300
    rows = f"L1,1,tomorrow,new,web\nL2,2\n,3,2026-11-22,new,web\nL4,4,2026-11-22,new,{long}\nL5,5,2026-11-22,new,web\n"
    events, mapper = run(ROWS + rows)
    assert [mapped.event.lead_id for mapped in events] == ["L5"]
    assert [problem.split("export.csv")[1] for problem in mapper.account.problems] == [
        ":2: rule new: column \"at\": not an ISO 8601 time: 'tomorrow'",
        ":3: 2 columns where the header has 5",
        ":4: rule new: Expected `str` of length >= 1 - at `$.lead_id`",
        ":5: rule new: Expected `str` of length <= 256 - at `$.source`",
    ]
    assert (mapper.account.rows, mapper.account.faulty, mapper.account.events) == (5, 4, Counter(created=1))


def test_text_in_another_encoding_makes_one_row_faulty(run: Run) -> None:
    rows = "L1,1,2026-11-22,new,Müller\nL2,2,2026-11-22,new,web\n".encode("latin-1")
    events, mapper = run(ROWS.encode() + rows)
    assert [mapped.event.lead_id for mapped in events] == ["L2"]
    assert mapper.account.problems[0].endswith(":2: rule new: text that is not in the encoding of the file")


def test_strict_ends_at_the_first_faulty_row(run: Run) -> None:
    with pytest.raises(StrictError, match=r"export\.csv:3: rule new: column .at.: not an ISO 8601 time"):
        run(ROWS + "L1,1,2026-11-22,new,web\nL2,2,later,new,web\n", strict=True)


def test_the_list_of_problems_is_bounded(run: Run) -> None:
    _, mapper = run(ROWS + "L1,1,later,new,web\n" * 100)
    assert (mapper.account.faulty, len(mapper.account.problems)) == (100, 20)


def test_the_list_of_rows_without_a_rule_is_bounded(run: Run) -> None:
    _, mapper = run(ROWS + "".join(f"L1,1,2026-11-22,kind {n},web\n" for n in range(1000)))
    assert mapper.account.unmapped.total() == 1000
    assert len(mapper.account.unmapped) <= 201


def test_events_older_than_one_before_them_are_counted(run: Run) -> None:
    days = "".join(f"L{n},1,2026-11-{day},new,web\n" for n, day in enumerate((20, 22, 21, 22, 23)))
    assert run(ROWS + days)[1].account.out_of_order == 1


def test_json_lines_are_mapped_like_csv_with_their_own_types(run: Run) -> None:
    rule = (
        '[[rule]]\nwhen = { kind = "7" }\nevent = "interaction"\n'
        'fields = { direction = "in", channel = "{via.name}", substantive = "{good}", duration_seconds = "{s}" }\n'
    )
    line = '{"lead": 12, "n": 1, "at": "2026-11-22T09:00Z", "kind": 7, "via": {"name": "sms"}, "good": false, "s": 1.5}'
    (mapped,), _ = run(line, rule, name="export.jsonl")
    event = mapped.event
    assert isinstance(event, Interaction)
    assert (event.event_id, event.channel, event.substantive, event.duration_seconds) == ("x-12-1", "sms", False, 1.5)


def test_a_csv_without_a_column_of_the_mapping_is_refused_before_the_first_row(run: Run) -> None:
    with pytest.raises(MappingError, match=r'export\.csv has no column "source"'):
        run("lead,n,at,what\nL1,1,2026-11-22,new\n")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_the_example_of_a_crm_export_makes_several_events_of_a_row(ending: str) -> None:
    examples = Path(__file__).parents[3] / "examples"
    file = load_mapping(examples / "crm-export.toml")
    mapper = Mapper(file, examples / f"crm-export.{ending}", strict=True)
    with open_export(examples / f"crm-export.{ending}", file.mapping.file) as rows:
        mapper.check_columns(rows)
        events = [mapped.event for mapped in mapper.events(rows)]
    assert len({event.event_id for event in events}) == len(events) == 22
    assert mapper.account.events == Counter(
        created=6, assigned=5, interaction=4, stage_changed=3, won=2, lost=1, disqualified=1
    )
    first = events[0]
    assert first == Created(
        "crm-1001-created",
        "crm-1001",
        datetime(2026, 11, 2, 7, 14, tzinfo=UTC),
        source="Website",
        team="North",
        amount=250_000,
        currency="EUR",
    )


def test_a_planned_time_is_read_as_the_times_of_the_rows_are(run: Run) -> None:
    rules = """
[[rule]]
when = { what = "task" }
event = "next_activity_set"
fields = { planned_for = "{source}", channel = "call" }
"""
    mapped, _ = run(ROWS + "a,1,2026-03-02T08:00,task,2026-03-03T09:00\na,2,2026-03-02T09:00,task,\n", rules)
    first, second = (item.event for item in mapped)
    assert isinstance(first, NextActivitySet)
    assert first.planned_for == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert isinstance(second, NextActivitySet)
    assert second.planned_for is None, "an empty column: nothing is planned any more"
