"""The manifests of Kubernetes, as far as they can be tried without a cluster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import kubernetes_validate
import pytest
import yaml

from deploy.manifests import manifest_documents
from streams.cli.main import COMMANDS, run
from streams.settings import load
from streams.settings.sections import Settings
from streams.web.server import WebServer
from tests.deploy.files import (
    CERTIFICATE,
    DEPLOY,
    OVERLAYS,
    ROOT,
    Manifest,
    containers,
    environment,
    manifests,
    named,
    of_kind,
    placed,
    pod_of,
    promtool,
    read_yaml,
    setting_variables,
    workloads,
)
from tests.streams.engine.builders import OPTIONS
from tests.streams.exposition.worker import FakeWorker

CRDS = {"ServiceMonitor", "PrometheusRule"}
VERSIONS = ("1.32", "1.37")
"""The oldest and the newest Kubernetes that the manifests are checked for."""
MAY_BE_APPLIED = 256 << 10
"""Bytes that fit into the annotation of `kubectl apply`."""

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
each_container = pytest.mark.parametrize(
    ("overlay", "name"), [(overlay, name) for overlay in OVERLAYS for name in ("worker", "notifier")]
)


def ours(overlay: str, name: str) -> tuple[Manifest, dict[str, Any]]:
    """A workload of leadpulse, and its container of this name."""
    ((workload, container),) = (
        (workload, container)
        for workload in workloads(overlay)
        for container in pod_of(workload)["containers"]
        if container["name"] == name
    )
    return workload, container


@pytest.mark.thorough
@each_overlay
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_what_the_api_takes(overlay: str, version: str) -> None:
    checked = [manifest for manifest in manifests(overlay) if manifest["kind"] not in CRDS]
    assert len(checked) > 5
    for manifest in checked:
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_the_check_of_manifests_finds_faults() -> None:
    faulty = yaml.safe_load(yaml.safe_dump(named("production", "StatefulSet", "leadpulse")))
    faulty["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="livenessprobe"):
        kubernetes_validate.validate(faulty, VERSIONS[-1], strict=True)


@each_overlay
def test_everything_is_in_one_namespace_and_there_once(overlay: str) -> None:
    found = [(m["kind"], m["metadata"]["name"]) for m in manifests(overlay)]
    assert len(set(found)) == len(found)
    spaces = {m["metadata"].get("namespace") for m in manifests(overlay) if m["kind"] != "Namespace"}
    assert spaces == {"leadpulse"}


@each_overlay
def test_every_container_is_as_restricted_as_the_strictest_pod_security_standard_wants(overlay: str) -> None:
    for workload in workloads(overlay):
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, "else Kubernetes sets variables that look like settings"
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} == set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]
            assert re.search(r":\d+\.\d+\.\d+", container["image"])


@each_container
def test_leadpulse_writes_nothing_but_temporary_files(overlay: str, name: str) -> None:
    _, container = ours(overlay, name)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    writable = [mount for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert [(mount["name"], mount["mountPath"]) for mount in writable] == [("tmp", "/tmp")]  # noqa: S108  # in there


@each_container
def test_every_command_exists(overlay: str, name: str) -> None:
    _, container = ours(overlay, name)
    assert container["args"][0] in COMMANDS
    assert run([*container["args"], "--help"]) == 0


def settings_of(overlay: str, name: str, folder: Path) -> Settings:
    """What leadpulse makes of a container's environment and files."""
    _, container = ours(overlay, name)
    environ = placed(environment(container, "leadpulse-0"), folder, {})
    environ.pop("POD_NAME", None)
    config = environ.pop("LEADPULSE_CONFIG")
    assert set(environ) <= setting_variables()
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts[config] == "settings"
    (settings,) = (m for m in of_kind(overlay, "ConfigMap") if m["metadata"]["name"].startswith("leadpulse-settings"))
    file = folder / "leadpulse.toml"
    file.write_text(settings["data"]["leadpulse.toml"], encoding="utf-8")
    return load(file, environ=environ)


