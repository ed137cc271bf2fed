"""What is compared: plain kernel forwarding, HAProxy, weir; each started and stopped on the same network."""

import json
import os
import pathlib
import subprocess
import time

from namespace import die_with_parent
from network import GATEWAY, ORIGIN
from weir import PROGRAM, Weir

PORTS = [80, 5201, 7000]
START_LIMIT = STOP_LIMIT = 20  # seconds
# What the policy of a large network may hold.
NAMES, PREFIXES, RULES = 1_000_000, 100_000, 200
DECISIONS = pathlib.Path(PROGRAM).parents[2] / "tests" / "bench" / "decisions"


class Forwarding:
    """The gateway as a router. Early demultiplexing is off, as the kernel's documents advise for routers; with it a
    packet that matches a proxy's socket in TIME-WAIT is taken for that socket's, and ip_forward() drops it."""

    name = "forwarding"
    pid = None

    def __init__(self, network, folder, mptcp):
        del folder, mptcp
        self.network = network

    def start(self):
        self.network.forward()
        self.network.gateway.run("sysctl -qw net.ipv4.ip_early_demux=0")

    def stop(self):
        self.network.gateway.run("sysctl -qw net.ipv4.ip_early_demux=1")


class Proxy:
    """A program that listens in the gateway's namespace."""

    ports = PORTS
    address = GATEWAY  # that clients connect to

    def __init__(self, network, folder, mptcp):
        del mptcp
        self.network, self.folder = network, folder
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def command(self):
        """What runs until it is killed, in the gateway's namespace."""
        raise NotImplementedError

    def complaint(self):
        """What it says about a start that failed."""
        raise NotImplementedError

    def lead_clients(self):
        """Whatever brings clients' connections here."""

    def release_clients(self):
        """Takes that away; where the start failed, some of it is not there."""

    def start(self):
        if self._listens():
            raise RuntimeError(f"another proxy would take the load of {self.name}")
        self.lead_clients()
        self.process = subprocess.Popen(self.network.gateway.command(self.command()), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        end = time.monotonic() + START_LIMIT
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not start: {self.complaint()}")
            time.sleep(0.02)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.release_clients()
        end = time.monotonic() + STOP_LIMIT
        while self._listens():  # what it started ends with it, but a little later; it would take the next one's load
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not stop")
            time.sleep(0.02)

    def _listens(self):
        return bool(self.network.gateway.output(["ss", "-Hltn", "sport", "=", str(self.ports[-1])]))


class TransparentProxy(Proxy):
    """A proxy that TPROXY gives the clients' connections to, as they came."""

    address = ORIGIN

    def lead_clients(self):
        gateway = self.network.gateway
        self.network.forward()
        gateway.run(["nft", self._ruleset()])
        gateway.run("ip rule add fwmark 1 lookup 100")
        gateway.run("ip route add local default dev lo table 100")

    def release_clients(self):
        for command in ("nft delete table inet proxy", "ip rule del fwmark 1 lookup 100",
                        "ip route del local default dev lo table 100"):
            self.network.gateway.run(command, check=False)

    def _ruleset(self):
        interfaces, ports = ", ".join(self.network.client_interfaces), ", ".join(map(str, self.ports))
        return f"""table inet proxy {{
  chain prerouting {{
    type filter hook prerouting priority mangle;
    meta l4proto != tcp accept
    socket transparent 1 socket wildcard 0 meta mark set 1 accept
    iifname {{ {interfaces} }} tcp dport {{ {ports} }} tproxy ip to 0.0.0.0 meta mark set 1 accept
  }}
}}"""


class Haproxy(TransparentProxy):
    """HAProxy as its users tune it for this: as many threads as processors, splicing, no logs.

    Under mptcpize every socket of its own is MPTCP's, so it is only where the load is.
    """

    name = "haproxy"
    mode = "tcp"
    rules = ""

    def __init__(self, network, folder, mptcp):
        super().__init__(network, folder, mptcp)
        self.wrap = ["mptcpize", "run"] if mptcp else []
        self.file = folder / "haproxy.cfg"

    def command(self):
        self.file.write_text(self._configuration())
        return [*self.wrap, "haproxy", "-db", "-f", self.file]

    def complaint(self):
        return self.network.gateway.run(["haproxy", "-c", "-f", self.file], check=False).stderr

    def _configuration(self):
        binds = "\n".join(f"  bind 0.0.0.0:{port} transparent" for port in self.ports)
        return f"""global
  nbthread {os.cpu_count()}
  maxconn 7500
defaults
  mode {self.mode}
  timeout connect 10s
  timeout client 5m
  timeout server 5m
  option splice-auto
listen all
{binds}
{self.rules}  source 0.0.0.0 usesrc clientip
  server origin 0.0.0.0
"""


class WeirSubject:
    name = "weir"
    ports = PORTS
    address = ORIGIN

    def __init__(self, network, folder, mptcp):
        del mptcp  # weir takes both as they come
        self.weir = Weir(network, folder, gateway={"intercept_ports": list(self.ports)}, log={"flows": "off"},
                         program=PROGRAM, extra=self.policy(folder), **self.sections(folder))

    def sections(self, folder):
        """More of weir.toml's sections."""
        del folder
        return {}

    def policy(self, folder):
        """weir.toml's rules and bypasses, as text."""
        del folder
        return ""

    @property
    def pid(self):
        return self.weir.process.pid

    def start(self):
        self.weir.start()

    def stop(self):
        if self.weir.process and (code := self.weir.stop()) != 0:
            raise RuntimeError(f"weir ended with {code}:\n" + "\n".join(self.weir.log.rest()[-5:]))


class WeirWithLargePolicy(WeirSubject):
    """Its load is in no list: what every flow pays for lists that are about others."""

    name = "weir-policy"

    def policy(self, folder):
        self.decisions = json.loads(subprocess.run([DECISIONS, folder, str(NAMES), str(PREFIXES), str(RULES)],
                                                   check=True, stdout=subprocess.PIPE, text=True).stdout)
        return (folder / "rules.toml").read_text()


class WeirBypass(WeirSubject):
    """Its load is in a bypass list of many prefixes: the kernel forwards it, past the process."""

    name = "weir-bypass"
    pid = None

    def __init__(self, network, folder, mptcp):
        super().__init__(network, folder, mptcp)
        self.forwarding = Forwarding(network, folder, mptcp)

    def policy(self, folder):
        self.list = folder / "direct"
        self.write_list()
        return f"[[bypass]]\nname = 'origins'\nflows = 'any'\ndestinations = ['{ORIGIN}', 'file:direct']\n"

    def write_list(self, first=0):
        # Half of each /24, as adjacent prefixes would be merged into a few.
        numbers = range(first, first + PREFIXES)
        self.list.write_text("".join(f"{20 + (i >> 16)}.{i >> 8 & 255}.{i & 255}.0/25\n" for i in numbers))

    def reload_seconds(self):
        """From the wish to have another list to the kernel's having it."""
        self.write_list(first=PREFIXES)
        before = time.monotonic()
        status, _, body = self.weir.http("POST", "/api/v1/reload")
        if status != 200:
            raise RuntimeError(body)
        return time.monotonic() - before

    def start(self):
        self.forwarding.start()  # what sockets the subjects before left in TIME-WAIT is the lab's own matter
        super().start()

    def stop(self):
        super().stop()
        self.forwarding.stop()


SUBJECTS = {subject.name: subject
            for subject in (Forwarding, Haproxy, WeirSubject, WeirWithLargePolicy, WeirBypass)}
