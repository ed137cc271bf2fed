import pytest

from engine import NETWORKS, PROJECT, Container, compose, docker, service, sysctl_options, wait_for, weir_options


@pytest.fixture(scope="session", autouse=True)
def network():
    """The compose network, once; each test leaves it as it was."""
    compose("up", "-d", "--no-build", timeout=300)
    yield
    compose("down", "--volumes", "--timeout", "1")


@pytest.fixture
def client():
    return service("client")


@pytest.fixture
def gateway():
    """The compose network's own, running and healthy."""
    found = service("gateway")
    wait_for(found.healthy, "the gateway is healthy")
    return found


@pytest.fixture
def container():
    """docker run -d, removed at the end."""
    made = []

    def start(*words):
        made.append(Container(docker("run", "-d", "--label", PROJECT, *words).stdout.strip()))
        return made[-1]

    yield start
    for one in reversed(made):
        one.remove()


@pytest.fixture
def host(container):
    """A network namespace that outlives weir, as a host's does, in the gateway's place; weir is started into it."""
    compose("rm", "-sf", "gateway")
    name = "weir-test-host"
    docker("create", "--name", name, "--label", PROJECT, "--cap-add", "NET_ADMIN", *sysctl_options(),
           "--network", f"{PROJECT}_internet", "--ip", NETWORKS["internet"], "weir-demo", "sleep", "infinity")
    try:
        for network in ("lan0", "lan1"):
            docker("network", "connect", "--ip", NETWORKS[network], f"{PROJECT}_{network}", name)
        docker("start", name)

        def start(image="weir", **options):
            weir = container("--network", f"container:{name}", *weir_options(**options), image)
            wait_for(lambda: " running: " in weir.logs(), "weir runs")
            return weir

        start.namespace = Container(name)
        yield start
    finally:
        docker("rm", "-f", name)
        compose("up", "-d", "--no-build", timeout=120)
