"""The compose network: flows of every kind, and the gateway's container under an operator's hands."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from engine import DOCKER, ROOT, compose, docker, inspect, service, wait_for, weir_options

NET_BIND_SERVICE, NET_ADMIN = 10, 12


def show(client):
    """The demonstration, which checks what it shows."""
    done = client.run("demo", check=False, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fetch(client, *words, check=True):
    return client.run("mptcpize", "run", "curl", "-sS", "--max-time", "4", *words, check=check)


def test_every_kind_of_flow(gateway, client):
    before = len(gateway.records())
    print("\n" + show(client))
    records = wait_for(lambda: len(found := gateway.records()[before:]) >= 4 and found, "the records of four flows")
    by_name = {record["domain"]: record for record in records}
    assert by_name["passed.example"]["disposition"] == "splice"
    assert by_name["opened.example"]["disposition"] == "decrypt" and by_name["opened.example"]["rule"] == "opened"
    assert by_name["blocked.example"]["disposition"] == "block" and by_name["blocked.example"]["rule"] == "blocked"
    assert by_name["plain.example"]["transport"] == "mptcp" and by_name["plain.example"]["subflows"] == 2
    clients = {path["client"].rsplit(":", 1)[0] for path in by_name["plain.example"]["paths"]}
    assert clients == {"10.77.1.10", "10.77.2.10"}
    assert "media.example" not in by_name  # it never came to weir


def test_decrypted_with_the_exported_authority_and_with_no_other(gateway, client):
    exported = gateway.run("weir", "ca", "export", check=False)
    exported = exported if exported.returncode == 0 else docker("exec", "-u", "weir", gateway.name, "weir", "ca", "export")
    assert exported.stdout == client.run("cat", "/demo/weir-ca.crt").stdout
    assert "200" in fetch(client, "-o", "/dev/null", "-w", "%{http_code}", "--cacert", "/demo/weir-ca.crt",
                          "https://opened.example/").stdout
    refused = fetch(client, "--cacert", "/demo/origin-ca.crt", "https://opened.example/", check=False)
    assert refused.returncode == 60  # curl: the certificate is not to be believed


def test_a_blocked_client_is_shown_the_page(client, gateway):
    page = fetch(client, "-H", "Accept: text/html", "http://blocked.example/").stdout
    assert "<html" in page and "blocked.example" in page


def test_the_process_has_what_it_needs_and_nothing_more(gateway):
    status = pathlib.Path(f"/proc/{gateway.pid()}/status").read_text()
    field = dict(re.findall(r"^(\w+):\s+(.*)$", status, re.MULTILINE))
    assert set(field["Uid"].split()) == {"570"} and set(field["Gid"].split()) == {"570"}
    assert int(field["CapEff"], 16) == int(field["CapPrm"], 16) == 1 << NET_ADMIN | 1 << NET_BIND_SERVICE
    assert int(field["CapInh"], 16) == int(field["CapAmb"], 16) == 0
    assert field["NoNewPrivs"] == "1" and field["Seccomp"] == "2"


def test_nothing_is_written(gateway):
    host = inspect(gateway.name)["HostConfig"]
    assert host["ReadonlyRootfs"] and not host["Privileged"]
    changed = set(docker("diff", gateway.name).stdout.split("\n")) - {"A /demo", ""}  # where a volume was put
    assert not changed
    assert not re.search(r" (warning|error) ", gateway.logs()), gateway.logs()


def test_a_killed_gateway_is_closed_and_comes_back(gateway, client):
    """With the container goes its network: nothing is forwarded, whatever on_failure says, until it is there again."""
    docker("kill", gateway.name)
    assert not gateway.state()["Running"]  # the restart policy does not take a kill by hand for a failure
    for url in ("http://plain.example/", "https://media.example/"):
        assert fetch(client, url, check=False).returncode != 0
    docker("start", gateway.name)
    wait_for(gateway.healthy, "the gateway is healthy")
    show(client)


def test_a_crashed_gateway_is_started_again_by_the_engine(gateway, client):
    before = gateway.pid()
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: gateway.pid() not in (0, before), "another process")
    wait_for(gateway.healthy, "the gateway is healthy")
    show(client)


def test_docker_stop_lets_flows_end(gateway, client):
    long = subprocess.Popen([DOCKER, "exec", client.name, "mptcpize", "run", "curl", "-sS", "-o", "/dev/null", "-w",
                             "%{size_download}", "http://plain.example/?mib=6&seconds=6"], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: "plain.example" in gateway.run("weir", "flows").stdout, "the flow is there")
    compose("stop", "gateway")  # by its stop_grace_period
    assert int(long.communicate(timeout=30)[0]) > 6 << 20
    assert gateway.state()["ExitCode"] == 0
    docker("start", gateway.name)
    wait_for(gateway.healthy, "the gateway is healthy")


@pytest.fixture
def next_version():
    """Another image, on the same volume."""
    done = subprocess.run([DOCKER, "build", "-q", "-t", "weir:next", "-"], input="FROM weir\nLABEL next=1\n", text=True,
                          capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "1"})
    assert done.returncode == 0, done.stderr
    yield "weir:next"
    docker("rmi", "-f", "weir:next")


def test_an_upgrade_keeps_the_authority(gateway, client, next_version):
    before = client.run("cat", "/demo/weir-ca.crt").stdout
    try:
        compose("up", "-d", "--no-build", image=next_version, timeout=120)
        upgraded = service("gateway")
        assert inspect(upgraded.name)["Config"]["Labels"]["next"] == "1"
        wait_for(upgraded.healthy, "the new gateway is healthy")
        show(service("client"))
        assert service("client").run("cat", "/demo/weir-ca.crt").stdout == before
    finally:
        compose("up", "-d", "--no-build", timeout=120)


def test_where_the_network_outlives_weir_on_failure_decides(host, client, tmp_path):
    """A host's network, a pod's: rules stay after a kill, and the next start takes them over."""
    weir = host()
    assert fetch(client, "http://plain.example/").returncode == 0
    docker("kill", weir.name)
    assert fetch(client, "http://plain.example/", check=False).returncode == 28  # curl: no answer in time
    assert fetch(client, "--cacert", "/demo/origin-ca.crt", "https://media.example/").returncode == 0  # bypassed
    weir.remove()

    opened = tmp_path / "weir.toml"
    opened.write_text((ROOT / "docker" / "weir.toml").read_text().replace("[gateway]", '[gateway]\non_failure = "open"'))
    weir = host(configuration=opened)
    assert fetch(client, "http://plain.example/").returncode == 0
    docker("kill", weir.name)
    assert '"mptcp"' in fetch(client, "http://plain.example/").stdout  # the origin is reached past weir
    weir.remove()

    weir = host()
    assert '"tcp"' in fetch(client, "http://plain.example/").stdout
    docker("stop", "-t", "35", weir.name)
    assert left_behind(host) == []


def left_behind(host):
    """Rules and routes that weir finds there once it has ended. Docker has a table of its own for names."""
    seen = docker("run", "--rm", "--network", f"container:{host.namespace.name}", *weir_options(), "weir", "net", "show")
    until_sysctls = seen.stdout.split("# sysctls")[0]
    return [line for line in until_sysctls.splitlines() if "in force" in line and "not in force" not in line]


def test_an_upgrade_leaves_no_stale_rules(host, client, next_version):
    old = host()
    docker("kill", old.name)
    new = host(next_version)
    now = new.run("weir", "net", "show").stdout
    missing = [line for line in now.splitlines() if "not in force" in line and not line.startswith("ip -6")]  # no IPv6 here
    assert "# table inet weir: in force\n" in now and missing == []
    show(client)
    docker("stop", "-t", "35", new.name)
    assert left_behind(host) == []
