"""The rows of decryption: each puts one kind of load over TLS through the gateway and returns its figures.

All but one use tls_load, which believes no certificate but the subject's own authority's: an answer means that the
subject has decrypted. wrk has no such check, so it is made before it. Nor does it count for new connections: it resumes
its sessions.
"""

import json
import subprocess

from certificates import NAME
from measure import cpu_of, private_kib
from network import ORIGIN
from proof import NotMeasured, carried_by
from rows import GRACE, wrk
from tls_subjects import FLOOR, LOAD

IDLE_FLOWS = 1000
# Runs a command that finds the origin's name in an /etc/hosts of its own.
_KNOWING_THE_NAME = ["unshare", "--mount", "sh", "-ec", 'mount -t tmpfs tmpfs /run; echo "$0" >/run/hosts; '
                     'mount --bind /run/hosts /etc/hosts; exec "$@"', f"{ORIGIN} {NAME}"]


def _first_lines(errors):
    return " ".join(errors.splitlines()[:2])


def _tls_load(network, subject, what, amount):
    """What tls_load prints; at its first error it prints nothing, and says why."""
    done = network.client.run([LOAD, what, ORIGIN, subject.authority, amount], check=False, stdin=subprocess.DEVNULL,
                              timeout=amount + 2 * GRACE)
    if done.returncode != 0:
        raise NotMeasured(f"{subject.name}: {_first_lines(done.stderr) or f'tls_load ended with {done.returncode}'}")
    return json.loads(done.stdout)


def _connections(network, subject, seconds, what):
    figures = {}
    with carried_by(subject, network), cpu_of(subject.pid, figures):
        seen = _tls_load(network, subject, what, seconds)
    figures |= {"rate": seen["count"] / seen["seconds"], "count": seen["count"], "leaves": seen["leaves"]}
    if figures.get("cpu"):
        figures |= {"cpu_ms": figures["cpu"] * 1000 / seen["count"], "per_core_s": seen["count"] / figures["cpu"]}
    return figures


def tls_connections(network, subject, seconds):
    """A new connection for each request, a full handshake each, for one name."""
    _tls_load(network, subject, "hold", 1)  # the name's leaf is made by now
    return _connections(network, subject, seconds, "connections")


def tls_names(network, subject, seconds):
    """A new connection for each request, each for a name never seen: a leaf has to be made for it."""
    figures = _connections(network, subject, seconds, "names")
    if figures["leaves"] != figures["count"]:
        raise NotMeasured(f"{subject.name} had {figures['leaves']} leaves for {figures['count']} names")
    return figures


def tls_keep_alive(network, subject, seconds):
    _tls_load(network, subject, "hold", 1)
    return wrk(network, subject, seconds, url=f"https://{NAME}/", wrap=_KNOWING_THE_NAME)


def tls_bulk(network, subject, seconds):
    figures = {}
    with carried_by(subject, network), cpu_of(subject.pid, figures):
        seen = _tls_load(network, subject, "bulk", seconds)
    figures |= {"mb_s": seen["bytes"] / 1e6 / seen["seconds"], "cipher": seen["cipher"], "protocol": seen["protocol"]}
    for cost, name in (("cpu", "cpu_per_gb"), ("machine_cpu", "machine_per_gb")):
        if cost in figures:
            figures[name] = figures[cost] / (seen["bytes"] / 1e9)
    return figures


def tls_idle_memory(network, subject, seconds):
    """The subject's own memory a flow, each decrypted for a request and its answer and then left idle."""
    del seconds
    if subject.pid is None:
        return {}
    _tls_load(network, subject, "hold", 1)  # what is made once is made
    with carried_by(subject, network):
        before = private_kib(subject.pid)
        client = network.client.start([LOAD, "hold", ORIGIN, subject.authority, IDLE_FLOWS], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        held = client.stdout.readline()
        after = private_kib(subject.pid)
        _, errors = client.communicate()
    if not held or json.loads(held)["held"] != IDLE_FLOWS:
        raise NotMeasured(f"{subject.name} did not relay {IDLE_FLOWS} flows at once: {_first_lines(errors)}")
    return {"kib_per_flow": (after - before) / IDLE_FLOWS}


def tls_floor(network, subject, seconds):
    """What OpenSSL alone takes: on loopback, and nothing passes the gateway."""
    origin = subject.certificate
    seen = json.loads(network.origin.output([FLOOR, origin.certificate, origin.key, subject.authority, seconds],
                                            timeout=8 * seconds + GRACE))
    return {"handshakes_ms": 1000 / seen.pop("handshakes_a_s"),
            "tcp_handshakes_ms": 1000 / seen.pop("tcp_handshakes_a_s"),
            "relay_mb_s": seen}


TLS_ROWS = {
    "tls-floor": tls_floor,
    "tls-connections": tls_connections,
    "tls-names": tls_names,
    "tls-keep-alive": tls_keep_alive,
    "tls-bulk": tls_bulk,
    "tls-idle-memory": tls_idle_memory,
}
TLS_COMPARED = dict.fromkeys(TLS_ROWS, ("tls-direct", "sslsplit", "squid", "weir-decrypt")) | {
    "tls-floor": ("bare",),
    # The others make one leaf for the origin's wildcard certificate, whatever the name.
    "tls-names": ("weir-decrypt",),
}
