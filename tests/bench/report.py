"""From the rounds' figures to the table: medians, the ratios taken round by round, and the targets."""

import statistics


def median(values):
    return statistics.median(values) if values else None


class Figures:
    """figures[row][subject] is a list of one dict a round."""

    def __init__(self, rounds):
        self.rounds = rounds

    def values(self, row, subject, key):
        return [figures[key] for figures in self.rounds.get(row, {}).get(subject, []) if key in figures]

    def median(self, row, subject, key):
        return median(self.values(row, subject, key))

    def ratios(self, row, key, one, other, other_row=None):
        return [a / b for a, b in zip(self.values(row, one, key), self.values(other_row or row, other, key)) if b]


def show(value, digits):
    return "–" if value is None else f"{value:,.{digits}f}"


def spread(ratios):
    if not ratios:
        return "–"
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def verdict(ratios, wanted, at_most=False):
    if not ratios:
        return "–"
    value = median(ratios)
    met = value <= wanted if at_most else value >= wanted
    return f"{'≤' if at_most else '≥'} {wanted:g}: {'met' if met else 'MISSED'}"


def table(rounds):
    f = Figures(rounds)
    lines = [["", "forwarding", "HAProxy", "weir", "weir ÷ HAProxy", "weir ÷ forwarding", "target"]]

    def row(title, name, key, digits, target=None):
        against_haproxy = f.ratios(name, key, "weir", "haproxy")
        against_forwarding = f.ratios(name, key, "weir", "forwarding")
        cells = [show(f.median(name, subject, key), digits) for subject in ("forwarding", "haproxy", "weir")]
        lines.append([title, *cells, spread(against_haproxy), spread(against_forwarding),
                      target(against_haproxy, against_forwarding) if target else ""])

    row("one TCP stream, Gbit/s", "bulk-tcp", "gbit", 2, lambda h, _: verdict(h, 1.0))
    row("– CPU seconds of the process a GB", "bulk-tcp", "cpu_per_gb", 3, lambda h, _: verdict(h, 1.0, at_most=True))
    row("– of the machine a GB", "bulk-tcp", "machine_per_gb", 3)
    row("one MPTCP stream, 2 subflows, Gbit/s", "bulk-mptcp", "gbit", 2)
    row("– CPU seconds of the process a GB", "bulk-mptcp", "cpu_per_gb", 3)
    for subject, title in (("haproxy", "HAProxy"), ("weir", "weir")):
        ratios = f.ratios("bulk-mptcp", "gbit", subject, subject, other_row="bulk-tcp")
        lines.append([f"– {title}: MPTCP ÷ its TCP", "", "", spread(ratios), "", "",
                      verdict(ratios, 0.8) if subject == "weir" else ""])
    row("new connections a second", "new-connections", "rate", 0,
        lambda h, d: f"{verdict(h, 1.0)}; {verdict(d, 0.85)}")
    row("– CPU ms of the process each", "new-connections", "cpu_per_1000", 3)
    row("keep-alive requests a second", "keep-alive", "rate", 0, lambda h, _: verdict(h, 1.0))
    row("– CPU ms of the process each", "keep-alive", "cpu_per_1000", 4)
    row("memory an idle flow, KiB", "idle-memory", "kib_per_flow", 2,
        lambda *_: verdict(f.values("idle-memory", "weir", "kib_per_flow"), 6, at_most=True))
    row("there and back, p50, µs", "latency", "p50_us", 1)
    row("there and back, p99, µs", "latency", "p99_us", 1)
    row("two paths of 100 Mbit/s: MPTCP, Mbit/s", "two-paths", "mptcp_mbit", 1)
    row("– one path: plain TCP, Mbit/s", "two-paths", "plain_mbit", 1)
    row("– MPTCP ÷ plain", "two-paths", "gain", 2, lambda *_: verdict(f.values("two-paths", "weir", "gain"), 1.85))
    return lines


def as_text(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def as_markdown(lines):
    head, *rest = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rest])
