"""What rules and [http] do to each request, and what is on record of it: HTTP/1.1 in the clear, and both versions
decrypted."""

import json
import re
import threading
import ssl
import subprocess

import pytest

from http_lab import INSPECTS, PLAIN1, PLAIN2, READ_WAYS, TLS1, TLS2, ways
from http_peers import Http1, Http2, Response, WasReset, text
from network import client_address
from peers import receive_exactly
from test_policy import dns_query
from weir import toml, wait_for

pytestmark = INSPECTS

HTTP1_WAYS, BY_TLS = ways(PLAIN1, TLS1), ways(TLS1, TLS2)
BODY = b"from the origin"
SECRETS = ["hunter2", "c00kie", "t0ken", "pa55"]
FIELDS = {"flow", "stream", "started", "client", "destination", "transport", "disposition", "version", "method", "url",
          "status", "request_bytes", "response_bytes", "first_byte_us", "last_byte_us", "rule", "end"}


def rule(name, when, **rest):
    lines = {"name": name, "when": when, **rest}
    return "[[rule]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in lines.items())


def block(origin, name="no", **when):
    """Of one origin's requests some, or all."""
    return rule(name, {"domains": [origin.name], **when}, action="block")


def plainly(request):
    return Response(fields=[("content-type", "text/plain")], body=BODY)


def echo_fields(request):
    """What the origin got, as it got it."""
    fields = [[name.lower(), value] for name, value in request.fields]
    return Response(body=json.dumps({"fields": fields, "authority": request.authority}).encode())


def got(response):
    """Of echo_fields: the values of each field."""
    fields = {}
    for name, value in json.loads(response.body)["fields"]:
        fields.setdefault(name, []).append(value)
    return fields


def targets(origin):
    return [request.target for request in origin.requests]


# --- which requests

WHEN = {
    "method": ({"methods": ["DELETE"]}, {"method": "DELETE"}),
    "path": ({"paths": ["/track/*"]}, {"target": "/track/me"}),
    "path_with_query": ({"paths": ["/track/*"]}, {"target": "/track/me?a=/b"}),
    "field": ({"headers": {"x-tenant": ["^acme$"]}}, {"fields": [("X-Tenant", "acme")]}),
    "one_of_several_fields": ({"headers": {"x-tenant": ["^acme$"]}},
                              {"fields": [("X-Tenant", "other"), ("X-Tenant", "acme")]}),
    "user_agent": ({"user_agents": ["^BadBot"]}, {"fields": [("User-Agent", "BadBot/2.0")]}),
    "both": ({"methods": ["POST"], "paths": ["/admin"]}, {"method": "POST", "target": "/admin", "body": b"x=1"}),
}
ALMOST = [{}, {"method": "PUT", "body": b"x"}, {"target": "/Track/me"}, {"target": "/x/track/"},
          {"fields": [("X-Tenant", "acme2")]}, {"fields": [("User-Agent", "GoodBot, not BadBot")]},
          {"method": "POST", "target": "/admin/"}]


@READ_WAYS
@pytest.mark.parametrize("what", WHEN)
def test_a_request_is_blocked_and_the_next_is_not(web, way, what):
    when, blocked = WHEN[what]
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, "no-" + what, **when)), web.client(origin, way) as client:
        for _ in range(2):
            response = client.ask(**blocked)
            assert response.status == 403 and b"no-" + what.encode() in response.body
            for request in ALMOST:
                assert client.ask(**request).body == BODY
    assert len(origin.requests) == 2 * len(ALMOST) and len(origin.server.peers) == 1
    record = web.requested(origin, status=403)
    assert record["end"] == "blocked" and record["rule"] == "no-" + what
    assert record["method"] == blocked.get("method", "GET")
    assert web.requested(origin, status=200)["rule"] is None


@READ_WAYS
def test_by_the_host_of_each_request(web, way):
    """On one connection, whose TLS names another."""
    origin = web.http_origin(plainly, way)
    names = {"blocked.origin.test": 403, "deep.below.origin.test": 403, "below.origin.test": 200, origin.name: 200,
             "BLOCKED.origin.test.": 403, "blocked.origin.test:8080": 403}
    rules = rule("no", {"domains": ["blocked.origin.test", "*.below.origin.test"]}, action="block")
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        for name, status in names.items():
            assert client.ask(authority=name).status == status, name
    assert len(origin.requests) == 2


