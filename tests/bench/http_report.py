"""The table of requests: medians, weir's ratios taken round by round, and the targets."""

from report import Figures, show, spread, verdict

HEAD = ["", "HAProxy", "nghttpx", "weir", "weir ÷ HAProxy", "weir ÷ nghttpx", "target"]
# Who is in these columns in each row; weir is last.
SUBJECTS = {
    "http2": ("haproxy-http2", "nghttpx", "weir-decrypt"),
    "http-inspected": ("haproxy-http", None, "weir-http"),
}
# title, row, key, digits, target as a multiple of each other proxy's
LINES = [
    ("HTTP/2 over TLS, requests a second", "http2", "rate", 0, None),
    ("– a second of one core of the process", "http2", "per_core_s", 0, 1),
    ("– CPU ms of the process each", "http2", "cpu_ms", 4, None),
    ("plain HTTP/1.1, requests a second on kept connections", "http-inspected", "rate", 0, 0.9),
    ("– CPU ms of the process each", "http-inspected", "cpu_ms", 4, None),
]


def _verdicts(wanted, subjects, against):
    return "; ".join(verdict(ratios, wanted, f" {title}")
                     for title, subject, ratios in zip(HEAD[1:], subjects, against) if subject and wanted)


def http_table(rounds):
    f = Figures(rounds)
    lines = [HEAD]
    for title, row, key, digits, wanted in LINES:
        if not f.has(row):
            continue
        subjects = SUBJECTS[row]
        *others, weir = subjects
        against = [f.ratios(row, key, weir, other) for other in others]
        lines.append([title, *(show(f.median(row, subject, key), digits) for subject in subjects),
                      *map(spread, against), _verdicts(wanted, subjects, against)])
    return lines
