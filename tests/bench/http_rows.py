"""The rows of requests: each has every one of them read, and returns its figures.

Before each load, a few requests show that the subject does read them, and what it speaks to both sides.
"""

import re

from certificates import CIPHER, NAME
from http_subjects import BLOCKED
from measure import cpu_of
from network import ORIGIN
from proof import NotMeasured, carried_by
from rows import GRACE, wrk

HTTP2_CONNECTIONS, HTTP2_STREAMS = 20, 10


def _expect_http2(network, subject):
    """With the subject's own certificate, a request came by HTTP/2, and it reached the origin so too."""
    seen = network.client.run(["curl", "-sS", "--max-time", GRACE, "--http2", "--cacert", subject.authority,
                               "--resolve", f"{NAME}:443:{subject.address}", "-w", " HTTP/%{http_version}",
                               f"https://{NAME}/protocol"], check=False)
    if seen.stdout != f"HTTP/2.0 {CIPHER} HTTP/2":
        raise NotMeasured(f"{subject.name} does not speak HTTP/2 with {CIPHER} to both sides: "
                          f"{seen.stdout} {seen.stderr.strip()}")


def http2(network, subject, seconds):
    """A small file again and again, on a few connections with some streams each. Client and origin need more of the
    processors than some proxies do, so the target is on what a second of the proxy's own CPU time brings."""
    _expect_http2(network, subject)
    figures = {}
    with carried_by(subject, network), cpu_of(subject.pid, figures):
        text = network.client.output(["h2load", "-t", "2", "-c", HTTP2_CONNECTIONS, "-m", HTTP2_STREAMS, "-D", seconds,
                                      f"--tls13-ciphers={CIPHER}", f"--connect-to={subject.address}:443",
                                      f"https://{NAME}/small"], timeout=seconds + GRACE)
    count, failed = map(int, re.search(r"(\d+) succeeded, (\d+) failed", text).groups())
    if failed or not count or "Application protocol: h2\n" not in text:
        raise NotMeasured(f"{subject.name}: " + " ".join(re.findall("^(?:requests|status codes|App.*):.*", text, re.M)))
    return figures | {"rate": count / seconds, "per_core_s": count / figures["cpu"],
                      "cpu_ms": figures["cpu"] * 1000 / count}


def _expect_judgement(network, subject):
    """Of two requests on one connection, the second is refused for its path."""
    urls = [f"http://{NAME}/", f"http://{NAME}{BLOCKED}x"]
    seen = network.client.run(["curl", "-sS", "--max-time", GRACE, "--resolve", f"{NAME}:80:{subject.address}", "-w",
                               "%{stderr}%{http_code} %{num_connects} ", *urls], check=False)
    if seen.stderr != "200 1 403 0 ":
        raise NotMeasured(f"{subject.name}: the second of two requests on a connection was to be refused; "
                          f"seen: {seen.stderr.strip()}")


def http_keep_alive(network, subject, seconds):
    """Plain HTTP/1.1, for a name, as rules may ask for one."""
    _expect_judgement(network, subject)
    return wrk(network, subject, seconds, "-H", f"Host: {NAME}", url=f"http://{ORIGIN}/")


HTTP_ROWS = {
    "http2": http2,
    "http-inspected": http_keep_alive,
    "http-policy": http_keep_alive,
}
HTTP_COMPARED = {
    "http2": ("haproxy-http2", "nghttpx", "weir-decrypt"),
    "http-inspected": ("haproxy-http", "weir-http"),
    "http-policy": ("weir-http", "weir-http-policy"),
}