@READ_WAYS
def test_the_first_rule_that_matches_decides(web, way):
    origin = web.http_origin(plainly, way)
    rules = (rule("open", {"domains": [origin.name], "paths": ["/public/*"]}) + block(origin, "posts", methods=["POST"])
             + rule("rest", {"domains": [origin.name], "paths": ["/gone"]}, action="reset"))
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        assert client.ask("POST", "/public/x", body=b"1").status == 200
        assert client.ask("POST", "/private", body=b"1").status == 403
        assert client.ask("GET", "/private").status == 200
    assert [web.requested(origin)["rule"] for _ in range(3)] == ["open", "posts", None]


@READ_WAYS
def test_a_reset_ends_the_request(web, way):
    """Of HTTP/2 the stream alone."""
    origin = web.http_origin(plainly, way)
    rules = rule("gone", {"domains": [origin.name], "paths": ["/gone"]}, action="reset")
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        assert client.ask().status == 200
        with pytest.raises((OSError, EOFError, WasReset)) as raised:
            client.ask(target="/gone")
        assert isinstance(raised.value, WasReset) == (way.version == "2")
        if way.version == "2":
            assert client.ask().status == 200
    record = web.requested(origin, end="reset")
    assert record["rule"] == "gone" and record["status"] is None
    assert "/gone" not in targets(origin)


def test_what_is_blocked_dials_nobody(web):
    origin = web.http_origin(plainly, PLAIN1)
    with web.with_sections(extra=block(origin, paths=["/no"])), web.client(origin, PLAIN1) as client:
        assert client.ask(target="/no").status == 403
        assert origin.server.peers == []
        assert client.ask().status == 200
    assert len(origin.server.peers) == 1


@ways(PLAIN1, PLAIN2)
def test_an_origin_that_cannot_be_had_is_told_and_on_record(web, way):
    """In place of a reset, for the request was read."""
    origin = web.place(way.port)
    with web.with_sections(gateway={"connect_timeout": "1s"}), web.client(origin, way) as client:
        response = client.ask(target="/there")
        assert response.status == 502 and b"refused the connection" in response.body
    record = web.requested(origin, status=502)
    assert record["end"] == "aborted" and record["url"] == web.url(origin, way, "/there") and record["rule"] is None
    assert web.record(origin)["end"] == {"stage": "connect", "side": "upstream", "code": "refused"}


@ways(PLAIN1, TLS1, TLS2)
def test_what_is_on_when_the_flow_ends_is_on_record(web, way):
    over = threading.Event()
    origin = web.http_origin(lambda request: over.wait(20) and plainly(request), way)
    with web.with_sections(gateway={"idle_timeout": "1s"}), web.client(origin, way) as client:
        begin = client.start if way.version == "2" else client.send_request
        begin("GET", "/slow")
        record = web.requested(origin)
        over.set()
    assert record["end"] == "aborted" and record["status"] is None
    assert web.record(origin)["end"]["code"] == "idle"


OTHER_SPELLINGS = ["/%73ecret", "//secret", "/./secret", "/x/../secret", "/x/%2e%2E/secret", "/\\secret"]


@READ_WAYS
def test_a_path_is_judged_however_it_is_spelt(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, paths=["/secret*"])), web.client(origin, way) as client:
        for path in OTHER_SPELLINGS:
            assert client.ask(target=path).status == 403, path
        assert client.ask(target="/x/../%61//b").status == 200
    assert targets(origin) == ["/x/../%61//b"]


# --- what becomes of the connection

@READ_WAYS
@pytest.mark.parametrize("size", [10, 100_000, 3 << 20])
def test_a_blocked_request_with_a_body(web, way, size):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, methods=["POST"])), web.client(origin, way) as client:
        if way.version == "2":
            # Who blocks may say that it wants no more of the body (RFC 9113, 8.1).
            stream = client.start("POST", end=False)
            try:
                client.send(stream, b"b" * size, end=True)
            except WasReset as reset:
                assert reset.code == 0
            assert client.heard(stream).pseudo("status") == "403"
        else:
            assert client.ask("POST", body=b"b" * size).status == 403
        assert client.ask().body == BODY
    assert targets(origin) == ["/"] and origin.requests[0].method == "GET"


