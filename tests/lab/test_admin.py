"""The admin service: what each endpoint answers, what it refuses, who watches; that none of it reaches the flows."""

import contextlib
import json
import re
import socket
import threading

import pytest

from admin_peers import Page, admin_socket
from network import ORIGIN
from peers import connect, download, receive_exactly
from weir import toml, wait_for

TRANSPORTS = {"tcp": int, "mptcp": int}
SAMPLE = {"at": str, "flows_live": TRANSPORTS, "flows_accepted": TRANSPORTS, "bytes_from_client": int,
          "bytes_to_client": int, "requests": int, "errors": int, "subflows_joined": int}
SUMMARY = {"dispositions": dict.fromkeys(("direct", "splice", "inspect", "decrypt", "block", "reset"), int),
           "subflows": [{"subflows": int, "flows": int}],
           "rules": [{"rule": str, "flows": int, "requests": int}],
           "bypasses": [{"name": str, "syns": int}],
           "domains": [{"name": str, "flows": int, "requests": int, "bytes_from_client": int, "bytes_to_client": int}],
           "ends": [{"stage": str, "side": str, "code": str, "flows": int}],
           "kernel": {"syns": dict.fromkeys(("intercepted", "direct", "direct_full", "stripped", "denied", "postponed",
                                             "joins_dropped", "refused"), int), "quic_refused": int, "mptcp": dict}}
FLOW = {"id": str, "started": str, "duration_ms": int, "client": str, "destination": str, "transport": str,
        "subflows": int, "disposition": str, "rule": (str, type(None)), "domain": (str, type(None)),
        "bytes_from_client": int, "bytes_to_client": int, "upstream": (str, type(None)), "live": bool, "idle_ms": int,
        "subflows_now": int}
SCHEMAS = {
    "/api/v1/status": {"version": str, "phase": str, "ready": bool, "started": str, "uptime_ms": int, "mptcp": bool,
                       "on_syn": str, "rules": int, "bypasses": int, "workers": int, "max_flows": int, "tls": dict,
                       "counters": {"flows_live": TRANSPORTS, "flows_accepted": TRANSPORTS, "flows_ended": int,
                                    "errors": int, "bytes_from_client": int, "bytes_to_client": int,
                                    "subflows_joined": int, "http": dict, "tls": dict}},
    "/api/v1/history": {"interval_s": int, "samples": [SAMPLE]},
    "/api/v1/summary": SUMMARY,
    "/api/v1/flows": {"total": int, "matched": int, "flows": [FLOW]},
    "/api/v1/bypass": {"configured": [{"name": str, "flows": str, "syns": int}], "added": list, "learned": list,
                       "withheld": list, "conflicts": int},
    "/api/v1/exceptions": {"exceptions": list},
    "/api/v1/joins": {"paths": list, "kernel": list},
    "/api/v1/explain?from=10.0.0.1&to=10.0.0.2:443": {"from": str, "to": str, "mptcp": bool, "syn": dict,
                                                      "flow": dict},
}
GETS = [path.partition("?")[0] for path in SCHEMAS] + ["/metrics", "/healthz", "/readyz", "/api/v1/live",
                                                       "/api/v1/events", "/", "/app.js", "/dygraph.min.js"]
RULES = "".join(f"[[{kind}]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in entry.items())
                for kind, entry in (("rule", {"name": "ads", "when": {"domains": ["*.ads.example"]},
                                              "action": "block"}),
                                    ("bypass", {"name": "media", "destinations": ["198.51.100.0/24"]})))


def assert_shape(value, schema, where=""):
    """`schema`: a type, several, a list of one schema, or the members that an object has at least."""
    if isinstance(schema, dict):
        assert isinstance(value, dict), where
        for name, member in schema.items():
            assert name in value, f"{where} has no {name}"
            assert_shape(value[name], member, f"{where}.{name}")
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for one in value:
            assert_shape(one, schema[0], f"{where}[]")
    else:
        assert isinstance(value, schema), f"{where} is {value!r}"
        assert schema is not int or (not isinstance(value, bool) and value >= 0), f"{where} is {value!r}"


