"""From the rounds' figures to the table: medians, the ratios taken round by round, and the targets."""

import statistics

HEAD = ["", "forwarding", "HAProxy", "weir", "weir ÷ HAProxy", "weir ÷ forwarding", "target"]
POLICY_HEAD = ["", "without", "with", "with ÷ without", "target"]
SUBJECTS = ("forwarding", "haproxy", "weir")


def median(values):
    return statistics.median(values) if values else None


class Figures:
    """rounds[row][subject] is a list with a dict for each round."""

    def __init__(self, rounds):
        self.rounds = rounds

    def has(self, row):
        return any(self.rounds.get(row, {}).values())

    def values(self, row, subject, key):
        return [figures.get(key) for figures in self.rounds.get(row, {}).get(subject, [])]

    def measured(self, row, subject, key):
        """Of the rounds that have it."""
        return [value for value in self.values(row, subject, key) if value is not None]

    def median(self, row, subject, key):
        return median(self.measured(row, subject, key))

    def paired(self, row, key, one, other, operation, other_row=None):
        pairs = zip(self.values(row, one, key), self.values(other_row or row, other, key))
        return [operation(a, b) for a, b in pairs if a is not None and b]

    def ratios(self, row, key, one, other, other_row=None):
        return self.paired(row, key, one, other, lambda a, b: a / b, other_row)


def show(value, digits):
    return "–" if value is None else f"{value:,.{digits}f}"


def spread(values, digits=2):
    if not values:
        return "–"
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def verdict(values, wanted, of="", at_most=False):
    """The target in words, and whether the median meets it."""
    words = f"{'≤' if at_most else '≥'} {wanted:g}{of}"
    if not values:
        return words
    met = median(values) <= wanted if at_most else median(values) >= wanted
    return f"{words}: {'met' if met else 'MISSED'}"


class Table:
    def __init__(self, figures):
        self.figures = figures
        self.lines = [HEAD]

    def row(self, title, name, key, digits, target=None):
        """A line of medians, with both ratios; `target` makes the verdict of them."""
        f = self.figures
        if not f.has(name):
            return
        against = [f.ratios(name, key, "weir", other) for other in ("haproxy", "forwarding")]
        self.lines.append([title, *(show(f.median(name, subject, key), digits) for subject in SUBJECTS),
                           *map(spread, against), target(*against) if target else ""])

    def own(self, title, values, digits, target=""):
        """A line of what has no ratio to others: `values(subject)` with their spread."""
        cells = [spread(values(subject), digits) for subject in SUBJECTS]
        if any(cell != "–" for cell in cells):
            self.lines.append([title, *cells, "", "", target])


def table(rounds):
    f = Figures(rounds)
    t = Table(f)
    t.row("one TCP stream, Gbit/s", "bulk-tcp", "gbit", 2, lambda h, _: verdict(h, 1, " HAProxy"))
    t.row("– CPU s of the process a GB", "bulk-tcp", "cpu_per_gb", 3,
          lambda h, _: verdict(h, 1, " HAProxy", at_most=True))
    t.row("– CPU s of the machine a GB", "bulk-tcp", "machine_per_gb", 3)
    t.row("one MPTCP stream, 2 subflows, Gbit/s", "bulk-mptcp", "gbit", 2)
    t.row("– CPU s of the process a GB", "bulk-mptcp", "cpu_per_gb", 3)
    t.row("– CPU s of the machine a GB", "bulk-mptcp", "machine_per_gb", 3)
    to_tcp = {s: f.ratios("bulk-mptcp", "gbit", s, s, other_row="bulk-tcp") for s in SUBJECTS}
    t.own("– MPTCP ÷ its own TCP", to_tcp.get, 2, verdict(to_tcp["weir"], 0.8))
    t.row("new connections a second", "new-connections", "rate", 0,
          lambda h, d: f"{verdict(h, 1, ' HAProxy')}; {verdict(d, 0.85, ' forwarding')}")
    t.row("– CPU ms of the process each", "new-connections", "cpu_ms", 3)
    t.row("keep-alive requests a second", "keep-alive", "rate", 0, lambda h, _: verdict(h, 1, " HAProxy"))
    t.row("– CPU ms of the process each", "keep-alive", "cpu_ms", 4)
    t.row("own memory an idle flow, KiB", "idle-memory", "kib_per_flow", 2,
          lambda *_: verdict(f.measured("idle-memory", "weir", "kib_per_flow"), 6, " KiB", at_most=True))
    for load, words in (("one", "1 connection"), ("many", "64 connections, 2,000/s")):
        for cut in ("p50", "p99"):
            key = f"{load}_{cut}_us"
            t.row(f"there and back, {words}, {cut}, µs", "latency", key, 0)
            t.own("– added to forwarding's",
                  lambda s, key=key: f.paired("latency", key, s, "forwarding", lambda a, b: a - b)
                  if s != "forwarding" else [], 0)
    t.row("2 paths of 100 Mbit/s: MPTCP, Mbit/s", "two-paths", "mptcp_mbit", 1)
    t.row("– plain TCP over one, Mbit/s", "two-paths", "plain_mbit", 1)
    t.row("– MPTCP ÷ plain", "two-paths", "gain", 2, lambda *_: verdict(f.measured("two-paths", "weir", "gain"), 1.85))
    return t.lines


# title, row, key, digits, target
WITH_AND_WITHOUT = [
    ("new connections a second, by an empty policy and a large one", "policy", "rate", 0, 0.95),
    ("requests a second on kept connections, by one rule on paths and with a large policy", "http-policy", "rate", 0,
     0.95),
    ("one TCP stream, forwarded and by a bypass, Gbit/s", "bypass-bulk", "gbit", 2, 0.98),
    ("new connections a second, forwarded and by a bypass", "bypass-connections", "rate", 0, 0.98),
]
COSTS = [
    ("a decision by the large policy, µs, median", "policy", "decision_p50_us", 2, 2),
    ("– 99th percentile", "policy", "decision_p99_us", 2, None),
    ("loading the large policy, s", "policy", "load_s", 2, 3),
    ("– bytes a name", "policy", "bytes_per_name", 0, 100),
    ("another list of 100,000 prefixes in the kernel, s", "bypass-connections", "reload_s", 2, 2),
]


def policy_table(rounds):
    f = Figures(rounds)
    lines = [POLICY_HEAD]
    for title, row, key, digits, wanted in WITH_AND_WITHOUT:
        if f.has(row):
            without, with_it = f.rounds[row]
            ratios = f.ratios(row, key, with_it, without)
            lines.append([title, show(f.median(row, without, key), digits), show(f.median(row, with_it, key), digits),
                          spread(ratios), verdict(ratios, wanted)])
    for title, row, key, digits, wanted in COSTS:
        values = [value for subject in f.rounds.get(row, {}) for value in f.values(row, subject, key) if value]
        if values:
            lines.append([title, "", spread(values, digits), "",
                          verdict(values, wanted, at_most=True) if wanted else ""])
    return lines


def as_text(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def as_markdown(lines):
    head, *rest = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rest])
