"""The table of decryption: medians, weir's ratios taken round by round, what OpenSSL alone takes, and the targets."""

from report import Figures, median, show, spread, verdict

HEAD = ["", "OpenSSL alone", "direct", "sslsplit", "Squid", "weir", "weir ÷ sslsplit", "weir ÷ Squid", "target"]
SUBJECTS = ("tls-direct", "sslsplit", "squid", "weir-decrypt")
WEIR = "weir-decrypt"
CIPHERS = {"128": "TLS_AES_128_GCM_SHA256", "256": "TLS_AES_256_GCM_SHA384"}


class Table:
    def __init__(self, figures):
        self.figures = figures
        self.lines = [HEAD]

    def row(self, title, name, key, digits, alone=(), target=None):
        """A line of medians, with weir's ratios; `target` makes the verdict of them."""
        f = self.figures
        if not f.has(name):
            return
        against = [f.ratios(name, key, WEIR, other) for other in ("sslsplit", "squid")]
        self.lines.append([title, show(median(list(alone)), digits) if alone else "",
                           *(show(f.median(name, subject, key), digits) for subject in SUBJECTS),
                           *map(spread, against), target(*against) if target else ""])

    def shares(self, title, values, target=None):
        """A line of what each has of its own: `values(subject)`, with their spread."""
        cells = [values(subject) for subject in SUBJECTS]
        if any(cells):
            self.lines.append([title, "", *map(spread, cells), "", "", target(cells[-1]) if target else ""])


def floor_shares(f, row, key, floor, subject):
    """Round by round, how much of the subject's CPU time `floor(figures, bare)` would do."""
    pairs = zip(f.rounds.get(row, {}).get(subject, []), f.rounds.get("tls-floor", {}).get("bare", []))
    return [floor(figures, bare) / figures[key] for figures, bare in pairs if figures.get(key) and bare]


def relay_floor(figures, bare):
    """CPU seconds a GB, of the cipher the client was given."""
    for bits, suite in CIPHERS.items():
        if f"AES{bits}-GCM" in figures["cipher"] or figures["cipher"] == suite:
            return 1000 / bare["relay_mb_s"][suite]
    return float("nan")


def tls_table(rounds):
    f = Figures(rounds)
    t = Table(f)
    t.row("new connections a second", "tls-connections", "rate", 0,
          target=lambda s, q: f"{verdict(s, 3, ' sslsplit')}; {verdict(q, 5, ' Squid')}")
    # Client, origin and subject share the processors, so the rate's ratios are less than those of the subjects alone.
    t.row("– a second of one core of the process", "tls-connections", "per_core_s", 0)
    t.row("– CPU ms of the process each", "tls-connections", "cpu_ms", 3,
          f.measured("tls-floor", "bare", "handshakes_ms"))
    for words, key, target in (("", "handshakes_ms", lambda weir: verdict(weir, 0.8)),
                               (", each with a TCP connection's", "tcp_handshakes_ms", None)):
        t.shares(f"– OpenSSL's two handshakes{words} ÷ that",
                 lambda s, key=key: floor_shares(f, "tls-connections", "cpu_ms", lambda _, bare: bare[key], s), target)
    t.row("new names a second", "tls-names", "rate", 0)
    t.row("– a second of one core of the process", "tls-names", "per_core_s", 0,
          target=lambda *_: verdict(f.measured("tls-names", WEIR, "per_core_s"), 1000))
    t.row("keep-alive requests a second", "tls-keep-alive", "rate", 0,
          target=lambda s, q: f"{verdict(s, 1.2, ' sslsplit')}; {verdict(q, 2.5, ' Squid')}")
    t.row("– CPU ms of the process each", "tls-keep-alive", "cpu_ms", 4)
    t.row("one stream, MB/s", "tls-bulk", "mb_s", 0, target=lambda s, _: verdict(s, 1.3, " sslsplit"))
    relays = [1000 / mb_s[CIPHERS["256"]] for mb_s in f.measured("tls-floor", "bare", "relay_mb_s")]
    t.row("– CPU s of the process a GB", "tls-bulk", "cpu_per_gb", 3, relays)
    t.shares("– OpenSSL's decryption and encryption ÷ that",
             lambda s: floor_shares(f, "tls-bulk", "cpu_per_gb", relay_floor, s), lambda weir: verdict(weir, 0.8))
    t.row("– CPU s of the machine a GB", "tls-bulk", "machine_per_gb", 3)
    t.row("own memory an idle flow, KiB", "tls-idle-memory", "kib_per_flow", 1,
          target=lambda *_: verdict(f.measured("tls-idle-memory", WEIR, "kib_per_flow"), 45, " KiB", at_most=True))
    return t.lines
