"""What is compared: plain kernel forwarding, HAProxy, weir; each started and stopped on the same network."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

from namespace import die_with_parent
from weir import PROGRAM, Weir

PORTS = [80, 5201, 7000]


class Forwarding:
    name = "forwarding"
    pid = None

    def __init__(self, network, mptcp):
        del mptcp
        self.network = network

    def start(self):
        self.network.forward()

    def stop(self):
        pass


class Haproxy:
    """HAProxy as its users tune it for this: as many threads as processors, splicing, no logs."""

    name = "haproxy"

    def __init__(self, network, mptcp):
        self.network = network
        self.mptcp = mptcp
        self.process = None

    def start(self):
        gateway = self.network.gateway
        self.network.forward()
        gateway.run(["nft", f"""
            table inet haproxy {{
              chain prerouting {{
                type filter hook prerouting priority mangle;
                meta l4proto != tcp accept
                socket transparent 1 socket wildcard 0 meta mark set 1 accept
                iifname {{ {", ".join(self.network.client_interfaces)} }} tcp dport {{ {", ".join(map(str, PORTS))} }} \
                    tproxy ip to 0.0.0.0 meta mark set 1 accept
              }}
            }}"""])
        gateway.run("ip rule add fwmark 1 lookup 100")
        gateway.run("ip route add local default dev lo table 100")
        binds = "\n".join(f"  bind 0.0.0.0:{port} transparent" for port in PORTS)
        config = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-")) / "haproxy.cfg"
        config.write_text(f"""global
  nbthread {os.cpu_count()}
  maxconn 7500
defaults
  mode tcp
  timeout connect 10s
  timeout client 5m
  timeout server 5m
  option splice-auto
listen all
{binds}
  source 0.0.0.0 usesrc clientip
  server origin 0.0.0.0
""")
        wrap = ["mptcpize", "run"] if self.mptcp else []
        self.process = subprocess.Popen(gateway.command([*wrap, "haproxy", "-db", "-f", config]),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=die_with_parent)
        self.pid = self.process.pid
        while not gateway.output(["ss", "-Hltn", "sport", "=", str(PORTS[-1])]):
            if self.process.poll() is not None:
                raise RuntimeError("HAProxy does not start: " + gateway.run(["haproxy", "-c", "-f", config]).stdout)
            time.sleep(0.02)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.network.gateway.run("nft delete table inet haproxy")
        self.network.gateway.run("ip rule del fwmark 1 lookup 100")
        self.network.gateway.run("ip route del local default dev lo table 100")


class WeirSubject:
    name = "weir"

    def __init__(self, network, mptcp):
        del mptcp  # weir takes both as they come
        self.weir = Weir(network, tempfile.mkdtemp(prefix="weir-bench-"), gateway={"intercept_ports": list(PORTS)},
                         log={"flows": "off"}, program=PROGRAM)
        self.pid = None

    def start(self):
        self.weir.start()
        self.pid = self.weir.process.pid

    def accepted(self):
        return self.weir.metric("weir_flows_accepted_total")

    def stop(self):
        self.weir.signal(signal.SIGTERM)
        self.weir.process.wait(60)


SUBJECTS = {subject.name: subject for subject in (Forwarding, Haproxy, WeirSubject)}
