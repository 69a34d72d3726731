"""The Dockerfile: its rules, and its steps carried out without a container."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from streams.services.ports import free_ports
from tests.deploy.files import ROOT, program

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = [
    line.split(maxsplit=1) for line in re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", TEXT)).splitlines() if line
]
(COMPILES,) = re.findall(r"HATCH_BUILD_HOOK_ENABLE_CUSTOM=(\S+)", TEXT)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in INSTRUCTIONS if name == instruction]


def healthcheck() -> list[str]:
    (check,) = arguments("HEALTHCHECK")
    command: list[str] = json.loads(check.partition(" CMD ")[2])
    return command


def test_the_linter_has_nothing_to_say() -> None:
    done = subprocess.run([program("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_both_stages_begin_with_the_same_python_in_a_version_that_stays() -> None:
    build, run = arguments("FROM")
    version = re.fullmatch(r"python:(3\.\d+\.\d+)-bookworm AS build", build)
    assert version
    assert run == f"python:{version[1]}-slim-bookworm"
    assert f"Programming Language :: Python :: {version[1].rpartition('.')[0]}" in PROJECT["classifiers"]


def test_what_runs_is_no_shell_and_no_root_and_is_ended_by_sigterm() -> None:
    assert arguments("USER") == ["10001:10001"]
    assert arguments("STOPSIGNAL") == ["SIGTERM"]
    assert [json.loads(text) for text in arguments("ENTRYPOINT") + arguments("CMD")] == [["leadpulse"], ["worker"]]


def test_the_labels_say_what_the_project_says() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', " ".join(arguments("LABEL"))))
    assert labels["title"] == PROJECT["name"]
    assert labels["description"] == PROJECT["description"]
    assert labels["licenses"] == PROJECT["license"]
    assert f"VERSION={PROJECT['version']}" in arguments("ARG")


def test_dependencies_are_installed_as_locked_by_the_uv_of_the_makefile() -> None:
    (version,) = re.findall(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    runs = arguments("RUN")
    assert f"pip install --no-cache-dir uv=={version}" in runs
    syncs = [run for run in runs if run.startswith("uv sync")]
    assert len(syncs) == 2
    assert all("--frozen --no-dev" in run for run in syncs)


def copied() -> list[str]:
    """What is copied from the build context."""
    return [source for text in arguments("COPY") if not text.startswith("--from") for source in text.split()[:-1]]


def test_the_build_context_is_what_is_copied_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert lines[0] == "*"
    assert lines[-1] == "**/__pycache__"
    assert sorted(line.removeprefix("!") for line in lines[1:-1]) == sorted(copied())
    assert all((ROOT / name).exists() for name in copied())


@pytest.mark.integration
def test_the_steps_of_the_build_give_a_worker_whose_health_can_be_checked(tmp_path: Path) -> None:
    source, target = tmp_path / "src", tmp_path / "leadpulse"
    source.mkdir()
    for name in copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    uv = shutil.which("uv") or program("uv")
    for step in (run for run in arguments("RUN") if run.startswith("uv sync")):
        environ = {"UV_PROJECT_ENVIRONMENT": str(target), "UV_PYTHON": sys.executable, "UV_LINK_MODE": "hardlink"}
        environ |= {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": COMPILES, "MYPYC_OPT_LEVEL": "0"}
        command = [uv, *step.split()[1:]]
        subprocess.run(command, cwd=source, env={**os.environ, **environ}, check=True, timeout=250)
    shutil.rmtree(source)  # the result has no use for it
    assert not (target / "bin" / "pip").exists()
    assert list(target.glob("lib/python*/site-packages/processors/shard.*.so")), "the core is compiled"
    installed = (target / "bin" / "leadpulse", target / "bin" / "python")
    check_health(*installed)


def check_health(leadpulse: Path, python: Path) -> None:
    """Start the image's worker with no Kafka in reach; the image's own check tells that it is alive."""
    port, nobody = free_ports(2)
    environ = {
        "PATH": f"{leadpulse.parent}:/usr/bin:/bin",
        "LEADPULSE_WEB__PORT": str(port),
        "LEADPULSE_KAFKA__BROKERS": f"127.0.0.1:{nobody}",
    }
    assert healthcheck()[0] == "python"
    check = [str(python), *(part.replace(":9464", f":{port}") for part in healthcheck()[1:])]
    with subprocess.Popen([leadpulse, *json.loads(arguments("CMD")[0])], env=environ, cwd="/tmp") as worker:  # noqa: S108  # as the image does
        try:
            wait_until_listening(port)
            subprocess.run(check, env=environ, check=True, timeout=20)
            worker.terminate()
            assert worker.wait(30) in (0, 70)
            assert subprocess.run(check, env=environ, capture_output=True, check=False, timeout=20).returncode == 1
        finally:
            worker.kill()


def wait_until_listening(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the worker does not listen")
