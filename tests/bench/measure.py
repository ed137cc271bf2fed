"""What a process and the machine cost while something runs."""

import contextlib
import os
import pathlib
import re

TICK = os.sysconf("SC_CLK_TCK")


def process_cpu(pid):
    """CPU seconds of a process, all its threads and children that ended."""
    if pid is None:
        return 0.0
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def machine_cpu():
    """Busy seconds of all processors, interrupts included: the kernel's own share of forwarding is in here only."""
    user, nice, system, _, _, irq, softirq = [int(x) for x in pathlib.Path("/proc/stat").read_text().split()[1:8]]
    return (user + nice + system + irq + softirq) / TICK


def private_kib(pid):
    """Memory that is the process's own."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kib) for kib in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M))


@contextlib.contextmanager
def cpu_of(pid, result):
    own, machine = process_cpu(pid), machine_cpu()
    yield
    result["cpu"] = process_cpu(pid) - own
    result["machine_cpu"] = machine_cpu() - machine