def http_origin(sock):
    """Answers each request."""
    data = b""
    while chunk := sock.recv(4096):
        data += chunk
        while b"\r\n\r\n" in data:
            _, _, data = data.partition(b"\r\n\r\n")
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def request(network, host, mptcp=False):
    """One request and its answer's status."""
    with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(sock.makefile("rb").readline().split()[1])


def raw(weir, data, whole=False):
    """The status of what is answered to these bytes; `whole`: the answer itself."""
    with admin_socket(weir) as sock:
        with contextlib.suppress(OSError):  # weir may have said enough before all was sent
            sock.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := sock.recv(65536):
                answer += chunk
        return answer.decode() if whole else int(answer.split()[1])


@pytest.fixture
def ready(network, make_weir, serve):
    """A weir with rules, and an HTTP origin and an echo behind it."""
    serve(network.origin, 80, http_origin)
    return make_weir(network, extra=RULES, gateway={"workers": 2}).start()


# --- what is answered

def test_each_endpoint_answers_in_its_form(network, ready, origin_echo):
    request(network, "www.example")
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"\0ping")  # no beginning of a request
        assert receive_exactly(sock, 5) == b"\0ping"
        wait_for(lambda: ready.get("/api/v1/history")["samples"], what="a sample")
        for path, schema in SCHEMAS.items():
            assert_shape(ready.get(path), schema, path)
        flow, = ready.live_flows()
        one = FLOW | {"paths": [{"client": str, "round_trip_us": int}]}
        assert_shape(ready.get("/api/v1/flows/" + flow["id"]), one)
    status, headers, body = ready.http("GET", "/ca.crt")
    assert status == 404 and headers["Content-Type"] == "application/problem+json"
    assert_shape(json.loads(body), {"type": str, "title": str, "status": int, "detail": str})


@pytest.fixture
def origin_echo(network, serve):
    def handler(sock):
        while chunk := sock.recv(4096):
            sock.sendall(chunk)
    return serve(network.origin, 5001, handler)


def test_the_summary_counts_what_flows_and_requests_came_to(network, ready):
    assert request(network, "www.example") == 200
    assert request(network, "www.example", mptcp=True) == 200
    assert request(network, "WWW.example:80") == 200
    assert request(network, "x.ads.example") == 403
    summary = wait_for(lambda: (s := ready.get("/api/v1/summary"))["dispositions"]["inspect"] == 3 and
                       sum(one["flows"] for one in s["ends"]) == 4 and s, what="four flows")
    assert summary["dispositions"]["block"] == 1
    assert summary["rules"] == [{"rule": "ads", "flows": 1, "requests": 1}]
    assert summary["bypasses"] == [{"name": "media", "syns": 0}]
    names = {one["name"]: one for one in summary["domains"]}
    assert (names["www.example"]["flows"], names["www.example"]["requests"]) == (3, 3)
    assert (names["x.ads.example"]["flows"], names["x.ads.example"]["requests"]) == (1, 1)
    assert names["www.example"]["bytes_to_client"] > 15
    assert summary["subflows"][0] == {"subflows": 1, "flows": 1} and len(summary["subflows"]) == 9
    assert summary["kernel"]["syns"]["intercepted"] >= 4
    assert ready.metric('weir_flows_decided_total{disposition="inspect"}') == 3
    assert ready.metric('weir_rule_matches_total{rule="ads",of="flow"}') == 1
    assert ready.metric('weir_rule_matches_total{rule="ads",of="request"}') == 1