@HTTP1_WAYS
def test_a_blocked_upload_is_told_before_it_begins(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, methods=["PUT"])), web.client(origin, way) as client:
        client.head("PUT / HTTP/1.1", [("Host", origin.name), ("Content-Length", 1 << 30), ("Expect", "100-continue")])
        response = client.response()
        assert response.status == 403 and response.informational == []
    assert origin.requests == []


@HTTP1_WAYS
def test_a_blocked_chunked_body_is_read_to_its_end(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, methods=["POST"])), web.client(origin, way) as client:
        body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        assert client.ask("POST", body=body, trailers=[("X", "1")]).status == 403
        assert client.ask().body == BODY
    assert targets(origin) == ["/"]


@HTTP1_WAYS
def test_answers_keep_the_order_of_pipelined_requests(web, way):
    origin = web.http_origin(lambda request: text(request.target), way)
    with web.with_sections(extra=block(origin, paths=["/no*"])), web.client(origin, way) as client:
        for target in ("/1", "/no1", "/2", "/no2", "/no3", "/3"):
            client.send_request("GET", target)
        answers = [client.response() for _ in range(6)]
    assert [answer.status for answer in answers] == [200, 403, 200, 403, 403, 200]
    assert [answer.body for answer in answers if answer.status == 200] == [b"/1", b"/2", b"/3"]


def test_a_blocked_stream_leaves_those_beside_it(web):
    origin = web.http_origin(lambda request: Response(body=request.body), TLS2)
    with web.with_sections(extra=block(origin, paths=["/no"])), web.client(origin, TLS2) as client:
        upload = client.start("POST", end=False)
        client.send(upload, b"one ")
        for _ in range(20):
            assert client.ask(target="/no").status == 403
        client.send(upload, b"two", end=True)
        assert client.response(upload).body == b"one two"


@READ_WAYS
def test_a_head_that_is_blocked(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, methods=["HEAD"])), web.client(origin, way) as client:
        response = client.ask("HEAD")
        assert response.status == 403 and response.body == b""
        assert client.ask().body == BODY


@HTTP1_WAYS
def test_a_client_that_wants_no_more_gets_no_more(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, paths=["/no"])), web.client(origin, way) as client:
        response = client.ask(target="/no", fields=[("Connection", "close")])
        assert response.status == 403 and response.closes
        client.sock.settimeout(1)  # not when weir is tired of waiting for more (2 s)
        assert client.is_at_end()


# --- the page

@READ_WAYS
@pytest.mark.parametrize("accept, kind", [
    ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"), ("application/json", "application/problem+json"),
    ("text/plain", "text/plain"), (None, "text/plain")])
def test_the_page_is_as_the_client_reads(web, way, accept, kind):
    origin = web.http_origin(plainly, way)
    fields = [("Accept", accept)] if accept else []
    with web.with_sections(extra=block(origin, "no-page", paths=["/*"])), web.client(origin, way) as client:
        response = client.ask(target="/a'b&c?q=hunter2", fields=fields)
    page = response.body.decode()
    assert response.status == 403 and response.get("content-type").split(";")[0] == kind
    assert response.get("cache-control") == "no-store" and response.get("x-content-type-options") == "nosniff"
    assert int(response.get("content-length")) == len(response.body)
    assert "hunter2" not in page
    if kind == "text/html":
        assert "no-page" in page and "b&amp;c" in page and "/a'b" not in page
    elif kind == "text/plain":
        assert "rule: no-page" in page and f"{origin.name}/a'b&c" in page
    else:
        told = json.loads(page)
        assert told["status"] == 403 and told["rule"] == "no-page" and told["name"] == f"{origin.name}/a'b&c"
        assert told["flow"] == web.requested(origin)["flow"]


# --- header edits

