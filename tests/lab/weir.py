"""The program under test, run in the gateway's namespace."""

import http.client
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import threading
import time

from namespace import die_with_parent

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WEIR", str(ROOT / "build" / "release" / "proxy" / "program" / "weir"))
ADMIN = ("127.0.0.1", 9080)


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, str)):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    raise TypeError(value)


def configuration(**sections):
    """configuration(gateway={…}, mptcp={…}) as TOML."""
    return "\n".join(f"[{name}]\n" + "\n".join(f"{key} = {toml(value)}" for key, value in section.items())
                     for name, section in sections.items())


class Lines:
    """The lines of a pipe as they come; `until` waits for one."""

    def __init__(self, pipe):
        self.seen = []
        self._queue = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe):
        try:
            for line in pipe:
                self._queue.put(line.rstrip("\n"))
        except UnicodeDecodeError as error:
            self._queue.put(f"what weir wrote is no UTF-8: {error}")
        self._queue.put(None)

    def until(self, wanted, timeout=20):
        """The first line, seen already or yet to come, for which `wanted` holds."""
        for line in self.seen:
            if wanted(line):
                return line
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError("no such line; seen:\n" + "\n".join(self.seen[-30:])) from None
            if line is None:
                self._queue.put(None)
                raise AssertionError("ended without such a line; seen:\n" + "\n".join(self.seen[-30:]))
            self.seen.append(line)
            if wanted(line):
                return line

    def rest_so_far(self):
        """Everything that has come by now."""
        while not self._queue.empty():
            line = self._queue.get()
            if line is None:
                self._queue.put(None)
                break
            self.seen.append(line)
        return self.seen

    def rest(self):
        """Everything, once the pipe is closed."""
        self._thread.join()
        while (line := self._queue.get()) is not None:
            self.seen.append(line)
        self._queue.put(None)
        return self.seen


class Weir:
    def __init__(self, network, folder, program=None, wrap=(), extra="", **sections):
        self.network = network
        self.file = pathlib.Path(folder) / "weir.toml"
        self.sections = sections
        self.extra = extra  # of weir.toml, as text
        self.sections.setdefault("gateway", {})
        self.sections["gateway"].setdefault("client_interfaces", network.client_interfaces)
        self.sections["gateway"].setdefault("intercept_ports", [80, 443, 5001])
        self.program = program or PROGRAM
        self.wrap = list(wrap)
        self.process = None
        self._found_by_port = set()
        self.write_configuration()

    def write_configuration(self, text=None):
        self.file.write_text(text if text is not None else configuration(**self.sections) + "\n" + self.extra)

    def change(self, section, **values):
        self.sections.setdefault(section, {}).update(values)
        self.write_configuration()

    def start(self, ready=True, patience=20):
        self.process = subprocess.Popen(
            self.network.gateway.command([*self.wrap, self.program, "run", "-c", self.file]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        self.records = Lines(self.process.stdout)
        self.log = Lines(self.process.stderr)
        if ready:
            self.log.until(lambda line: " running: " in line, patience)
        return self

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, timeout=45):
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def reload(self):
        """SIGHUP, and the log line that tells how it went."""
        before = len(self.log.seen)
        self.signal(signal.SIGHUP)
        told = re.compile(r'"event":"reload(_refused)?"')
        return self.log.until(lambda line: told.search(line) and line not in self.log.seen[:before])

    def record(self, timeout=20, **wanted):
        """The record of an ended flow with these fields. `client_port` is its client's port: a port may be used again,
        so each flow is found by it once."""
        port = wanted.pop("client_port", None)

        def matches(line):
            record = json.loads(line)
            if "id" not in record or (port is not None and record["id"] in self._found_by_port):
                return False
            return all(record.get(key) == value for key, value in wanted.items()) and (
                port is None or record["client"].endswith(f":{port}"))

        record = json.loads(self.records.until(matches, timeout))
        if port is not None:
            self._found_by_port.add(record["id"])
        return record

    def http(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*ADMIN, timeout=10)
        connection.sock = self.network.gateway.socket()
        connection.sock.settimeout(10)
        connection.sock.connect(ADMIN)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def get(self, path):
        status, _, body = self.http("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def cli(self, *words, check=True):
        return self.network.gateway.run([self.program, *words], check=check)

    def live_flows(self):
        return self.get("/api/v1/flows")["flows"]

    def live_flow(self):
        """The only one. Its client may have connected before weir has accepted it."""
        flows = wait_for(self.live_flows, what="a live flow")
        assert len(flows) == 1
        return flows[0]

    def live(self):
        return sum(self.get("/api/v1/status")["counters"]["flows_live"].values())

    def metric(self, name):
        """The sum of a metric over its labels, or the one with the labels given."""
        _, _, text = self.http("GET", "/metrics")
        wanted = re.compile(re.escape(name) + (" " if "{" in name else r"[{ ]"))
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if wanted.match(line))


def wait_for(condition, timeout=20, what="condition"):
    """For what gives no event: asks until it holds. Bounded, and the bound is no assertion on speed."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true in {timeout} s"
        time.sleep(0.02)
