"""What `ops/` says of metrics, settings and routes is true of the program."""

import json
import re
import shutil
from pathlib import Path

import pytest

from server.domain.queue_state import QueueDepth, QueueState
from server.settings import Settings
from server.web.gauges import Gauges
from server.web.health import health_routes
from server.web.metrics import CODES, Metrics
from server.web.probe import Probe
from tests.support.project import PROJECT
from tools import alerts

OPS = PROJECT / "ops"
ALERTS = (OPS / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
CASES = (OPS / "prometheus" / "alerts.test.yml").read_text(encoding="utf-8")
DASHBOARD = OPS / "grafana" / "stockbatch.json"
SETTINGS = {name.upper() for name in Settings.model_fields}
_NAME = re.compile(r"\b(?:stockbatch|process)_[a-z_]+")
_SELECTOR = re.compile(r"\b((?:stockbatch|process)_[a-z_]+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)\s*[=!]~?\s*"([^"]*)"')
_OF_THE_SCRAPE = {"job", "instance"}
_HISTOGRAM = ("_bucket", "_count", "_sum")


async def exposed() -> dict[str, set[str]]:
    """Return the labels of each name that a query can have."""

    async def state() -> QueueState:
        depth = QueueDepth(waiting=1, running=1, oldest_seconds=1)
        return QueueState(depth=depth, workers=1)

    metrics = Metrics()
    metrics.gauges = Gauges(
        connections=lambda: {"http": 1, "websocket": 1}, subscriptions=lambda: 1, queue=Probe(state)
    )
    await metrics.scrape()
    found: dict[str, set[str]] = {}
    for collector in [*metrics._registry._collector_to_names]:
        own = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            ends = {"histogram": _HISTOGRAM, "counter": ("_total",), "info": ("_info",)}
            for end in ends.get(family.type, ("",)):
                labels = own | {name for one in family.samples for name in one.labels}
                found[family.name + end] = labels | ({"le"} if end == "_bucket" else set())
    return found


def queries() -> dict[str, str]:
    """Return every text with queries, by its name."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = {
        f"the panel {panel['title']}": " ".join(one["expr"] for one in panel["targets"])
        for panel in dashboard["panels"]
    }
    return {"alerts.yml": ALERTS, "alerts.test.yml": CASES} | panels


@pytest.mark.parametrize("place", queries())
async def test_every_metric_and_label_in_ops_is_exposed(place: str) -> None:
    known = await exposed()
    text = queries()[place]

    assert {*_NAME.findall(text)} - known.keys() == set()
    for name, selector in _SELECTOR.findall(text):
        labels = {label for label, _ in _LABEL.findall(selector)}
        assert labels - known[name] - _OF_THE_SCRAPE == set(), name


@pytest.mark.parametrize("place", queries())
def test_every_code_in_ops_is_one_of_the_server_s(place: str) -> None:
    for name, selector in _SELECTOR.findall(queries()[place]):
        for label, values in _LABEL.findall(selector):
            if label == "reason" and name == "stockbatch_refusals_total":
                assert {*values.split("|")} <= CODES


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    names = re.findall(r"- alert: (\w+)", ALERTS)
    fires = re.findall(r"alertname: (\w+)\n +exp_alerts:\n", CASES)
    is_quiet = re.findall(r"alertname: (\w+)\n +exp_alerts: \[\]", CASES)

    assert len(names) >= 10
    assert fires == is_quiet == names


@pytest.mark.parametrize("wrong", [False, True])
def test_promtool_finds_the_rules_right_and_a_wrong_one_wrong(
    wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("this needs promtool, which is no Python package; .ci/run installs it")
    rules = ALERTS.replace("> 300", "> 3000") if wrong else ALERTS
    (tmp_path / "alerts.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "alerts.test.yml").write_text(CASES, encoding="utf-8")
    monkeypatch.setattr(alerts, "FOLDER", tmp_path)

    assert alerts.check(promtool) == int(wrong)


def test_the_check_says_so_when_it_cannot_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert alerts.check(None) == 0
    assert "were not checked" in capsys.readouterr().out


def test_the_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(cells) == len({*cells})
    assert {x for x, _ in cells} == {*range(24)}


def test_the_settings_in_ops_are_settings() -> None:
    kubernetes = (OPS / "kubernetes" / "stockbatch.yaml").read_text(encoding="utf-8")
    systemd = "".join(path.read_text(encoding="utf-8") for path in OPS.glob("systemd/*.service"))
    named = {
        *re.findall(r"- name: ([A-Z_]+)$", kubernetes, re.MULTILINE),
        *re.findall(r"^  ([A-Z_]+): ", kubernetes, re.MULTILINE),
        *re.findall(r"^Environment=([A-Z_]+)=", systemd, re.MULTILINE),
    }

    listens = {"HOST", "WORKER_LISTEN_HOST", "WORKER_HTTP_PORT"}
    metrics = {"METRICS_LISTEN_HOST", "METRICS_HTTP_PORT"}
    assert (
        named
        == {"API_KEYS_FILE", "LOG_FORMAT", "WORKER_ENABLED", "SERVER_MODE"} | listens | metrics
    )
    assert named <= SETTINGS


def test_the_probes_ask_routes_that_there_are() -> None:
    async def ready() -> None:
        return None

    kubernetes = (OPS / "kubernetes" / "stockbatch.yaml").read_text(encoding="utf-8")
    asked = {*re.findall(r"path: (\S+),", kubernetes)}

    assert asked == {"/healthz", "/readyz"}
    assert asked == {route.path for route in health_routes(Metrics(), ready)}


def test_what_runs_for_others_runs_in_production_and_lets_prometheus_read() -> None:
    kubernetes = (OPS / "kubernetes" / "stockbatch.yaml").read_text(encoding="utf-8")
    units = [path.read_text(encoding="utf-8") for path in OPS.glob("systemd/*.service")]

    assert "  SERVER_MODE: production\n" in kubernetes
    assert len(units) == 2
    assert all("Environment=SERVER_MODE=production\n" in unit for unit in units)
    scraped = {*re.findall(r'prometheus.io/port: "(\d+)"', kubernetes)}
    served = {*re.findall(r'_HTTP_PORT\n +value: "(\d+)"', kubernetes)}
    let_in = {*re.findall(r"- \{ port: (\d+) \}", kubernetes)}
    assert scraped == served == let_in == {"9464"}