@READ_WAYS
def test_fields_are_edited_both_ways(web, way):
    def answer(request):
        response = echo_fields(request)
        response.fields += [("Server", "Secret/1.0"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                            ("X-Powered-By", "x"), ("X-Frame-Options", "ALLOW")]
        return response

    origin = web.http_origin(answer, way)
    rules = rule("edit", {"domains": [origin.name], "paths": ["/edit*"]},
                 set_request_headers={"X-Tenant": "acme", "user-agent": "gateway/1"},
                 remove_request_headers=["Cookie", "x-forwarded-for"],
                 set_response_headers={"X-Frame-Options": "DENY", "X-New": "1"},
                 remove_response_headers=["server", "X-Powered-By", "Absent"])
    sent = [("X-Tenant", "evil"), ("x-tenant", "evil too"), ("User-Agent", "curl"), ("Cookie", "c00kie=1"),
            ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "5.6.7.8"), ("X-Kept", "yes")]
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        edited, plain, again = (client.ask(target=target, fields=sent) for target in ("/edit/1", "/other", "/edit/2"))
    for response in (edited, again):
        fields = got(response)
        assert fields["x-tenant"] == ["acme"] and fields["user-agent"] == ["gateway/1"] and fields["x-kept"] == ["yes"]
        assert "cookie" not in fields and "x-forwarded-for" not in fields
        assert response.get("x-frame-options") == "DENY" and response.get("x-new") == "1"
        assert response.count("set-cookie") == 2
        assert response.count("server") == response.count("x-powered-by") == 0
    fields = got(plain)
    assert fields["x-tenant"] == ["evil", "evil too"] and fields["x-forwarded-for"] == ["1.2.3.4", "5.6.7.8"]
    assert plain.get("server") == "Secret/1.0" and plain.get("x-frame-options") == "ALLOW"
    assert plain.count("x-new") == 0


@READ_WAYS
def test_edits_where_there_is_no_body(web, way):
    origin = web.http_origin(lambda request: Response(304 if request.method == "GET" else 200, [("Server", "s")]), way)
    rules = rule("edit", {"domains": [origin.name]}, set_response_headers={"X-New": "1"},
                 remove_response_headers=["Server"])
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        for method in ("GET", "HEAD", "GET"):
            response = client.ask(method)
            assert response.get("x-new") == "1" and response.count("server") == 0


@READ_WAYS
def test_what_is_judged_is_what_the_client_said(web, way):
    """Not what a rule makes of it."""
    origin = web.http_origin(echo_fields, way)
    rules = (rule("edit", {"domains": [origin.name], "paths": ["/edit"]}, set_request_headers={"X-Tenant": "acme"})
             + block(origin, headers={"x-tenant": ["acme"]}))
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        assert got(client.ask(target="/edit"))["x-tenant"] == ["acme"]
        assert client.ask(fields=[("X-Tenant", "acme")]).status == 403


@READ_WAYS
def test_fields_arrive_as_they_were_sent(web, way):
    """Where no rule says otherwise: their order, empty ones, bytes above ASCII."""
    origin = web.http_origin(echo_fields, way)
    value = "caf\N{LATIN SMALL LETTER E WITH ACUTE}" if way.version == "2" else "caf\xe9"
    sent = [("X-B", "2"), ("X-A", "1"), ("X-Empty", ""), ("X-B", "3"), ("X-Text", value), ("X-Tabs", "a\tb"),
            ("Authorization", "Basic hunter2"), ("X-Colon", "a: b"), ("X-Comma", "a, b")]
    with web.client(origin, way) as client:
        fields = json.loads(client.ask(fields=sent).body)["fields"]
    mine = [(name, value) for name, value in fields if name.startswith("x-") or name == "authorization"]
    assert mine == [(name.lower(), value) for name, value in sent]


@HTTP1_WAYS
def test_fields_of_the_connection_end_at_it(web, way):
    origin = web.http_origin(echo_fields, way)
    sent = [("Connection", "keep-alive, X-Mine"), ("X-Mine", "1"), ("Keep-Alive", "timeout=5"), ("X-Other", "2"),
            ("Proxy-Connection", "keep-alive")]
    with web.client(origin, way) as client:
        fields = got(client.ask(fields=sent))
    assert "x-mine" not in fields and "proxy-connection" not in fields and fields["x-other"] == ["2"]


# --- Alt-Svc

