"""Those who ask the admin service: pages that watch, and people at a terminal."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import threading

from weir import ADMIN, wait_for


def admin_socket(weir, timeout=30):
    sock = weir.network.gateway.socket()
    sock.settimeout(timeout)
    sock.connect(ADMIN)
    return sock


class Page:
    """A reader of a stream of events."""

    def __init__(self, weir, path="/api/v1/live", headers=""):
        self.sock = admin_socket(weir)
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        self.file = self.sock.makefile("r", encoding="utf-8", newline="\n")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def message(self):
        """The next: its type, id and data."""
        fields = {}
        for line in self.file:
            name, _, value = line.rstrip("\n").partition(":")
            if line == "\n" and "data" in fields:
                return fields.get("event"), fields.get("id"), json.loads(fields["data"])
            if line == "\n":
                fields = {}
            elif name:
                fields[name] = value.lstrip(" ")
        raise EOFError

    def until(self, kind, holds=lambda data: True):
        """The data of the first message of that type for which it holds."""
        while True:
            got, _, data = self.message()
            if got == kind and holds(data):
                return data

    def close(self):
        self.file.close()
        self.sock.close()


class Terminal:
    """A command at a terminal of its own: what it has written, and keys for it."""

    def __init__(self, namespace, words, columns=100, rows=30):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.written = b""
        self.process = subprocess.Popen(namespace.command(words), stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True, preexec_fn=self._own)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _own(self):
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.written += data

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys)

    def frames(self):
        """What was shown, each time it was drawn, without what makes it bold; a whole one each."""
        drawn = re.findall(rb"\x1b\[H(.*?)\x1b\[J", self.written, re.S)
        return [re.split(r"\r+\n", re.sub(r"\x1b\[(0m|1m|K)", "", frame.decode())) for frame in drawn]

    def until(self, holds, what):
        """The first frame for which it holds, of those that come from here on."""
        seen = len(self.frames())
        return wait_for(lambda: next((frame for frame in self.frames()[seen:] if holds("\n".join(frame))), None),
                        what=what)

    def end(self):
        code = self.process.wait(20)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)
