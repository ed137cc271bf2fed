"""What a process and the machine cost while something runs."""

import contextlib
import os
import pathlib
import re

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """/proc/PID/stat from the state on; nothing of a process that has just ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def family(pid):
    """A process and those it started, helpers and workers, at any remove."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        if fields := _stat(entry.name):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    members = [pid]
    for member in members:
        members += children.get(member, [])
    return members


def process_cpu(pid):
    """CPU seconds of a process with all its threads and its family, also what of that has ended."""
    return sum(sum(map(int, fields[11:15])) for member in family(pid) if (fields := _stat(member))) / TICK


def machine_cpu():
    """Busy seconds of all processors, interrupts included: what the kernel does for no process is in here only."""
    user, nice, system, _, _, irq, softirq = [int(x) for x in pathlib.Path("/proc/stat").read_text().split()[1:8]]
    return (user + nice + system + irq + softirq) / TICK


def private_kib(pid):
    """Memory that is the process's own, and its family's."""
    rollups = [pathlib.Path(f"/proc/{member}/smaps_rollup").read_text() for member in family(pid)]
    return sum(int(kib) for rollup in rollups for kib in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M))


@contextlib.contextmanager
def cpu_of(pid, figures):
    """Adds to the figures what was spent; `pid` is None where the kernel forwards, then the machine's is all there is."""
    own, machine = process_cpu(pid) if pid else None, machine_cpu()
    yield
    if pid:
        figures["cpu"] = process_cpu(pid) - own
    figures["machine_cpu"] = machine_cpu() - machine