@READ_WAYS
def test_http3_is_not_announced_where_quic_is_refused(web, way):
    def answer(request):
        return Response(fields=[("alt-svc", request.get("x-services"))])

    origin = web.http_origin(answer, way)
    services = {'h3=":443"; ma=86400': None, 'h3=":443"; ma=86400, h3-29=":443"': None,
                'h2="other:443"; ma=60': 'h2="other:443"; ma=60', "clear": "clear",
                'h3=":443"; ma=1; persist=1, h2=":8443"; ma=2': 'h2=":8443"; ma=2',
                'h3-29="a,b:443", h3-Q050=":1"': None}
    with web.client(origin, way) as client:
        for said, heard in services.items():
            # Whether the rest of it stays is weir's to choose.
            assert client.ask(fields=[("x-services", said)]).get("alt-svc") in (None, heard), said
    with web.with_sections(quic={"action": "allow"}), web.client(origin, way) as client:
        for said in services:
            assert client.ask(fields=[("x-services", said)]).get("alt-svc") == said


def test_nor_by_a_frame(web):
    """ALTSVC, RFC 7838, 4."""
    def serve(sock):
        connection = Http2(sock, client_side=False)
        connection.until(lambda: connection.ended)
        connection.h2.advertise_alternative_service(b'h3=":443"', stream_id=1)
        connection.respond(1, text("here"))
        connection.until(lambda: connection.goaway is not None)

    origin = web.origin_of(serve, TLS2)
    with web.client(origin, TLS2) as client:
        seen = []
        take, client._take = client._take, lambda event: (seen.append(type(event).__name__), take(event))
        assert client.ask().body == b"here"
    assert "ResponseReceived" in seen and "AlternativeServiceAvailable" not in seen


# --- names: fronting, Host that points elsewhere, confirmed names

@BY_TLS
def test_another_host_is_judged_by_both_names(web, way):
    origin = web.http_origin(plainly, way)
    other = "front-" + origin.name
    for blocked in (origin.name, other):
        rules = rule("no", {"domains": [blocked], "methods": ["GET"]}, action="block")
        with web.with_sections(extra=rules), web.client(origin, way) as client:
            assert client.ask(authority=other).status == 403, blocked
            assert client.ask("POST", authority=other).status == 200
    with web.client(origin, way) as client:
        assert client.ask(authority=other).body == BODY
    assert all(request.authority == other for request in origin.requests)


