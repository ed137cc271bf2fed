import contextlib
import functools
import os
import pathlib
import subprocess

import pytest

import certificates as origins_certificates
from http_lab import HttpLab, inspects
from network import Network
from peers import Server, echo, sink, source
from tls_peers import TlsLab
from weir import PROGRAM, Weir


def pytest_collection_modifyitems(items):
    reason = None
    if os.geteuid() != 0:
        reason = "the lab needs root: it makes network namespaces"
    elif not pathlib.Path(PROGRAM).exists():
        reason = f"{PROGRAM} is not built: cmake --preset release && cmake --build --preset release"
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def make_network():
    made = []

    def make(**options):
        made.append(Network(**options))
        return made[-1]

    yield make
    for network in made:
        network.close()


@pytest.fixture
def network(make_network):
    return make_network()


@pytest.fixture
def make_weir(tmp_path):
    made = []

    def make(network, **options):
        made.append(Weir(network, tmp_path, **options))
        return made[-1]

    yield make
    for weir in made:
        weir.close()


@pytest.fixture
def weir(network, make_weir):
    """weir as most tests want it: running, every path a client interface."""
    return make_weir(network).start()


@pytest.fixture
def serve():
    servers = []

    def start(namespace, port, handler, **options):
        servers.append(Server(namespace, port, handler, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def origin(network, serve):
    """The usual origin: a source on port 80, a sink on 443, an echo on 5001."""
    return {port: serve(network.origin, port, handler) for port, handler in ((80, source), (443, sink), (5001, echo))}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Origins' certificates by their kind, as files."""
    return origins_certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Options of [tls] for a CA that `weir ca init` made."""
    folder = tmp_path_factory.mktemp("ca")
    files = {"ca_certificate": str(folder / "ca.crt"), "ca_key": str(folder / "ca.key")}
    subprocess.run([PROGRAM, "ca", "init", "--certificate", files["ca_certificate"], "--key", files["ca_key"]],
                   check=True, capture_output=True)
    return files


@contextlib.contextmanager
def tls_lab(folder, authority, certificates, made, gateway=None, **sections):
    network = Network()
    trust = certificates["ecdsa"].chain.parent / "trusted.pem"
    weir = Weir(network, folder, gateway={"intercept_ports": [80, 443, 8443], "workers": 2} | (gateway or {}),
                tls={"decrypt": True, "upstream_trust": str(trust), **authority},
                log={"events": str(folder / "events")} | sections.pop("log", {}), **sections)
    lab = made(network, weir, authority["ca_certificate"], certificates)
    weir.start()
    yield lab
    lab.close()
    ended = weir.stop()
    network.close()
    assert ended == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory, authority, certificates):
    """One weir that decrypts, for all tests of a file: see TlsLab."""
    with tls_lab(tmp_path_factory.mktemp("weir"), authority, certificates, TlsLab) as lab:
        yield lab


@pytest.fixture(scope="module")
def web(request, tmp_path_factory, authority, certificates):
    """The same, which keeps a record of every request: see HttpLab. A file may have its SECTIONS of weir.toml."""
    folder = tmp_path_factory.mktemp("weir")
    requests = folder / "requests"
    sections = getattr(request.module, "SECTIONS", {}) | {"log": {"requests": str(requests)}} if inspects() else {}
    made = functools.partial(HttpLab, requests=requests)
    with tls_lab(folder, authority, certificates, made, **sections) as web:
        yield web
