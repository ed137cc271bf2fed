"""What a process and the machine cost while something runs."""

import contextlib
import os
import pathlib
import re

TICK = os.sysconf("SC_CLK_TCK")


def process_cpu(pid):
    """CPU seconds of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def machine_cpu():
    """Busy seconds of all processors, interrupts included: what the kernel does for no process is in here only."""
    user, nice, system, _, _, irq, softirq = [int(x) for x in pathlib.Path("/proc/stat").read_text().split()[1:8]]
    return (user + nice + system + irq + softirq) / TICK


def private_kib(pid):
    """Memory that is the process's own."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kib) for kib in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M))


@contextlib.contextmanager
def cpu_of(pid, figures):
    """Adds to the figures what was spent; `pid` is None where the kernel forwards, then the machine's is all there is."""
    own, machine = process_cpu(pid) if pid else None, machine_cpu()
    yield
    if pid:
        figures["cpu"] = process_cpu(pid) - own
    figures["machine_cpu"] = machine_cpu() - machine
