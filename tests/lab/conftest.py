import os
import pathlib

import pytest

from network import Network
from peers import Server, echo, sink, source
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
