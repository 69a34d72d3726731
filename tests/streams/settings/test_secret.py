from __future__ import annotations

import copy
import json
import logging
import pickle
from pathlib import Path

import pytest

from streams.settings import Secret
from streams.settings.secret import revealed


def test_a_secret_never_prints_itself() -> None:
    secret = Secret("hunter2")
    logged = logging.LogRecord("", 0, "", 0, "%s", (secret,), None).getMessage()
    for text in (str(secret), repr(secret), f"{secret}", f"{[secret]}", logged, json.dumps([secret], default=repr)):
        assert "hunter2" not in text
        assert "***" in text
    assert secret.reveal() == "hunter2"


def test_a_secret_is_not_stored_or_copied() -> None:
    for carry in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied or stored"):
            carry(Secret("hunter2"))


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_a_secret_is_text_or_in_a_file_or_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n\n", encoding="utf-8")
    assert revealed(Secret("as text"), None) == "as text"
    assert revealed(None, file) == "from a file"
    assert revealed(None, None) == ""