def test_the_history_has_every_flow_once_and_long_ones_while_they_last(network, weir, origin):
    wait_for(lambda: weir.get("/api/v1/history")["samples"], what="the first sample")
    ports = [download(network.client, (ORIGIN, 80), 1000) for _ in range(5)]
    assert len(set(ports)) == 5
    with connect(network.client, (ORIGIN, 5001)) as sock:
        sock.sendall(b"x" * 3000)
        receive_exactly(sock, 3000)

        def moved():
            samples = weir.get("/api/v1/history")["samples"]
            return sum(sample["bytes_to_client"] for sample in samples) == 8000 and samples
        samples = wait_for(moved, what="the bytes of five flows that ended and one that lives")
        assert samples[-1]["flows_live"] == {"tcp": 1, "mptcp": 0}
    assert sum(sample["flows_accepted"]["tcp"] for sample in samples) == 6
    assert sum(sample["errors"] for sample in samples) == 0
    download(network.client, (ORIGIN, 80), 1000)
    wait_for(lambda: weir.metric("weir_bytes_to_client_total") == 9000, what="each byte counted once")


def test_flows_are_found_and_sorted(network, weir, origin):
    with contextlib.ExitStack() as stack:
        ports = []
        for mptcp, size in ((False, 10), (True, 20)):
            sock = stack.enter_context(connect(network.client, (ORIGIN, 5001), mptcp=mptcp))
            sock.sendall(b"x" * size)
            receive_exactly(sock, size)  # the first is accepted before the second comes
            ports.append(sock.getsockname()[1])

        def shown(query):
            return [ports.index(int(flow["client"].rsplit(":")[-1])) for flow in
                    weir.get("/api/v1/flows?" + query)["flows"]]
        assert shown("sort=bytes") == [1, 0] and shown("sort=bytes&order=asc") == [0, 1]
        assert shown("sort=transport") == [0, 1] and shown("sort=age") == [1, 0]
        assert shown(f"text=:{ports[0]}") == [0] and shown("disposition=block") == []
        assert sorted(shown("disposition=splice")) == [0, 1]
        told = weir.cli("flows", "-c", weir.file, "--sort", "bytes", "--order", "asc", "--text", f":{ports[1]}").stdout
        assert f":{ports[1]}" in told and f":{ports[0]}" not in told


# --- what is refused

