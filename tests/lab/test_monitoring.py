"""What is made for Prometheus and Grafana, against the metrics that a running weir has."""

import json
import re
import subprocess

import pytest
import yaml

from network import ORIGIN
from peers import download
from weir import ROOT

ALERTS = ROOT / "docker" / "prometheus-alerts.yaml"
ALERTS_TEST = ROOT / "tests" / "lab" / "alerts_test.yaml"
DASHBOARD = ROOT / "docker" / "grafana-dashboard.json"


def promtool(*words, text=None):
    return subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True, text=True, timeout=60)


def alerts():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions():
    """(where, PromQL) of everything that is asked."""
    dashboard = json.loads(DASHBOARD.read_text())
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    yield from ((panel["title"], target["expr"]) for panel in panels() for target in panel["targets"])
    yield from ((note["name"], note["expr"]) for note in dashboard["annotations"]["list"])
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            asked = re.fullmatch(r"label_values\((.*), \w+\)", variable["definition"])
            yield variable["name"], asked[1]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory, authority):
    """The text of /metrics, of a weir that has everything: decryption, a rule, a bypass, a flow that ended."""
    from network import Network
    from peers import Server, source
    from weir import Weir

    network = Network()
    weir = Weir(network, tmp_path_factory.mktemp("weir"), tls={"decrypt": True, **authority}, extra="""
[[bypass]]
name = "media"
destinations = ["198.51.100.0/24"]

[[rule]]
name = "lab"
when = { destinations = ["10.9.0.0/24"] }
""")
    try:
        server = Server(network.origin, 80, source)
        weir.start()
        weir.record(client_port=download(network.client, (ORIGIN, 80), 10))
        yield weir.http("GET", "/metrics")[2]
        server.close()
        assert weir.stop() == 0
    finally:
        weir.close()
        network.close()


def test_alerts_are_rules_and_do_what_they_say():
    for words in (("check", "rules", ALERTS), ("test", "rules", ALERTS_TEST)):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_says_what_to_do():
    tested = ALERTS_TEST.read_text()
    for rule in alerts():
        assert re.search(rf"\b{rule['alert']}\b", tested), rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"] and len(rule["annotations"]["description"]) > 60
        # What looks back over a time needs none to be sure; what looks at one moment does.
        assert "for" in rule or re.search(r"\[\d+[mh]\]|ca_expiry", rule["expr"]), rule["alert"]


def test_metrics_are_as_prometheus_wants_them(metrics):
    told = promtool("check", "metrics", text=metrics)
    # The kernel's counters keep the kernel's names.
    complaints = [line for line in told.stderr.splitlines()
                  if not re.fullmatch(r"weir_kernel_mptcp_\w+ metric names should be .* not 'camelCase'", line)]
    assert not complaints and told.returncode in (0, 3)


def test_what_is_asked_for_exists(metrics):
    families = set(re.findall(r"^# TYPE (\w+) ", metrics, re.M))
    labels = {}
    for name, pairs in re.findall(r"^(\w+)\{(.*)\} ", metrics, re.M):
        for label, value in re.findall(r'(\w+)="([^"]*)"', pairs):
            labels.setdefault((name, label), set()).add(value)
    missing = []
    for where, expression in expressions():
        missing += [(where, name) for name in re.findall(r"\bweir_\w+", expression) if name not in families]
        for name, matchers in re.findall(r"\b(weir_\w+)\{([^}]*)\}", expression):
            for label, value in re.findall(r'(\w+)[=!]~?"([^"]*)"', matchers):
                if label not in ("job", "instance"):  # Prometheus' own
                    known = labels.get((name, label), set())
                    missing += [(where, name, label, word) for word in value.split("|") if word not in known]
    assert not missing


def test_the_dashboard_can_be_drawn(tmp_path):
    dashboard = json.loads(DASHBOARD.read_text())
    everything = dashboard["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken = set()
    for panel in everything:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["description"], panel["title"]
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        for target in panel["targets"]:
            # Each metric asked for is of the gateways chosen.
            asked = re.findall(r"\bweir_\w+(\{[^}]*\})?", target["expr"])
            assert all('job=~"$job",instance=~"$instance"' in matchers for matchers in asked), panel["title"]

    # Every query is PromQL, as a rule's expression would have to be.
    filled = [re.sub(r"\$__(rate_interval|range)", "5m", expression) for _, expression in expressions()]
    rules = tmp_path / "rules.yaml"
    rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [
        {"record": f"dashboard:{number}", "expr": expression} for number, expression in enumerate(filled)]}]}))
    checked = promtool("check", "rules", rules)
    assert checked.returncode == 0, checked.stderr
