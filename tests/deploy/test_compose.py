"""The compose file, as far as it can be tried without a container engine."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from compose_spec import PyCompose

from streams.cli.main import COMMANDS, run
from streams.services.jars import pinned_jars
from streams.settings import load
from streams.settings.sections import Settings
from tests.deploy.files import DEPLOY, ROOT, compose, promtool, read_yaml, services, setting_variables

SETTINGS_FILE = "/etc/leadpulse/leadpulse.toml"
OURS = [name for name, service in services().items() if service["image"].startswith("leadpulse:")]


def test_it_is_a_compose_file() -> None:
    assert PyCompose.from_json(json.dumps(compose())).service_names() == list(services())


@pytest.mark.parametrize("fault", [{"comand": []}, {"restart": "sometimes"}, {"ports": ["a:b"]}])
def test_the_check_of_compose_files_finds_faults(fault: dict[str, Any]) -> None:
    faulty = {"services": {"x": {"image": "x"} | fault}}
    with pytest.raises(ValueError, match=r"comand|sometimes|parsing port"):
        PyCompose.from_json(json.dumps(faulty))


@pytest.mark.parametrize("name", services())
def test_every_image_has_a_version_that_stays(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-[a-z]+)?", services()[name]["image"])


def test_kafka_is_the_version_that_the_tests_ran_on() -> None:
    assert services()["kafka"]["image"] == f"apache/kafka:{pinned_jars()[0].version}"


@pytest.mark.parametrize("name", services())
def test_only_this_machine_can_connect(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in services()[name].get("ports", ()))


def mounted(service: dict[str, Any]) -> list[tuple[Path, str]]:
    """File or folder of the repository, and where the container has it."""
    volumes = (volume.split(":") for volume in service.get("volumes", ()))
    return [((DEPLOY / source).resolve(), target) for source, target, *_ in volumes if source.startswith(".")]


@pytest.mark.parametrize("name", services())
def test_what_is_mounted_is_there_and_cannot_be_written(name: str) -> None:
    service = services()[name]
    for volume in service.get("volumes", ()):
        source, _, *mode = volume.split(":")
        if source.startswith("."):
            assert (DEPLOY / source).exists()
            assert mode == ["ro"]
        else:
            assert source in compose()["volumes"]


@pytest.mark.parametrize("name", services())
def test_who_is_waited_for_can_be_waited_for(name: str) -> None:
    for other, how in services()[name].get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "test" in services()[other]["healthcheck"]


def test_leadpulse_is_built_here() -> None:
    assert OURS == ["worker-1", "worker-2", "notifier", "simulator"]
    for name in OURS:
        assert (DEPLOY / services()[name]["build"]["context"] / "Dockerfile").resolve() == ROOT / "Dockerfile"


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_leadpulse_can_do_nothing_but_its_work(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_every_command_and_option_exists(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = services()[name]["command"]
    assert command[0] in COMMANDS
    assert run([*command, "--help"]) == 0
    assert f"leadpulse {command[0]}" in capsys.readouterr().out


def settings_of(name: str) -> Settings:
    environ = dict(services()[name]["environment"])
    files = {target: source for source, target in mounted(services()[name])}
    file = files[environ.pop("LEADPULSE_CONFIG")]
    assert set(environ) <= setting_variables()
    return load(file, environ=environ)


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_right_and_lead_to_the_other_containers(name: str) -> None:
    settings = settings_of(name)
    assert settings.kafka.brokers == ("kafka:19092",)
    assert "INSIDE://kafka:19092" in services()["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert services()[name]["depends_on"]["kafka"] == {"condition": "service_healthy"}


def test_workers_have_names_of_their_own_and_reach_each_other() -> None:
    workers = [name for name in OURS if services()[name]["command"] == ["worker"]]
    assert len(workers) == 2
    for name in workers:
        settings = settings_of(name)
        assert settings.kafka.group_instance_id == services()[name]["hostname"] == name
        assert settings.web.advertised_url == f"http://{name}:{settings.web.port}"
        assert settings.web.host == "0.0.0.0"  # noqa: S104  # inside the container


def test_redis_and_alertmanager_are_where_the_settings_say() -> None:
    (alertmanager,) = settings_of("notifier").notify.alertmanager
    for url in (settings_of("worker-1").redis.url, alertmanager):
        assert urlsplit(url).hostname in services()


def test_prometheus_scrapes_what_is_there() -> None:
    jobs = {job["job_name"]: job for job in read_yaml("prometheus/prometheus.yml")["scrape_configs"]}
    targets = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    port = settings_of("worker-1").web.port
    assert targets["leadpulse"] == [f"worker-1:{port}", f"worker-2:{port}"]
    assert targets["leadpulse-notify"] == [f"notifier:{settings_of('notifier').notify.port}"]
    assert targets["alertmanager"] == ["alertmanager:9093"]


def test_promtool_accepts_the_configuration_and_its_rules(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    done = promtool("check", "config", str(tmp_path / "prometheus" / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"SUCCESS: [1-9]\d* rules? found", done.stdout), "there are rules, and Prometheus finds them"


def test_grafana_is_provisioned_with_what_is_there() -> None:
    grafana = services()["grafana"]
    (provider,) = read_yaml("grafana/provisioning/dashboards/dashboards.yaml")["providers"]
    places = {target: source for source, target in mounted(grafana)}
    assert list(places[provider["options"]["path"]].glob("*.json"))
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (places[str(home.parent)] / home.name).is_file()
    sources = read_yaml("grafana/provisioning/datasources/datasources.yaml")["datasources"]
    assert [urlsplit(source["url"]).hostname for source in sources] == ["prometheus", "alertmanager"]
    interval = read_yaml("prometheus/prometheus.yml")["global"]["scrape_interval"]
    assert sources[0]["jsonData"]["timeInterval"] == interval


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_configuration_files_are_where_the_command_looks(name: str) -> None:
    service = services()[name]
    (option,) = (part for part in service["command"] if part.startswith("--config.file="))
    file = Path(option.partition("=")[2])
    places = {target: source for source, target in mounted(service)}
    assert (places[str(file.parent)] / file.name).is_file()


def test_the_notifier_is_asked_for_its_health_where_it_listens() -> None:
    settings = settings_of("notifier").notify
    assert settings.host == "0.0.0.0"  # noqa: S104  # inside the container
    assert f"http://127.0.0.1:{settings.port}/livez" in services()["notifier"]["healthcheck"]["test"][-1]