@each_container
def test_the_settings_are_right(overlay: str, name: str, tmp_path: Path) -> None:
    settings = settings_of(overlay, name, tmp_path)
    assert settings.log.format == "json"
    assert settings.kafka.session_timeout.seconds == 30
    if name == "worker":
        assert settings.kafka.group_instance_id == "leadpulse-0"
        assert settings.web.advertised_url == f"http://leadpulse-0.leadpulse:{settings.web.port}"
        assert settings.web.api_token_file is not None
    assert settings.web.metrics_token_file is not None
    if overlay == "production":
        assert settings.kafka.security_protocol == "SASL_SSL"
        assert settings.kafka.replication_factor == 3


@each_container
def test_secrets_come_as_files_from_a_secret(overlay: str, name: str) -> None:
    workload, container = ours(overlay, name)
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    secrets = {volume["name"] for volume in pod_of(workload)["volumes"] if "secret" in volume}
    for entry in container["env"]:
        assert not re.search(r"(PASSWORD|TOKEN|KEY)$", entry["name"]), "a secret in a manifest"
        if entry["name"].endswith(("_FILE", "CAFILE")):
            assert mounts[str(Path(entry["value"]).parent)] in secrets
    assert not of_kind(overlay, "Secret")
    assert CERTIFICATE.is_file()


@each_overlay
def test_the_notifier_gets_of_the_secret_of_the_workers_the_token_for_metrics_only(overlay: str) -> None:
    volumes = pod_of(named(overlay, "Deployment", "leadpulse-notify"))["volumes"]
    (secret,) = (v["secret"] for v in volumes if v.get("secret", {}).get("secretName") == "leadpulse")
    assert [item["key"] for item in secret["items"]] == ["metrics-token"]


def test_the_guide_says_how_to_make_every_secret() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for _, container in containers("production"):
        for entry in container["env"]:
            if entry["name"].endswith(("_FILE", "CAFILE")):
                assert f"--from-file={Path(entry['value']).name}" in guide


@each_overlay
async def test_probes_ask_for_pages_that_the_worker_has(overlay: str) -> None:
    worker = FakeWorker()
    server = WebServer(worker, worker.scraper, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{await server.start()}"
    container = pod_of(named(overlay, "StatefulSet", "leadpulse"))["containers"][0]
    probes = [container[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]
    try:
        async with aiohttp.ClientSession() as client:
            for probe in probes:
                async with client.get(base + probe["httpGet"]["path"]) as answer:
                    assert answer.status == 200
    finally:
        await server.stop()
    assert [probe["httpGet"]["path"] for probe in probes] == ["/readyz", "/livez", "/readyz"]
    notifier = pod_of(named(overlay, "Deployment", "leadpulse-notify"))["containers"][0]
    assert [notifier[kind]["httpGet"]["path"] for kind in ("livenessProbe", "readinessProbe")] == ["/livez", "/readyz"]


@each_overlay
def test_times_and_memory_leave_room_for_what_was_measured(overlay: str) -> None:
    measured = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    found = re.search(r"start to ready with other bucket edges \| (\d+) s, at most (\d+) MB", measured)
    assert found
    seconds, megabytes = map(int, found.groups())
    pod = pod_of(named(overlay, "StatefulSet", "leadpulse"))
    container = pod["containers"][0]
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] > 2 * seconds
    assert int(container["resources"]["limits"]["memory"].removesuffix("Mi")) > 1.3 * megabytes
    assert pod["terminationGracePeriodSeconds"] > 2 * OPTIONS.stop_timeout


def chosen(overlay: str, selector: dict[str, str]) -> list[Manifest]:
    """Workloads whose pods have all of these labels."""
    return [w for w in workloads(overlay) if selector.items() <= w["spec"]["template"]["metadata"]["labels"].items()]


@each_overlay
def test_every_service_leads_to_a_port_of_one_workload(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        (workload,) = chosen(overlay, service["spec"]["selector"])
        names = {port["name"]: port["containerPort"] for c in pod_of(workload)["containers"] for port in c["ports"]}
        for port in service["spec"]["ports"]:
            assert names[port["targetPort"]] == port["port"]


@each_overlay
def test_what_chooses_pods_chooses_those_of_one_workload(overlay: str) -> None:
    for manifest in of_kind(overlay, "StatefulSet", "Deployment", "PodDisruptionBudget"):
        assert len(chosen(overlay, manifest["spec"]["selector"]["matchLabels"])) == 1
    for policy in of_kind(overlay, "NetworkPolicy"):
        assert len(chosen(overlay, policy["spec"]["podSelector"]["matchLabels"])) == 1
    for workload in of_kind(overlay, "StatefulSet"):
        assert named(overlay, "Service", workload["spec"]["serviceName"])["spec"]["clusterIP"] == "None"


def ports(rules: list[dict[str, Any]], protocol: str = "TCP") -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"] if port["protocol"] == protocol}


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2].partition("/")[0])


