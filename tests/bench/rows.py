"""The rows of the benchmark: each puts one kind of load through the gateway and returns its figures."""

import contextlib
import json
import pathlib
import re
import subprocess
import sys
import time

from measure import cpu_of, private_kib
from network import ORIGIN
from proof import NotMeasured, carried_by

MESSAGES = [sys.executable, pathlib.Path(__file__).with_name("messages.py")]
GRACE = 30  # seconds a load may take beyond its own time
IDLE_FLOWS = 5000
MANY, MANY_RATE = 64, 2000


def _await_listener(namespace, port):
    end = time.monotonic() + GRACE
    while not namespace.output(["ss", "-Hltn", "sport", "=", str(port)]):
        if time.monotonic() > end:
            raise NotMeasured(f"nothing listens on port {port} of the {namespace.name}")
        time.sleep(0.01)


def _iperf(network, subject, seconds, mptcp, options=()):
    """One stream of iperf3's; where the kernel forwards, MPTCP is the origin's business too."""
    wrap = ["mptcpize", "run"] if mptcp else []
    server = network.origin.start([*(wrap if subject.pid is None else []), "iperf3", "-s", "-1", "-p", "5201"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _await_listener(network.origin, 5201)
    figures = {}
    with carried_by(subject, network, paths=2 if mptcp else 1), cpu_of(subject.pid, figures):
        report = json.loads(network.client.output(
            [*wrap, "iperf3", "-c", ORIGIN, "-p", "5201", "-t", seconds, "-J", *options], timeout=seconds + GRACE))
    server.wait(GRACE)
    if "sum_received" not in report["end"]:
        raise NotMeasured(f"{subject.name}: iperf3: {report.get('error', 'no figures')}")
    received = report["end"]["sum_received"]
    figures["gbit"] = received["bits_per_second"] / 1e9
    for cost, name in (("cpu", "cpu_per_gb"), ("machine_cpu", "machine_per_gb")):
        if cost in figures:
            figures[name] = figures[cost] / (received["bytes"] / 1e9)
    return figures


def bulk_tcp(network, subject, seconds):
    return _iperf(network, subject, seconds, mptcp=False)


def bulk_mptcp(network, subject, seconds):
    return _iperf(network, subject, seconds, mptcp=True)


def wrk(network, subject, seconds, *options, url=f"http://{ORIGIN}/", wrap=()):
    """Requests on 64 connections at once; `wrap` is a command that runs wrk."""
    figures = {}
    with carried_by(subject, network), cpu_of(subject.pid, figures):
        text = network.client.output([*wrap, "wrk", "-t", "2", "-c", "64", "-d", f"{seconds}s", *options, url],
                                     timeout=seconds + GRACE)
    if errors := re.search(r"Socket errors: .*|Non-2xx.*", text):
        raise NotMeasured(f"{subject.name}: {errors.group()}")
    figures["rate"] = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    if "cpu" in figures:
        figures["cpu_ms"] = figures["cpu"] * 1000 / (figures["rate"] * seconds)
    return figures


def new_connections(network, subject, seconds):
    return wrk(network, subject, seconds, "-H", "Connection: close")


def keep_alive(network, subject, seconds):
    return wrk(network, subject, seconds)


@contextlib.contextmanager
def _answering_origin(network):
    server = network.origin.start([*MESSAGES, "answer", 7000], stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()
        yield
    finally:
        server.kill()
        server.wait()


def idle_memory(network, subject, seconds):
    """The process's own memory a flow, each relayed a message there and back and then left idle."""
    del seconds
    if subject.pid is None:
        return {}
    with _answering_origin(network), carried_by(subject, network):
        before = private_kib(subject.pid)
        client = network.client.start([*MESSAGES, "hold", ORIGIN, 7000, IDLE_FLOWS], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        held = client.stdout.readline()
        after = private_kib(subject.pid)
        client.communicate()
    if held.strip() != str(IDLE_FLOWS):
        raise NotMeasured(f"{subject.name} did not relay {IDLE_FLOWS} flows at once")
    return {"kib_per_flow": (after - before) / IDLE_FLOWS}


def latency(network, subject, seconds):
    """64 bytes there and back: one after another on one connection; and 2,000 a second on 64 connections."""
    figures = {}
    with _answering_origin(network), carried_by(subject, network):
        for name, words in (("one", ["ask"]), ("many", ["ask-many"])):
            load = [MANY, MANY_RATE] if name == "many" else []
            times = json.loads(network.client.output([*MESSAGES, *words, ORIGIN, 7000, seconds, *load],
                                                     timeout=seconds + GRACE))
            figures |= {f"{name}_p50_us": times["p50_us"], f"{name}_p99_us": times["p99_us"]}
    return figures


@contextlib.contextmanager
def _limited_paths(network, rate):
    ends = [(network.client, f"c{path}") for path in range(network.paths)]
    ends += [(network.gateway, f"lan{path}") for path in range(network.paths)]
    try:
        for namespace, device in ends:
            namespace.run(f"tc qdisc replace dev {device} root tbf rate {rate} burst 64kb latency 50ms")
        yield
    finally:
        for namespace, device in ends:
            namespace.run(f"tc qdisc del dev {device} root", check=False)


def two_paths(network, subject, seconds):
    """Both client paths at 100 Mbit/s: what a client with MPTCP downloads over one without."""
    download = ["-R", "-O", "1"]
    with _limited_paths(network, "100mbit"):
        plain, mptcp = [_iperf(network, subject, seconds, mptcp=mptcp, options=download)["gbit"] * 1000
                        for mptcp in (False, True)]
    return {"plain_mbit": plain, "mptcp_mbit": mptcp, "gain": mptcp / plain}


def policy(network, subject, seconds):
    """What lists of a large network cost: in memory, in loading, in deciding, and every new connection."""
    return new_connections(network, subject, seconds) | getattr(subject, "decisions", {})


def bypass_bulk(network, subject, seconds):
    return bulk_tcp(network, subject, seconds)


def bypass_connections(network, subject, seconds):
    figures = new_connections(network, subject, seconds)
    if hasattr(subject, "reload_seconds"):
        figures["reload_s"] = subject.reload_seconds()
    return figures


ROWS = {
    "bulk-tcp": bulk_tcp,
    "bulk-mptcp": bulk_mptcp,
    "new-connections": new_connections,
    "keep-alive": keep_alive,
    "idle-memory": idle_memory,
    "latency": latency,
    "two-paths": two_paths,
    "policy": policy,
    "bypass-bulk": bypass_bulk,
    "bypass-connections": bypass_connections,
}
# Who is compared in a row.
COMPARED = dict.fromkeys(ROWS, ("forwarding", "haproxy", "weir")) | {
    "policy": ("weir", "weir-policy"),
    "bypass-bulk": ("forwarding", "weir-bypass"),
    "bypass-connections": ("forwarding", "weir-bypass"),
}
MPTCP_ROWS = {"bulk-mptcp", "two-paths"}
