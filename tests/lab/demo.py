"""The demonstration behind scripts/demo: client, gateway and origin as namespaces, weir with conf/weir.toml between them."""

import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from namespace import Namespace, die_with_parent
from weir import ADMIN, PROGRAM, ROOT, Lines, wait_for

ORIGIN = "10.9.0.2"
FILE_MIB = 60
LIMIT = "tbf rate 100mbit burst 64kb latency 50ms"
ADMIN_PORTS = range(9080, 9100)


class Demo:
    """Two client paths of 100 Mbit/s meet in the gateway's bridge lan0, the interface that conf/weir.toml names."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.client, self.gateway, self.origin = (Namespace(name) for name in ("client", "gateway", "origin"))
        self.weir = None

    def close(self):
        if self.weir and self.weir.poll() is None:
            self.weir.terminate()
            self.weir.wait(40)
        for namespace in (self.client, self.gateway, self.origin):
            namespace.close()

    def make_network(self):
        client, gateway, origin = self.client, self.gateway, self.origin
        gateway.run("ip link add lan0 type bridge")
        gateway.run("ip link set lan0 up")
        for path in range(2):
            client.run(["ip", "link", "add", f"c{path}", "type", "veth", "peer", "name", f"port{path}", "netns",
                        gateway.path])
            gateway.run(f"ip link set port{path} master lan0 up")
            gateway.run(f"ip address add 10.1.{path}.1/24 dev lan0")
            client.run(f"ip address add 10.1.{path}.2/24 dev c{path}")
            client.run(f"ip link set c{path} up")
            client.run(f"ip rule add from 10.1.{path}.2 table {100 + path}")
            client.run(f"ip route add default via 10.1.{path}.1 dev c{path} table {100 + path}")
            client.run(f"tc qdisc add dev c{path} root {LIMIT}")
            gateway.run(f"tc qdisc add dev port{path} root {LIMIT}")
            # Each address answers on its own link only, or the bridge would mix the paths.
            client.run(f"sysctl -qw net.ipv4.conf.c{path}.arp_ignore=1 net.ipv4.conf.c{path}.arp_announce=2")
        client.run("ip route add default via 10.1.0.1 dev c0")
        client.run("ip mptcp limits set subflow 2")
        client.run("ip mptcp endpoint add 10.1.1.2 dev c1 subflow")
        gateway.run(["ip", "link", "add", "wan", "type", "veth", "peer", "name", "eth0", "netns", origin.path])
        for namespace, device, address in ((gateway, "wan", "10.9.0.1"), (origin, "eth0", ORIGIN)):
            namespace.run(f"ip address add {address}/24 dev {device}")
            namespace.run(f"ip link set {device} up")
        origin.run("ip route add default via 10.9.0.1")

    def start_origin(self):
        (self.folder / "file").write_bytes(bytes(1 << 20) * FILE_MIB)
        config = self.folder / "nginx.conf"
        config.write_text(f"daemon off; master_process off; pid {self.folder}/pid; error_log /dev/null; events {{}}\n"
                          f"http {{ access_log off; server {{ listen 80; root {self.folder}; }} }}\n")
        self.origin.start(["nginx", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.origin.output(["ss", "-Hltn", "sport", "=", "80"]), what="nginx")

    def start_weir(self):
        self.weir = subprocess.Popen(
            self.gateway.command([PROGRAM, "run", "-c", ROOT / "conf" / "weir.toml"]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        self.records, log = Lines(self.weir.stdout), Lines(self.weir.stderr)
        log.until(lambda line: " running: " in line)

    def fetch(self, wrap=()):
        """Mbit/s of one download by curl, and weir's record of it."""
        before = len(self.records.seen)
        rate = self.client.output([*wrap, "curl", "-sf", "-o", "/dev/null", "-w", "%{speed_download}",
                                   f"http://{ORIGIN}/file"])
        line = self.records.until(lambda text: text not in self.records.seen[:before])
        return float(rate) * 8 / 1e6, json.loads(line)


def show(title, rate, record):
    print(f"\n{title}: {rate:.1f} Mbit/s")
    paths = record.get("paths") or [{"client": record["client"], "bytes_to_client": record["bytes_to_client"]}]
    for path in paths:
        trip = f", round trip {path['round_trip_us'] / 1000:.1f} ms" if "round_trip_us" in path else ""
        print(f"  {path['client']:>16} – {record['destination']}  {path['bytes_to_client'] / 1e6:5.1f} MB{trip}")
    print(f"  record: {json.dumps(record)}")


def forward_status_page(gateway):
    """The gateway's admin address on this host's loopback: each connection is handed on to one made in there."""
    for port in ADMIN_PORTS:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            break
        except OSError:
            listener.close()
    else:
        raise SystemExit(f"no port free for the status page in {ADMIN_PORTS.start} to {ADMIN_PORTS.stop - 1}")
    listener.listen()

    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def accept():
        while True:
            outside, _ = listener.accept()
            inside = gateway.socket()
            inside.connect(ADMIN)
            for pair in ((outside, inside), (inside, outside)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return port


def keep_some_traffic(demo):
    """So that the page has something to show."""
    while True:
        demo.fetch(["mptcpize", "run"])
        time.sleep(2)


def run(once):
    with tempfile.TemporaryDirectory(prefix="weir-demo-") as folder:
        pathlib.Path(folder).chmod(0o755)
        demo = Demo(folder)
        try:
            demo.make_network()
            demo.start_origin()
            demo.start_weir()
            print(f"client (two paths of 100 Mbit/s) – weir with conf/weir.toml – origin; a file of {FILE_MIB} MiB by curl")
            plain, record = demo.fetch()
            show("plain TCP, one path", plain, record)
            multi, record = demo.fetch(["mptcpize", "run"])
            show(f"MPTCP, {record['subflows']} subflows", multi, record)
            print(f"\nMPTCP ÷ plain: {multi / plain:.2f}")
            if not once:
                print(f"\nstatus page: http://127.0.0.1:{forward_status_page(demo.gateway)}/   (Ctrl-C ends)")
                threading.Thread(target=keep_some_traffic, args=(demo,), daemon=True).start()
                signal.pause()
        except KeyboardInterrupt:
            print()
        finally:
            demo.close()


def end(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, end)
run(once="--once" in sys.argv[1:])