@each_overlay
def test_the_network_policies_open_the_ports_of_the_settings_and_no_others(overlay: str, tmp_path: Path) -> None:
    worker = named(overlay, "NetworkPolicy", "leadpulse-worker")["spec"]
    settings = settings_of(overlay, "worker", tmp_path)
    kafka = {port_of(broker) for broker in settings.kafka.brokers}
    assert ports(worker["ingress"]) == {settings.web.port}
    redis = port_of(settings.redis.url or "redis://redis:6379")  # open for the one that somebody may add
    assert ports(worker["egress"]) == {settings.web.port, 53, redis} | kafka
    notifier = named(overlay, "NetworkPolicy", "leadpulse-notify")["spec"]
    settings = settings_of(overlay, "notifier", tmp_path)
    assert ports(notifier["ingress"]) == {settings.notify.port}
    assert ports(notifier["egress"]) == {53, *map(port_of, settings.notify.alertmanager)} | kafka
    assert ports(worker["egress"], "UDP") == ports(notifier["egress"], "UDP") == {53}


@each_container
def test_containers_listen_where_the_settings_say(overlay: str, name: str, tmp_path: Path) -> None:
    _, container = ours(overlay, name)
    settings = settings_of(overlay, name, tmp_path)
    port = settings.web.port if name == "worker" else settings.notify.port
    assert container["ports"] == [{"name": "http", "containerPort": port}]


def test_the_jobs_of_prometheus_are_named_as_boards_and_rules_expect() -> None:
    jobs = {job["job_name"] for job in read_yaml("prometheus/prometheus.yml")["scrape_configs"]}
    services = of_kind("production", "Service")
    for monitor in of_kind("production", "ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"].items()
        (service,) = (service for service in services if selector <= service["metadata"]["labels"].items())
        assert service["metadata"]["name"] in jobs, "the job is named like the service"
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        assert endpoint["path"] == "/metrics"
        # The schema of the Prometheus Operator comes in no package: these are the fields that its API has.
        assert set(monitor["spec"]) == {"selector", "endpoints"}
        assert set(endpoint) <= {"port", "path", "interval", "authorization"}


def test_in_production_a_notifier_is_at_work_while_another_one_is_replaced() -> None:
    spec = named("production", "Deployment", "leadpulse-notify")["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"] == {"type": "RollingUpdate"}
    (spread,) = pod_of(named("production", "Deployment", "leadpulse-notify"))["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize(("kind", "name"), [("StatefulSet", "leadpulse"), ("Deployment", "leadpulse-notify")])
def test_prometheus_shows_the_token_that_workers_and_notifiers_ask_for(kind: str, name: str) -> None:
    pod = pod_of(named("production", kind, name))
    (volume,) = (v for v in pod["volumes"] if v["name"] == "secrets")
    environ = environment(pod["containers"][0], "leadpulse-0")
    authorization = named("production", "ServiceMonitor", name)["spec"]["endpoints"][0]["authorization"]
    assert authorization["credentials"] == {
        "name": volume["secret"]["secretName"],
        "key": Path(environ["LEADPULSE_WEB__METRICS_TOKEN_FILE"]).name,
    }


def test_manifests_made_of_dashboards_and_rules_are_fresh() -> None:
    for path, text in manifest_documents().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: stale, run `make generate`"


def test_every_dashboard_is_there_and_small_enough_to_be_applied() -> None:
    maps = [m for m in of_kind("production", "ConfigMap") if "grafana_dashboard" in m["metadata"].get("labels", {})]
    assert sorted(name for m in maps for name in m["data"]) == sorted(
        file.name for file in DEPLOY.glob("grafana/dashboards/*.json")
    )
    assert len(maps) > 1
    assert all(len(str(m)) < MAY_BE_APPLIED for m in maps)


def test_promtool_accepts_the_rules_in_the_manifest(tmp_path: Path) -> None:
    (rule,) = of_kind("production", "PrometheusRule")
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    done = promtool("check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"SUCCESS: [1-9]\d* rules? found", done.stdout)
