"""The lab's network: a client with several paths, the gateway, an origin; IPv4 and IPv6.

    client  c0 10.1.0.2 fd01:0::2 ── lan0 10.1.0.1 fd01:0::1 ┐
            c1 10.1.1.2 fd01:1::2 ── lan1 10.1.1.1 fd01:1::1 ┤ gateway  wan 10.9.0.1 fd09::1 ── eth0 10.9.0.2 fd09::2  origin
            …                                                ┘
"""

from namespace import Namespace

ORIGIN = "10.9.0.2"
ORIGIN6 = "fd09::2"
GATEWAY = "10.9.0.1"


def client_address(path=0):
    return f"10.1.{path}.2"


def client_address6(path=0):
    return f"fd01:{path}::2"


class Network:
    def __init__(self, paths=2):
        self.paths = paths
        self.client = Namespace("client")
        self.gateway = Namespace("gateway")
        self.origin = Namespace("origin")
        for path in range(paths):
            self._connect_path(path)
        self.client.run("ip route add default via 10.1.0.1")
        self.client.run("ip -6 route add default via fd01:0::1")
        self._veth(self.gateway, "wan", self.origin, "eth0")
        self._address(self.gateway, "wan", f"{GATEWAY}/24", "fd09::1/64")
        self._address(self.origin, "eth0", f"{ORIGIN}/24", f"{ORIGIN6}/64")
        self.origin.run(f"ip route add default via {GATEWAY}")
        self.origin.run("ip -6 route add default via fd09::1")
        self.client.run("ip mptcp limits set subflow 8 add_addr_accepted 8")

    def close(self):
        for namespace in (self.client, self.gateway, self.origin):
            namespace.close()

    @property
    def client_interfaces(self):
        return [f"lan{path}" for path in range(self.paths)]

    def add_subflow_endpoints(self, first=1, last=None):
        """The client will use these paths beside its first."""
        for path in range(first, last if last is not None else self.paths):
            self.client.run(f"ip mptcp endpoint add {client_address(path)} dev c{path} subflow")

    def forward(self):
        """The gateway as a plain router, for what must work without weir."""
        self.gateway.run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")

    def _connect_path(self, path):
        client, gateway = self.client, self.gateway
        self._veth(client, f"c{path}", gateway, f"lan{path}")
        self._address(client, f"c{path}", f"{client_address(path)}/24", f"{client_address6(path)}/64")
        self._address(gateway, f"lan{path}", f"10.1.{path}.1/24", f"fd01:{path}::1/64")
        # Each source address leaves by its own path.
        table = 100 + path
        client.run(f"ip rule add from {client_address(path)} table {table}")
        client.run(f"ip route add default via 10.1.{path}.1 table {table}")
        client.run(f"ip -6 rule add from {client_address6(path)} table {table}")
        client.run(f"ip -6 route add default via fd01:{path}::1 table {table}")

    @staticmethod
    def _veth(one, one_name, other, other_name):
        one.run(["ip", "link", "add", one_name, "type", "veth", "peer", "name", other_name, "netns",
                 other.path])
        for namespace, name in ((one, one_name), (other, other_name)):
            namespace.run(f"ip link set {name} up")

    @staticmethod
    def _address(namespace, name, address, address6):
        namespace.run(f"ip address add {address} dev {name}")
        namespace.run(f"ip -6 address add {address6} dev {name} nodad")
