"""The rows of the benchmark: each puts one kind of load through the gateway and returns its figures."""

import json
import re
import socket
import statistics
import struct
import subprocess
import threading
import time

from measure import cpu_of, private_kib
from network import ORIGIN
from peers import Server, connect, echo, receive_exactly

LATENCY_ROUNDS = 20_000


def _iperf(network, subject, seconds, mptcp):
    wrap = ["mptcpize", "run"] if mptcp else []
    server = network.origin.start([*(wrap if subject.pid is None else []), "iperf3", "-s", "-1", "-p", "5201"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not network.origin.output(["ss", "-Hltn", "sport", "=", "5201"]):
        time.sleep(0.01)
    figures = {}
    joined = network.gateway.counter("MPTcpExtMPJoinAckRx")
    with cpu_of(subject.pid, figures):
        report = json.loads(network.client.output(
            [*wrap, "iperf3", "-c", ORIGIN, "-p", "5201", "-t", seconds, "-J"], timeout=seconds + 30))
    server.wait(20)
    received = report["end"]["sum_received"]
    figures["gbit"] = received["bits_per_second"] / 1e9
    figures["cpu_per_gb"] = figures["cpu"] / (received["bytes"] / 1e9)
    figures["machine_per_gb"] = figures["machine_cpu"] / (received["bytes"] / 1e9)
    if mptcp and subject.pid is not None:
        assert network.gateway.counter("MPTcpExtMPJoinAckRx") > joined, "the second subflow did not join"
    return figures


def bulk_tcp(network, subject, seconds):
    return _iperf(network, subject, seconds, mptcp=False)


def bulk_mptcp(network, subject, seconds):
    return _iperf(network, subject, seconds, mptcp=True)


def _wrk(network, subject, seconds, *options):
    figures = {}
    with cpu_of(subject.pid, figures):
        text = network.client.output(["wrk", "-t", "2", "-c", "64", "-d", f"{seconds}s", *options,
                                      f"http://{ORIGIN}/"], timeout=seconds + 30)
    figures["rate"] = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    figures["cpu_per_1000"] = figures["cpu"] * 1000 / (figures["rate"] * seconds)
    errors = re.search(r"Socket errors: (.*)", text)
    figures["errors"] = errors.group(1) if errors else ""
    return figures


def new_connections(network, subject, seconds):
    return _wrk(network, subject, seconds, "-H", "Connection: close")


def keep_alive(network, subject, seconds):
    return _wrk(network, subject, seconds)


def idle_memory(network, subject, seconds, flows=5000):
    """The process's own memory a flow, each relayed one byte both ways and then left idle."""
    del seconds
    if subject.pid is None:
        return {}
    held = []

    def hold(sock):
        sock.sendall(receive_exactly(sock, 1))
        held.append(sock.dup())

    threading.stack_size(256 * 1024)
    server = Server(network.origin, 7000, hold)
    before = private_kib(subject.pid)
    clients = []
    for _ in range(flows):
        sock = connect(network.client, (ORIGIN, 7000))
        sock.sendall(b"x")
        receive_exactly(sock, 1)
        clients.append(sock)
    after = private_kib(subject.pid)
    for sock in clients + held:
        sock.close()
    server.close()
    return {"kib_per_flow": (after - before) / flows}


def latency(network, subject, seconds):
    """A message of 64 bytes there and back, on one connection."""
    del seconds, subject
    server = Server(network.origin, 7000, echo)
    message = b"m" * 64
    times = []
    with connect(network.client, (ORIGIN, 7000)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(LATENCY_ROUNDS):
            begin = time.perf_counter_ns()
            sock.sendall(message)
            receive_exactly(sock, len(message))
            times.append(time.perf_counter_ns() - begin)
    server.close()
    cuts = statistics.quantiles(times, n=100)
    return {"p50_us": cuts[49] / 1000, "p99_us": cuts[98] / 1000}


def two_paths(network, subject, seconds):
    """Both client paths at 100 Mbit/s: what a client with MPTCP gets over one without."""
    if subject.pid is None:
        return {}
    limit = "tbf rate 100mbit burst 64kb latency 50ms"
    ends = [(network.client, f"c{path}") for path in range(2)] + [(network.gateway, f"lan{path}") for path in range(2)]
    for namespace, device in ends:
        namespace.run(f"tc qdisc replace dev {device} root {limit}")
    size = int(100e6 / 8 * seconds)
    rates = {}

    def send(sock):
        (wanted,) = struct.unpack("!Q", receive_exactly(sock, 8))
        sock.sendall(bytes(wanted))

    server = Server(network.origin, 7000, send)
    for name, mptcp in (("plain", False), ("mptcp", True)):
        with connect(network.client, (ORIGIN, 7000), mptcp=mptcp, timeout=120) as sock:
            begin = time.perf_counter()
            sock.sendall(struct.pack("!Q", size))
            left = size
            while left:
                left -= len(sock.recv(1 << 20))
            rates[name] = size * 8 / (time.perf_counter() - begin) / 1e6
    server.close()
    for namespace, device in ends:
        namespace.run(f"tc qdisc del dev {device} root")
    return {"plain_mbit": rates["plain"], "mptcp_mbit": rates["mptcp"], "gain": rates["mptcp"] / rates["plain"]}


ROWS = {
    "bulk-tcp": bulk_tcp,
    "bulk-mptcp": bulk_mptcp,
    "new-connections": new_connections,
    "keep-alive": keep_alive,
    "idle-memory": idle_memory,
    "latency": latency,
    "two-paths": two_paths,
}
MPTCP_ROWS = {"bulk-mptcp", "two-paths"}
