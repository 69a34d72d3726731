from __future__ import annotations

from streams.cli.helptext import flowing


def test_paragraphs_flow_and_indented_lines_stay() -> None:
    text = """Do it.

    One sentence that is
    broken. And another.

    Examples:
      leadpulse this
      leadpulse that
    """
    assert flowing(text).splitlines() == [
        "Do it.",
        "",
        "One sentence that is broken. And another.",
        "",
        "Examples:",
        "  leadpulse this",
        "  leadpulse that",
    ]


def test_nothing_stays_nothing() -> None:
    assert flowing("") == ""
