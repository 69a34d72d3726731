"""The cache holds whole jars or none."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from streams.services import jars
from streams.services.errors import ServiceError
from streams.services.jars import Jar, JarCache, cache_folder, pinned_jars

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENTS = {"one": b"first jar", "two": b"second jar, longer"}
JARS = tuple(
    Jar("org.example", name, "1.0", len(content), hashlib.sha256(content).hexdigest())
    for name, content in CONTENTS.items()
)


class Repository:
    """Serves the jars, or what a bad line makes of them."""

    def __init__(self, served: dict[str, bytes] | None = None) -> None:
        self.served = CONTENTS if served is None else served
        self.asked: list[str] = []

    def __call__(self, jar: Jar, folder: Path, advance: Callable[[int], None]) -> Path:
        self.asked.append(jar.artifact)
        if jar.artifact not in self.served:
            raise ConnectionError("the line is dead")
        file = folder / "download"
        file.write_bytes(self.served[jar.artifact])
        advance(file.stat().st_size)
        return file


@pytest.fixture(autouse=True)
def _no_pause_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_PAUSE_SECONDS", 0.0)


def test_the_class_path_names_every_jar_in_order(tmp_path: Path) -> None:
    path = JarCache(tmp_path, JARS, Repository()).class_path()

    assert path.split(os.pathsep) == [str(tmp_path / "one-1.0.jar"), str(tmp_path / "two-1.0.jar")]
    assert (tmp_path / "two-1.0.jar").read_bytes() == CONTENTS["two"]


def test_a_complete_cache_asks_nobody(tmp_path: Path) -> None:
    JarCache(tmp_path, JARS, Repository()).class_path()
    again = Repository()

    JarCache(tmp_path, JARS, again).class_path()

    assert again.asked == []


def test_only_what_is_missing_is_fetched(tmp_path: Path) -> None:
    JarCache(tmp_path, JARS, Repository()).class_path()
    (tmp_path / "two-1.0.jar").write_bytes(b"second")  # cut off by a full disk
    again = Repository()

    JarCache(tmp_path, JARS, again).class_path()

    assert again.asked == ["two"]
    assert (tmp_path / "two-1.0.jar").read_bytes() == CONTENTS["two"]


def test_a_jar_that_was_cut_off_is_never_taken_for_whole(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"two-1\.0\.jar.*SHA-256.*cut off"):
        JarCache(tmp_path, JARS, Repository(CONTENTS | {"two": b"second"})).class_path()

    assert not (tmp_path / "two-1.0.jar").exists()


def test_a_forged_jar_of_the_right_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="not the file that was pinned"):
        JarCache(tmp_path, JARS, Repository(CONTENTS | {"one": b"forged ja"})).class_path()


def test_a_dead_line_is_tried_again_and_then_said(tmp_path: Path) -> None:
    dead = Repository({})

    with pytest.raises(ServiceError, match="the line is dead") as raised:
        JarCache(tmp_path, JARS[:1], dead).class_path()

    assert dead.asked == ["one"] * 3
    assert str(tmp_path) in str(raised.value)


def test_what_a_killed_download_left_is_cleared(tmp_path: Path) -> None:
    leftover = tmp_path / ".part-abc"
    leftover.mkdir()
    (leftover / "two-1.0.jar").write_bytes(b"sec")

    JarCache(tmp_path, JARS, Repository()).class_path()

    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "one-1.0.jar", "two-1.0.jar"]


def test_one_of_two_that_start_together_downloads_and_the_other_waits(tmp_path: Path) -> None:
    entered, release = threading.Event(), threading.Event()
    slow, idle = Repository(), Repository()

    def download(jar: Jar, folder: Path, advance: Callable[[int], None]) -> Path:
        entered.set()
        assert release.wait(10)
        return slow(jar, folder, advance)

    first = threading.Thread(target=JarCache(tmp_path, JARS, download).class_path)
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=JarCache(tmp_path, JARS, idle).class_path)
    second.start()
    release.set()
    first.join(10)
    second.join(10)

    assert sorted(slow.asked) == ["one", "two"]
    assert idle.asked == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(ServiceError, match=f"cache folder {file}/kafka cannot be written"):
        JarCache(file / "kafka", JARS, Repository()).class_path()


def test_the_cache_folder_is_chosen_by_the_user_the_desktop_or_us() -> None:
    assert cache_folder({"LEADPULSE_CACHE": "/c", "XDG_CACHE_HOME": "/x"}) == Path("/c")
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/leadpulse")
    assert cache_folder({}) == Path.home() / ".cache" / "leadpulse"


def test_the_pinned_set_is_one_kafka_with_its_logging() -> None:
    pinned = pinned_jars()
    versions = {jar.version for jar in pinned if jar.group == "org.apache.kafka"}

    assert (pinned[0].artifact, len(versions)) == ("kafka_2.13", 1)
    assert {"kafka-clients", "kafka-server", "log4j-slf4j-impl", "log4j-core"} <= {jar.artifact for jar in pinned}
    assert len({jar.filename for jar in pinned}) == len(pinned)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in pinned)
