"""`leadpulse simulate`, as far as it goes without Kafka."""

import pytest

from streams.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--floor", "busy"], 78, "busy: neither a file nor one of everyday, hurried"),
        (["--since", "soon"], 2, "not a duration: 'soon'; write it like 90s or 2h"),
        (["--as-fast-as-possible", "--end", "soon"], 2, "'soon' is no time such as 2026-11-22T09:00:00Z"),
        (["--as-fast-as-possible", "--end", "2026-11-22T09:00"], 2, "'2026-11-22T09:00' has no zone"),
        (["--rate", "0"], 2, "--rate"),
        (["--set", 'funnel.stages=[{name="done",kind="won"}]'], 78, "the funnel has no open stage"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["simulate", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
