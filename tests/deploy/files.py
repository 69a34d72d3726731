"""The files that leadpulse is run with, read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.settings.fields import fields_of, sections

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OVERLAYS = ("one-node", "production")

Manifest = dict[str, Any]


def program(name: str) -> str:
    """Path of a program that a wheel of the development dependencies brings."""
    return str(Path(sys.prefix) / "bin" / name)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program that comes with Prometheus; CI has one, see `.ci/run`."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed; on Debian it is in the package prometheus")
    return subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)


def read_yaml(path: str) -> Any:
    """The content of a file below deploy/."""
    return yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))


@cache
def compose() -> Any:
    return read_yaml("compose.yaml")


def services() -> dict[str, Any]:
    """The services of the compose file."""
    found: dict[str, Any] = compose()["services"]
    return found


@cache
def manifests(overlay: str) -> tuple[Manifest, ...]:
    """What `kubectl apply --kustomize` would send."""
    folder = DEPLOY / "kubernetes" / "overlays" / overlay
    built = subprocess.run(
        [program("kubectl"), "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert built.returncode == 0, built.stderr
    return tuple(yaml.safe_load_all(built.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests(overlay) if manifest["kind"] in kinds]


def workloads(overlay: str) -> list[Manifest]:
    return of_kind(overlay, "StatefulSet", "Deployment")


def named(overlay: str, kind: str, name: str) -> Manifest:
    (found,) = (manifest for manifest in of_kind(overlay, kind) if manifest["metadata"]["name"] == name)
    return found


def pod_of(workload: Manifest) -> Any:
    return workload["spec"]["template"]["spec"]


def containers(overlay: str) -> Iterator[tuple[str, Any]]:
    """Name of the workload, and its container."""
    for workload in workloads(overlay):
        for container in pod_of(workload)["containers"]:
            yield workload["metadata"]["name"], container


def environment(container: Mapping[str, Any], pod: str) -> dict[str, str]:
    """The environment that Kubernetes gives a container: a variable may use those before it."""
    given: dict[str, str] = {}
    for entry in container.get("env", ()):
        if "valueFrom" in entry:
            assert entry["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
            given[entry["name"]] = pod
        else:
            given[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda match: given[match[1]], entry["value"])
    return given


def placed(environ: Mapping[str, str], folder: Path, files: Mapping[str, Path]) -> dict[str, str]:
    """The environment with every file of the container at a place of this machine.

    Args:
        environ: As the container has it.
        folder: Where secrets are made up.
        files: Path in the container -> file of the repository.
    """
    moved = {}
    for name, value in environ.items():
        moved[name] = str(files.get(value, value))
        if name.endswith(("_FILE", "CAFILE")):
            moved[name] = str(folder / Path(value).name)
            text = CERTIFICATE.read_text() if name.endswith("CAFILE") else "a-secret-of-the-test"
            Path(moved[name]).write_text(text, encoding="utf-8")
    return moved


CERTIFICATE = ROOT / "tests" / "streams" / "settings" / "tls" / "client.pem"


def section_of(variable: str) -> str:
    """The section of the settings that a variable LEADPULSE_<SECTION>__<FIELD> is in."""
    return variable.removeprefix("LEADPULSE_").partition("__")[0].lower()


def setting_variables() -> set[str]:
    return {field.variable for section in sections() for field in fields_of(section).values()}
