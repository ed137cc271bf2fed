"""A network namespace without a name, held by a process that dies with the test: nothing stays behind, also after kill -9."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import threading

IPPROTO_MPTCP = 262
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Namespace:
    def __init__(self, name):
        self.name = name
        # The holder says so once it is in its own namespace; before that its /proc entry shows the old one.
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"],
                                        stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self._holder.stdout.readline()
        self.path = f"/proc/{self._holder.pid}/ns/net"
        self._processes = []
        self.run("ip link set lo up")

    def close(self):
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self._holder.kill()
        self._holder.wait()

    def command(self, command):
        words = command.split() if isinstance(command, str) else [str(word) for word in command]
        return ["nsenter", f"--net={self.path}", "--", *words]

    def run(self, command, check=True, timeout=60, **options):
        """Runs a command to its end; its output as text."""
        done = subprocess.run(self.command(command), capture_output=True, text=True, timeout=timeout,
                              preexec_fn=die_with_parent, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def output(self, command, **options):
        return self.run(command, **options).stdout

    def start(self, command, **options):
        """Starts a command that runs until the namespace is closed."""
        process = subprocess.Popen(self.command(command), preexec_fn=die_with_parent, **options)
        self._processes.append(process)
        return process

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        """A socket of this namespace: a socket stays in the namespace it was made in, whoever uses it."""
        made = []

        def make():
            fd = os.open(self.path, os.O_RDONLY)
            try:
                if _LIBC.setns(fd, _CLONE_NEWNET) != 0:
                    made.append(OSError(ctypes.get_errno(), f"setns {self.name}"))
                    return
                made.append(socket.socket(family, kind, protocol))
            except OSError as error:
                made.append(error)
            finally:
                os.close(fd)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace meanwhile: for clients that make their sockets themselves."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        inside = os.open(self.path, os.O_RDONLY)
        try:
            assert _LIBC.setns(inside, _CLONE_NEWNET) == 0
            yield
        finally:
            assert _LIBC.setns(before, _CLONE_NEWNET) == 0
            os.close(before)
            os.close(inside)

    def counter(self, name):
        """A kernel counter as nstat names it, e.g. MPTcpExtMPJoinSynRx."""
        for line in self.output(["nstat", "-az", name]).splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        raise AssertionError(f"no counter {name}")