@pytest.mark.parametrize("data, status", [
    pytest.param(b"GET /api/v1/summary HTTP/1.1\r\n\r\n", 400, id="no host"),
    pytest.param(b"GET /api/v1/summary HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", 400, id="two hosts"),
    pytest.param(b"GET /api/v1/summary HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, id="foreign host"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, id="foreign host, page"),
    pytest.param(b"GET /api/v1/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, id="foreign host, live"),
    pytest.param(b"GET api HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, id="no path"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), 400, id="TLS"),
    pytest.param(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431, id="long head"),
    pytest.param(b"POST /api/v1/bypass HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n", 413,
                 id="long body"),
    pytest.param(b"POST /api/v1/bypass HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" +
                 (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 8, 413, id="long body in chunks"),
    pytest.param(b"POST /api/v1/bypass HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n[1]", 400,
                 id="no object"),
    pytest.param(b"POST /api/v1/bypass HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                 b"Content-Length: 0\r\n\r\n",
                 403, id="foreign origin"),
    pytest.param(b"POST /api/v1/drain HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n"
                 b"Content-Length: 0\r\n\r\n", 403,
                 id="cross-site"),
    pytest.param(b"GET /api/v1/flows?sort=size HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400,
                 id="no such order"),
    pytest.param(b"GET /api/v1/flows?order=up HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400,
                 id="no such direction"),
    pytest.param(b"GET /api/v1/flows?text=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400,
                 id="bad encoding"),
    pytest.param(b"GET /api/v1/flows?text=" + b"a" * 300 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400,
                 id="long text"),
    pytest.param(b"GET /nothing.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404, id="no such file"),
])
def test_bad_requests(weir, data, status):
    if b"Connection:" not in data:
        data = data.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1)
    assert raw(weir, data) == status
    assert weir.http("GET", "/healthz")[0] == 200


def test_wrong_methods(weir):
    for path in GETS:
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            status, headers, _ = weir.http(method, path)
            if path == "/api/v1/bypass" and method in ("POST", "DELETE"):
                assert status == 400
            elif path == "/api/v1/exceptions" and method == "DELETE":
                assert status == 400
            else:
                assert status == 405 and headers["Allow"].startswith("GET, HEAD"), (method, path)
    for path in ("/api/v1/reload", "/api/v1/drain"):
        status, headers, _ = weir.http("GET", path)
        assert (status, headers["Allow"]) == (405, "POST")


def test_every_answer_keeps_browsers_from_misusing_it(weir):
    for path in [*GETS, "/nothing", "/api/v1/flows?sort=no"]:
        headers = re.split(r"\r\n", raw(weir, f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                        .encode(), whole=True))
        fields = dict(line.split(": ", 1) for line in headers[1:] if ": " in line)
        assert fields["Content-Security-Policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"), path
        assert fields["X-Content-Type-Options"] == "nosniff" and fields["Cache-Control"] == "no-store"
        assert fields["Referrer-Policy"] == "no-referrer" and fields["X-Frame-Options"] == "DENY"
        assert fields["Cross-Origin-Opener-Policy"] == fields["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_token_is_asked_for_and_shown_nowhere(network, make_weir, tmp_path, origin):
    secret = "s3cret-of-the-lab"
    file = tmp_path / "token"
    file.write_text(secret + "\n")
    file.chmod(0o600)
    weir = make_weir(network, admin={"token_file": str(file)}, log={"level": "trace"}).start()
    shown = {"Authorization": "Bearer " + secret}
    for path in ("/", "/app.js", "/style.css", "/favicon.svg", "/dygraph.min.js", "/dygraph.min.css", "/licences.txt"):
        assert weir.http("GET", path)[0] == 200
    said = ""
    for path in (*SCHEMAS, "/metrics", "/ca.crt", "/api/v1/live", "/api/v1/events"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic " + secret}):
            status, fields, body = weir.http("GET", path, headers=headers)
            assert status == 401 and "Bearer" in fields["WWW-Authenticate"], path
            said += body + str(fields)
        assert weir.http("GET", path + ("&" if "?" in path else "?") + "token=" + secret)[0] == 401
        if path not in ("/api/v1/live", "/api/v1/events"):
            status, fields, body = weir.http("GET", path, headers=shown)
            assert status in (200, 404)
            said += body + str(fields)
    assert weir.http("POST", "/api/v1/reload", headers={"Authorization": "Bearer wrong"})[0] == 401
    assert weir.http("POST", "/api/v1/reload", headers=shown)[0] == 200
    page = Page(weir, headers=f"Authorization: Bearer {secret}\r\n")
    assert page.status == 200
    said += json.dumps([page.until(kind) for kind in ("history", "status", "summary", "event")])
    page.close()
    assert weir.cli("status", "-c", weir.file).returncode == 0
    assert weir.stop() == 0
    said += "\n".join(weir.log.rest() + weir.records.rest())
    assert "running" in said and secret not in said


# --- who watches

def test_a_hundred_pages_all_get_what_happens(network, weir, origin):
    pages = [Page(weir) for _ in range(100)]
    assert {page.status for page in pages} == {200}
    for page in pages:
        assert_shape(page.until("history"), SCHEMAS["/api/v1/history"])
        assert_shape(page.until("status"), SCHEMAS["/api/v1/status"])
        assert_shape(page.until("summary"), SUMMARY)
    weir.cli("bypass", "add", "203.0.113.77", "--for", "1h", "-c", weir.file)
    download(network.client, (ORIGIN, 80), 5000)
    told = [page.until("event", lambda event: "203.0.113.77" in json.dumps(event)) for page in pages]
    assert len({event["sequence"] for event in told}) == 1
    for page in pages:
        page.until("summary", lambda summary: summary["dispositions"]["splice"] == 1)
    assert_shape(pages[0].until("sample", lambda sample: sample["bytes_to_client"] == 5000), SAMPLE)
    # The limit is shared with /api/v1/events.
    more = [Page(weir, "/api/v1/events") for _ in range(28)]
    assert {page.status for page in more} == {200}
    assert weir.http("GET", "/api/v1/live")[0] == 503
    for page in pages + more:
        page.close()

    def place_again():
        page = Page(weir)
        page.close()
        return page.status == 200
    wait_for(place_again, what="a place")


def test_a_page_goes_on_where_it_was(weir):
    for last in ("203.0.113.1", "203.0.113.2"):
        weir.cli("bypass", "add", last, "--for", "1h", "-c", weir.file)
    page = Page(weir)
    first = page.until("event", lambda event: "203.0.113.1" in json.dumps(event))
    page.close()
    for page in (Page(weir, headers=f"Last-Event-ID: {first['sequence']}\r\n"),
                 Page(weir, f"/api/v1/live?after={first['sequence']}")):
        assert page.until("event")["sequence"] == first["sequence"] + 1
        page.close()


# --- abuse

def test_slow_clients_are_let_go_and_hold_up_nobody(network, weir, origin):
    slow = []
    for data in (b"", b"GET", b"GET /metrics HTTP/1.1\r\nHost: local",
                 b"POST /api/v1/bypass HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"):
        for _ in range(40):
            slow.append(admin_socket(weir))
            slow[-1].sendall(data)
    page = Page(weir)
    page.until("summary")
    assert weir.http("GET", "/healthz")[0] == 200
    assert download(network.client, (ORIGIN, 80), 1 << 20)
    for sock in slow:  # each in time
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(4096):
                pass
        sock.close()
    page.until("summary")
    page.close()


def test_those_who_are_too_many_are_told_so(weir):
    idle = [admin_socket(weir) for _ in range(256)]
    told = admin_socket(weir)
    assert told.recv(4096).startswith(b"HTTP/1.1 503 ")
    for sock in idle:
        sock.close()
    wait_for(lambda: weir.http("GET", "/healthz")[0] == 200, what="an answer")


class Abuse:
    """Asks as fast as it can, each connection its own way, until it is told to stop."""

    def __init__(self, weir):
        self.weir = weir
        self.asked = 0
        self.stopped = threading.Event()
        ways = [self.ask, self.ask, self.big_body, self.nonsense, self.deaf_page, self.deaf_page]
        self.threads = [threading.Thread(target=self.run, args=(way,)) for way in ways]
        for thread in self.threads:
            thread.start()

    def run(self, way):
        while not self.stopped.is_set():
            with contextlib.suppress(OSError), admin_socket(self.weir) as sock:
                way(sock)
                self.asked += 1

    @staticmethod
    def ask(sock):
        paths = (b"/api/v1/summary", b"/api/v1/flows?sort=domain&text=x", b"/metrics", b"/dygraph.min.js")
        sock.sendall(b"".join(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in paths))
        sock.recv(1 << 20)

    @staticmethod
    def big_body(sock):
        sock.sendall(b"POST /api/v1/bypass HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n" +
                     b"x" * 100000)
        sock.recv(4096)

    @staticmethod
    def nonsense(sock):
        sock.sendall(bytes(range(256)) * 64)
        sock.recv(4096)

    def deaf_page(self, sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.stopped.wait(0.5)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def test_abuse_of_the_admin_port_does_not_reach_the_flows(network, weir, origin):
    abuse = Abuse(weir)
    try:
        wait_for(lambda: abuse.asked > 20, what="abuse")
        for mptcp in (False, True) * 10:
            download(network.client, (ORIGIN, 80), 2 << 20, mptcp=mptcp)
        with connect(network.client, (ORIGIN, 5001)) as sock:
            for _ in range(500):
                sock.sendall(b"ping")
                assert receive_exactly(sock, 4) == b"ping"
    finally:
        abuse.stop()
    ended = wait_for(lambda: (s := weir.get("/api/v1/summary"))["dispositions"]["splice"] == 21 and s["ends"],
                     what="every flow")
    assert sum(one["flows"] for one in ended if one["code"] == "finished") == 21
    assert weir.metric("weir_accept_paused_total") == 0 and weir.metric("weir_records_dropped_total") == 0