@BY_TLS
def test_fronting_can_be_refused(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(http={"domain_fronting": "block"}), web.client(origin, way) as client:
        for _ in range(2):
            assert client.ask(target="/other", authority="front-" + origin.name).status == 421
            for same in (origin.name, origin.name.upper(), origin.name + ".", origin.name + ":443"):
                assert client.ask(target="/same", authority=same).body == BODY, same
    assert targets(origin) == ["/same"] * 8
    record = web.requested(origin, status=421)
    assert record["end"] == "blocked" and record["url"] == f"https://front-{origin.name}/other"
    assert record["rule"] is None and record["cause"] == "domain_fronting"


def test_in_the_clear_there_is_no_other_name(web):
    origin = web.http_origin(plainly, PLAIN1)
    with web.with_sections(http={"domain_fronting": "block"}), web.client(origin, PLAIN1) as client:
        for name in (origin.name, "front-" + origin.name):
            assert client.ask(authority=name).body == BODY


@READ_WAYS
def test_a_host_that_points_elsewhere_goes_where_it_was_sent(web, way):
    here = web.http_origin(lambda request: text("here"), way)
    there = web.http_origin(lambda request: text("there"), way)
    with web.client(here, way) as client:
        assert client.ask(authority=web.authority_of(there, way)).body == b"here"
        assert client.ask(authority=there.address).body == b"here"
    assert there.server.peers == [] and here.requests[0].authority == web.authority_of(there, way)
    assert web.requested(here)["destination"] == f"{here.address}:{way.port}"


@HTTP1_WAYS
def test_an_absolute_target_counts_for_its_host(web, way):
    """RFC 9112, 3.2.2; and it reaches the origin so that both mean the same."""
    origin = web.http_origin(lambda request: text(f"{request.authority} {request.target}"), way)
    rules = rule("no", {"domains": ["inner.origin.test"], "paths": ["/secret"]}, action="block")
    scheme = "https" if way.tls else "http"
    with web.with_sections(extra=rules), web.client(origin, way) as client:
        for target, status in (("/secret", 403), ("/open", 200)):
            response = client.ask(target=f"{scheme}://inner.origin.test{target}", authority="inner.origin.test")
            assert response.status == status
    authority, target = response.body.decode().split(" ")
    assert authority == "inner.origin.test" and target in ("/open", f"{scheme}://inner.origin.test/open")
    assert web.requested(origin, status=200)["url"] == f"{scheme}://inner.origin.test/open"


@pytest.fixture
def names(web, tmp_path):
    """A resolver behind the gateway, told of an origin."""
    def tell(origin):
        file = tmp_path / "dnsmasq.conf"
        file.write_text("no-daemon\nno-resolv\nno-hosts\nbind-interfaces\nlisten-address=10.9.0.2\nlocal-ttl=300\n"
                        f"user=root\ngroup=root\npid-file={tmp_path}/pid\nhost-record={origin.name},{origin.address}\n")
        process = web.network.origin.start(["dnsmasq", "-C", file], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
        wait_for(lambda: web.network.origin.output(["ss", "-Hlnu", "sport", "=", "53"]), what="dnsmasq")
        processes.append(process)

    processes = []
    yield tell
    for process in processes:
        process.kill()
        process.wait()


@READ_WAYS
def test_a_name_is_confirmed_by_the_dns(web, names, way):
    origin = web.http_origin(plainly, way)
    names(origin)
    rules = rule("liars", {"name_confirmed": False, "destinations": [f"{origin.address}/32"]}, action="block")

    def status():
        try:
            with web.client(origin, way) as client:
                return client.ask().status
        except ssl.SSLError as error:  # a client of HTTP/2 alone may be told so by TLS
            assert way == TLS2 and "ACCESS_DENIED" in str(error)
            return 403

    with web.with_sections(extra=rules, dns={"watch": ["10.9.0.2"]}):
        assert status() == 403
        dns_query(web.network, origin.name)
        wait_for(lambda: status() == 200, what="the name to be confirmed")
        if way == PLAIN1:  # each request by its own name
            with web.client(origin, way) as client:
                assert client.ask().status == 200
                assert client.ask(authority="www.elsewhere.test").status == 403
                assert client.ask().status == 200
    assert set(request.authority for request in origin.requests) == {origin.name}


# --- Via, Forwarded

@READ_WAYS
def test_origins_are_told_of_the_gateway_where_that_is_wished(web, way):
    def answer(request):
        response = echo_fields(request)
        response.fields.append(("Via", "1.1 cache"))
        return response

    origin = web.http_origin(answer, way)
    sent = [("Via", "1.0 fred"), ("Forwarded", "for=192.0.2.1")]
    with web.client(origin, way) as client:
        response = client.ask(fields=sent)
        assert got(response)["via"] == ["1.0 fred"] and got(response)["forwarded"] == ["for=192.0.2.1"]
        assert response.get("via") == "1.1 cache"
        plain = client.ask()
        assert "via" not in got(plain) and "forwarded" not in got(plain)
    with web.with_sections(http={"via": True, "forwarded": True}), web.client(origin, way) as client:
        response = client.ask(fields=sent)
        number = {"1.1": "1.1", "2": "2(.0)?"}[way.version]
        assert re.fullmatch(rf"1\.0 fred, {number} \S+( \(.*\))?", ", ".join(got(response)["via"]))
        assert re.fullmatch(rf"1\.1 cache, {number} \S+( \(.*\))?", response.get("via"))
        forwarded = ", ".join(got(response)["forwarded"])
        assert re.match(rf'for=192\.0\.2\.1, .*for="?{re.escape(client_address())}(:\d+)?"?', forwarded), forwarded


# --- upgrades

def upgrade(web, origin, way, protocol):
    with web.client(origin, way) as client:
        return client.ask(fields=[("Connection", "Upgrade"), ("Upgrade", protocol)])


@HTTP1_WAYS
def test_only_upgrades_of_the_list_are_passed_on(web, way):
    """The others' requests go on without (RFC 9110, 7.8: a server may ignore it)."""
    def serve(sock):
        connection = Http1(sock)
        while True:
            request = connection.request_head()
            seen.append(request)
            if request.get("upgrade"):
                connection.head("HTTP/1.1 101 Switching", [("Connection", "Upgrade"),
                                                           ("Upgrade", request.get("upgrade"))])
                return sock.sendall(receive_exactly(sock, 4))
            connection.respond(text("as ever"))

    seen = []
    origin = web.origin_of(serve, way)
    assert upgrade(web, origin, way, "chat/1").body == b"as ever"
    assert upgrade(web, origin, way, "websocket").status == 101
    with web.with_sections(http={"upgrades": ["chat"]}):
        assert upgrade(web, origin, way, "websocket").body == b"as ever"
        with web.client(origin, way) as client:
            assert client.ask(fields=[("Connection", "Upgrade"), ("Upgrade", "chat")]).get("upgrade") == "chat"
            client.sock.sendall(b"ping")
            assert client.take(4) == b"ping"
    with web.with_sections(http={"upgrades": []}):
        assert upgrade(web, origin, way, "websocket").body == b"as ever"
    assert upgrade(web, origin, way, "h2c").body == b"as ever"
    assert [request.get("upgrade") for request in seen] == [None, "websocket", None, "chat", None, None]


@HTTP1_WAYS
def test_an_upgrade_is_judged_as_any_request(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(extra=block(origin, headers={"upgrade": ["websocket"]})):
        assert upgrade(web, origin, way, "websocket").status == 403
    assert origin.requests == []


# --- records

@READ_WAYS
def test_a_record_says_what_was(web, way):
    origin = web.http_origin(lambda request: Response(body=request.body * 2), way)
    with web.client(origin, way) as client:
        client.ask("POST", "/a/b?c=pa55", body=b"12345")
        client.ask("GET", "/")
        port = client.sock.getsockname()[1]
    first, second = web.requested(origin, method="POST"), web.requested(origin, method="GET")
    flow = web.record(origin)
    assert FIELDS <= set(first), FIELDS - set(first)
    assert first["flow"] == second["flow"] == flow["id"] and flow["requests"] == 2
    assert [first["stream"], second["stream"]] == ([1, 3] if way.version == "2" else [1, 2])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["started"])
    assert first["client"] == f"{client_address()}:{port}" and first["destination"] == f"{origin.address}:{way.port}"
    assert first["transport"] == "tcp" and first["disposition"] == way.disposition == flow["disposition"]
    assert first["version"] == way.word and first["url"] == web.url(origin, way, "/a/b") and first["status"] == 200
    assert (first["request_bytes"], first["response_bytes"]) == (5, 10)
    assert (second["request_bytes"], second["response_bytes"]) == (0, 0)
    assert 0 <= first["first_byte_us"] <= first["last_byte_us"]
    assert first["rule"] is None and first["end"] == "finished" and "fault" not in first


@READ_WAYS
def test_no_secret_is_on_record(web, way):
    origin = web.http_origin(plainly, way)
    sent = [("Authorization", "Bearer hunter2"), ("Cookie", "session=c00kie"), ("Proxy-Authorization", "Basic hunter2"),
            ("X-Api-Key", "t0ken"), ("Referer", f"https://{origin.name}/?key=t0ken")]
    with web.client(origin, way) as client:
        assert client.ask(target="/login?user=a&password=pa55", fields=sent).status == 200
        assert client.ask("POST", "/form", body=b"password=pa55").status == 200
        if way.version == "1.1":  # userinfo in a target (RFC 9110, 4.2.4) may be refused; it is not kept in either case
            scheme = "https" if way.tls else "http"
            client.send_request("GET", f"{scheme}://user:hunter2@{origin.name}/there")
            assert client.response().status in (200, 400)
    for url in ("/login", "/form"):
        web.requested(origin, url=web.url(origin, way, url))
    web.record(origin)
    logs = web.requests.file.read_text() + "".join(web.weir.records.rest_so_far()) + "".join(web.weir.log.rest_so_far())
    assert not [secret for secret in SECRETS if secret in logs]


def test_the_query_is_where_it_is_asked_for(web):
    origin = web.http_origin(plainly, TLS1)
    with web.with_sections(log={"request_query": True}), web.client(origin, TLS1) as client:
        client.ask(target="/find?q=weir&x=%20")
    assert web.requested(origin)["url"] == web.url(origin, TLS1, "/find?q=weir&x=%20")


def test_records_go_where_they_are_sent(web):
    origin = web.http_origin(plainly, TLS2)
    with web.with_sections(log={"requests": "stdout"}), web.client(origin, TLS2) as client:
        client.ask(target="/to/stdout")
        line = web.weir.records.until(lambda line: '/to/stdout"' in line)
        assert json.loads(line)["status"] == 200
    with web.with_sections(log={"requests": "off"}), web.client(origin, TLS2) as client:
        client.ask(target="/to/nobody")
    with web.client(origin, TLS2) as client:
        client.ask(target="/to/file")
    web.requested(origin, url=web.url(origin, TLS2, "/to/file"))
    assert "/to/nobody" not in web.requests.file.read_text() + "".join(web.weir.records.rest_so_far())


@READ_WAYS
def test_bytes_that_were_left_are_counted(web, way):
    """By the origin, in the midst of its response."""
    def cut(sock):
        if way.version == "1.1":
            connection = Http1(sock)
            connection.request()
            connection.head("HTTP/1.1 200 OK", [("Content-Length", 1000)])
            sock.sendall(b"x" * 400)
        else:
            connection = Http2(sock, client_side=False)
            connection.until(lambda: connection.ended)
            connection.h2.send_headers(1, [(":status", "200"), ("content-length", "1000")])
            connection.send(1, b"x" * 400)
            connection.h2.reset_stream(1, 2)
            connection.flush()
            connection.until(lambda: False)

    origin = web.origin_of(cut, way)
    with web.client(origin, way) as client, pytest.raises((EOFError, OSError, WasReset)):
        client.ask()
    record = web.requested(origin)
    assert record["end"] == "aborted" and record["status"] == 200 and record["response_bytes"] == 400


# --- what is read at all

@pytest.mark.parametrize("extra, requests, read", [
    ("", "off", False), ("", "requests.log", True), (rule("r", {"domains": ["x.test"]}), "off", True),
    (rule("r", {"methods": ["POST"]}), "off", True), (rule("r", {"headers": {"a": ["b"]}}), "off", True),
    (rule("r", {"sources": ["192.0.2.1"]}, set_request_headers={"A": "b"}), "off", True),
    (rule("r", {"sources": ["192.0.2.1"]}), "off", False)],
    ids=["nothing", "log", "names", "methods", "fields", "edits", "addresses"])
def test_plain_http_is_read_where_it_is_asked_for(web, extra, requests, read):
    origin = web.http_origin(plainly, PLAIN1)
    with web.with_sections(extra=extra, log={"requests": requests}):
        with web.client(origin, PLAIN1) as client:
            assert client.ask().body == client.ask().body == BODY
        assert web.record(origin)["disposition"] == ("inspect" if read else "splice")


@BY_TLS
def test_what_is_decrypted_always_is(web, way):
    origin = web.http_origin(plainly, way)
    with web.with_sections(log={"requests": "off"}):
        with web.client(origin, way) as client:
            assert client.ask().body == BODY
        record = web.record(origin)
    assert record["disposition"] == "decrypt" and record["requests"] == 1


def test_what_is_no_http_passes_beside_it(web):
    """On the ports of HTTP, in the clear and within TLS."""
    def banner(sock):
        sock.sendall(b"220 hello\r\n")
        sock.sendall(receive_exactly(sock, 4)[::-1])

    plain = web.raw_origin(banner, port=80)
    with web.connect(plain) as sock:
        assert receive_exactly(sock, 11) == b"220 hello\r\n"
        sock.sendall(b"\0\1\2\3")
        assert receive_exactly(sock, 4) == b"\3\2\1\0"
    assert web.record(plain)["disposition"] == "splice"
    tls = web.origin(banner)
    with web.open(tls) as sock:
        assert receive_exactly(sock, 11) == b"220 hello\r\n"
        sock.sendall(b"\0\1\2\3")
        assert receive_exactly(sock, 4) == b"\3\2\1\0"
    assert web.record(tls)["disposition"] == "decrypt"
