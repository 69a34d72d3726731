"""The jars that make up the Kafka broker: pinned by checksum, fetched once for all projects of this user."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from streams.services.errors import ServiceError
from streams.services.locking import FileLock
from streams.services.progress import say, shown_download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_PINS = "kafka-jars.txt"
_STAGING = ".part-"
_DOWNLOADS = 4
_TRIES = 3
_PAUSE_SECONDS = 1.0
_HTTP_TIMEOUT_SECONDS = 30
_LOCK_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Jar:
    """One file of a Maven repository, and what its bytes must be."""

    group: str
    artifact: str
    version: str
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """Its name in a repository and in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def pinned_jars() -> tuple[Jar, ...]:
    """Read the broker's jars from the list that `streams.services.pin_jars` wrote."""
    text = resources.files("streams.services").joinpath(_PINS).read_text(encoding="utf-8")
    return tuple(parse_pin(line) for line in text.splitlines() if line and not line.startswith("#"))


def parse_pin(line: str) -> Jar:
    """Read one line ``sha256 size group:artifact:version``."""
    sha256, size, coordinate = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, int(size), sha256)


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Tell where downloads are kept: LEADPULSE_CACHE, or else leadpulse in the user's cache folder."""
    if chosen := environ.get("LEADPULSE_CACHE"):
        return Path(chosen)
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "leadpulse"


class JarCache:
    """A folder of jars in which every file is whole.

    A jar is put there by a rename after its checksum was compared, so whatever cuts a download off leaves either the
    whole jar or none, and the next try fetches only what is missing. With all in place the network is never used.

    Args:
        folder: Where the jars are kept; made if it is missing.
        jars: What belongs there.
        download: Fetches one jar into an empty folder; for tests.
    """

    def __init__(
        self,
        folder: Path,
        jars: Sequence[Jar],
        download: Callable[[Jar, Path, Callable[[int], None]], Path] | None = None,
    ) -> None:
        self.folder = folder
        self.jars = jars
        self._download = download or _download

    def class_path(self) -> str:
        """Tell the Java class path of all jars, after fetching those that are missing.

        Raises:
            ServiceError: They cannot be fetched.
        """
        if self._missing():
            with self._alone():
                self._clear_leftovers()
                if missing := self._missing():  # another process may have fetched them meanwhile
                    self._fetch(missing)
        return os.pathsep.join(str(self._path(jar)) for jar in self.jars)

    def _path(self, jar: Jar) -> Path:
        return self.folder / jar.filename

    def _missing(self) -> list[Jar]:
        return [jar for jar in self.jars if not _has_size(self._path(jar), jar.size)]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.folder / ".lock")
        try:
            if not lock.try_acquire():
                say(f"Waiting for process {lock.owner() or 'unknown'}, which downloads to {self.folder}")
                while not lock.try_acquire():
                    time.sleep(_LOCK_LOOK_SECONDS)
        except OSError as error:
            raise ServiceError(f"the cache folder {self.folder} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def _clear_leftovers(self) -> None:
        for leftover in self.folder.glob(f"{_STAGING}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _fetch(self, jars: Sequence[Jar]) -> None:
        # The largest first: what is fetched last should not be what takes longest.
        ordered = sorted(jars, key=lambda jar: -jar.size)
        title = f"Apache Kafka into {self.folder}"
        with shown_download(title, sum(jar.size for jar in jars)) as advance, ThreadPoolExecutor(_DOWNLOADS) as pool:
            fetches = [pool.submit(self._fetch_one, jar, advance) for jar in ordered]
            try:
                for fetch in as_completed(fetches):
                    fetch.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _fetch_one(self, jar: Jar, advance: Callable[[int], None]) -> None:
        for attempt in range(1, _TRIES + 1):
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=_STAGING) as staging:
                try:
                    whole = self._download(jar, Path(staging), advance)
                    _verify(whole, jar)
                    whole.replace(self._path(jar))
                    return
                except Exception as error:  # whatever the client, its proxy or the disk makes of a bad line
                    if attempt == _TRIES:
                        raise ServiceError(
                            f"cannot fetch {jar.filename} from Maven Central: {error}. It is fetched once; without a"
                            f" network copy {self.folder} from a machine that has it"
                        ) from error
            time.sleep(attempt * _PAUSE_SECONDS)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _verify(path: Path, jar: Jar) -> None:
    with path.open("rb") as stream:
        actual = hashlib.file_digest(stream, "sha256").hexdigest()
    if actual != jar.sha256:
        raise ServiceError(f"its SHA-256 is {actual}, not {jar.sha256}: cut off or not the file that was pinned")


def _download(jar: Jar, folder: Path, advance: Callable[[int], None]) -> Path:
    try:
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  # optional, and needed once a machine
    except ImportError as error:
        raise ServiceError("the jgo package is missing: pip install 'leadpulse[services]'") from error

    @contextmanager
    def report(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield advance

    mirror = os.environ.get("LEADPULSE_MAVEN_REPOSITORY")
    context = MavenContext(
        resolver=PythonResolver(progress_callback=report),
        repo_cache=folder,
        remote_repos={"mirror": mirror} if mirror else None,
        timeout=_HTTP_TIMEOUT_SECONDS,
    )
    return context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
