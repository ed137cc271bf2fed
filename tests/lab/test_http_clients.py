"""Clients and origins as they are, through a weir that reads what they say: each is served as if it were not there."""

import asyncio
import concurrent.futures
import hashlib
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import threading

import pytest
import websockets

from http_lab import (BY_TLS, EVERY_WAY, PLAIN1, PLAIN2, READ_WAYS, TLS1, TLS2, TRANSPORTS, inspects, through, ways)
from http_peers import Http1, Http2, Response, text
from peers import pieces
from tls_peers import client_context, server_context
from weir import wait_for

MIB = 1 << 20
# WEIR_LAB_FULL=1: a gibibyte each way.
BULK = (1024 if os.environ.get("WEIR_LAB_FULL") else 48) * MIB
GRPC_PEER = pathlib.Path(__file__).with_name("grpc_peer.py")
MEDIUM = 200_000
RESOURCES = 200
HTTP1_WAYS, HTTP2_WAYS = ways(PLAIN1, TLS1), ways(TLS2, PLAIN2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("site")
    (made / "files").mkdir()
    with open(made / "files" / "bulk", "wb") as file:
        for piece in pieces(BULK):
            file.write(piece)
    (made / "files" / "small").write_bytes(b"s" * 1000)
    (made / "files" / "medium").write_bytes(b"m" * MEDIUM)
    (made / "files" / "page.html").write_text(
        "<!doctype html><script>let n = 0; function loaded() { document.title = `loaded ${++n}` }</script>"
        + "".join(f'<script src="/resource/{number}" async></script>' for number in range(RESOURCES)))
    return made


@pytest.fixture(scope="module")
def site(web, folder):
    """nginx: files to read and to write."""
    return web.nginx(folder, f"""
    location = /hello {{ return 200 "hello\\n"; }}
    location = /empty {{ return 204; }}
    location = /moved {{ return 302 /hello; }}
    location ^~ /resource/ {{ default_type text/javascript; return 200 "loaded();"; }}
    location = /files/page.html {{ root {folder}; gzip on; }}
    location /files/ {{ root {folder}; dav_methods PUT; }}""")


def hash_of(file):
    digest = hashlib.sha256()
    with open(file, "rb") as content:
        while data := content.read(MIB):
            digest.update(data)
    return digest.hexdigest()


# --- curl and nginx

@TRANSPORTS
@EVERY_WAY
def test_a_get(web, site, way, mptcp):
    done = web.fetch(site, way, "/hello", "-w", "%{http_version} %{http_code}", mptcp=mptcp)
    assert done.stdout == f"hello\n{way.version} 200"
    if way != PLAIN2:
        web.requested(site, method="GET", url=web.url(site, way, "/hello"), status=200, version=way.word,
                      end="finished", request_bytes=0, response_bytes=len("hello\n"), disposition=way.disposition,
                      transport="mptcp" if mptcp else "tcp")


# Not with HTTP/2 in the clear, of which curl 7.88 uses no connection twice.
@READ_WAYS
def test_one_connection_for_many(web, site, way):
    urls = [word for _ in range(20) for word in ("-o", "-", web.url(site, way, "/hello"))]
    done = web.fetch(site, way, "/hello", "-w", "%{num_connects}\n", *urls)
    assert done.stdout.count("hello\n") == 21
    assert sorted(re.findall(r"^\d$", done.stdout, re.M)) == ["0"] * 20 + ["1"]


@READ_WAYS
def test_many_at_once_by_curl(web, site, way):
    words = ["-Z", "--parallel-max", "40"]
    done = web.fetch(site, way, "/files/small", *words, *[web.url(site, way, "/files/small")] * 60)
    assert done.stdout == "s" * 61_000


@READ_WAYS
def test_responses_without_a_body(web, site, way):
    """Each followed by one on the same connection, which a wrong idea of the body would spoil."""
    options = [*web.curl_options(site, way), "-w", "%{http_code} %{num_connects}\n"]
    for path, words, status in (("/files/small", ["-I"], 200), ("/empty", [], 204), ("/moved", ["-o", os.devnull], 302),
                                ("/files/small", ["-H", "If-None-Match: *"], 304), ("/files/none", ["-I"], 404)):
        done = web.network.client.run(["curl", *options, *words, web.url(site, way, path), "--next", *options,
                                       web.url(site, way, "/hello")])
        assert f"{status} 1\n" in done.stdout and done.stdout.endswith("hello\n200 0\n"), (path, done.stdout)


@EVERY_WAY
def test_a_head_tells_the_length(web, site, way):
    done = web.fetch(site, way, "/files/small", "-I")
    assert re.search(r"^content-length: 1000\r?$", done.stdout, re.I | re.M)


@EVERY_WAY
def test_ranges_and_codings_are_the_origins(web, site, way):
    assert web.fetch(site, way, "/files/small", "-r", "10-19", "-w", "%{http_code}").stdout == "s" * 10 + "206"
    page = web.fetch(site, way, "/files/page.html", "--compressed", "-i").stdout
    assert re.search("^content-encoding: gzip", page, re.I | re.M) and page.count("<script src") == RESOURCES


@EVERY_WAY
def test_a_small_upload_and_the_file_it_makes(web, site, folder, way):
    name = f"/files/put-{way}"
    done = web.fetch(site, way, name, "-X", "PUT", "--data-binary", "x" * 1000, "-w", "%{http_code}")
    assert done.stdout == "201" and (folder / name[1:]).read_text() == "x" * 1000
    if way != PLAIN2:
        web.requested(site, method="PUT", status=201, request_bytes=1000, end="finished")


@TRANSPORTS
@READ_WAYS
def test_bulk_each_way(web, site, folder, way, mptcp):
    words = [*through(mptcp), "curl", "-f", *web.curl_options(site, way)]
    url, target = web.url(site, way, "/files/bulk"), web.url(site, way, "/files/uploaded")
    done = web.network.client.run(["sh", "-c", '"$@" | sha256sum', "sh", *words, url], timeout=110)
    assert done.stdout.split()[0] == hash_of(folder / "files" / "bulk")
    web.network.client.run([*words, "-T", folder / "files" / "bulk", target], timeout=110)
    assert hash_of(folder / "files" / "uploaded") == hash_of(folder / "files" / "bulk")
    os.remove(folder / "files" / "uploaded")
    web.requested(site, url=url, response_bytes=BULK, end="finished")
    web.requested(site, url=target, request_bytes=BULK, end="finished")


@TRANSPORTS
def test_the_h2c_upgrade_that_curl_offers(web, site, mptcp):
    """An origin may take it or leave it (RFC 7540, 3.2; RFC 9113 has done away with it)."""
    done = web.network.client.run(
        [*through(mptcp), "curl", "-sS", "--http2", "--resolve", f"{site.name}:80:{site.address}",
         f"http://{site.name}/hello"])
    assert done.stdout == "hello\n"


# --- curl and what nginx does not do

def hashed(request):
    return text(f"{request.method} {len(request.body)} {hashlib.sha256(request.body).hexdigest()}")


@EVERY_WAY
def test_a_chunked_upload(web, way):
    origin = web.http_origin(hashed, way)
    body = "".join(f"{number}\n" for number in range(100_000))
    done = web.fetch(origin, way, "/", "-T", "-", input=body)
    assert done.stdout == f"PUT {len(body)} {hashlib.sha256(body.encode()).hexdigest()}"
    if way.version == "1.1":
        assert origin.requests[0].get("transfer-encoding") == "chunked"


@HTTP1_WAYS
@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_an_upload_that_waits_for_100(web, tmp_path, way, size):
    origin = web.http_origin(hashed, way)
    file = tmp_path / "body"
    file.write_bytes(b"b" * size)
    # It would wait for a minute if the 100 did not come.
    done = web.fetch(origin, way, "/", "--data-binary", f"@{file}", "-H", "Expect: 100-continue", "--expect100-timeout",
                     "60", "-v")
    assert done.stdout == f"POST {size} {hashlib.sha256(b'b' * size).hexdigest()}"
    assert "HTTP/1.1 100 Continue" in done.stderr


@HTTP1_WAYS
def test_an_upload_that_is_refused_before_it_begins(web, tmp_path, way):
    def refuse(sock):
        connection = Http1(sock)
        assert connection.request_head().get("expect") == "100-continue"
        connection.respond(text("too large", 413, closes=True))
        return connection.rest()

    origin = web.origin_of(refuse, way)
    file = tmp_path / "body"
    file.write_bytes(b"b" * MIB)
    done = web.fetch(origin, way, "/", "--data-binary", f"@{file}", "-H", "Expect: 100-continue", "--expect100-timeout",
                     "60", "-w", " %{http_code} %{size_upload}")
    assert done.stdout == "too large 413 0"
    wait_for(lambda: origin.server.results, what="the origin's end")
    assert origin.server.results == [b""]


@HTTP1_WAYS
def test_a_body_until_the_connections_end(web, way):
    origin = web.http_origin(lambda request: Response(body=b"c" * 100_000, framing="close"), way)
    assert web.fetch(origin, way).stdout == "c" * 100_000
    web.requested(origin, response_bytes=100_000, end="finished")


@HTTP1_WAYS
def test_a_client_of_http_1_0(web, way):
    """It knows no chunks."""
    origin = web.http_origin(lambda request: Response(body=b"old", framing="close"), way)
    done = web.fetch(origin, way, "/", "--http1.0", "-w", " %{http_code}")
    assert done.stdout == "old 200"
    web.requested(origin, version="HTTP/1.0", end="finished")


# --- messages by hand

@EVERY_WAY
def test_trailers_both_ways(web, way):
    def answer(request):
        return Response(body=request.body, trailers=[("x-sum", "42"), ("x-more", "a b")], framing="chunked",
                        fields=[("trailer", "x-sum, x-more")])

    origin = web.http_origin(answer, way)
    with web.client(origin, way) as client:
        for _ in range(2):
            fields = [("TE", "trailers"), ("Trailer", "X-Mine")]
            response = client.ask("POST", "/", fields, b"body", trailers=[("X-Mine", "yes")])
            assert response.body == b"body"
            assert [(name.lower(), value) for name, value in response.trailers] == [("x-sum", "42"), ("x-more", "a b")]
    assert [(name.lower(), value) for name, value in origin.requests[1].trailers] == [("x-mine", "yes")]


@EVERY_WAY
def test_hints_before_the_response(web, way):
    link = ("link", "</style.css>; rel=preload")
    origin = web.http_origin(lambda request: text("page", informational=[(103, [link]), (103, [link])]), way)
    with web.client(origin, way) as client:
        for _ in range(2):
            response = client.ask()
            assert response.status == 200 and response.body == b"page"
            assert [status for status, _ in response.informational] == [103, 103]
            assert all(link in [(name.lower(), value) for name, value in fields]
                       for _, fields in response.informational)


@EVERY_WAY
def test_bodies_of_many_sizes_on_one_connection(web, way):
    origin = web.http_origin(lambda request: Response(body=request.body), way)
    sizes = [0, 1, 100, 1023, 16383, 16384, 16385, 65535, 65536, 300_000]
    with web.client(origin, way) as client:
        for size in sizes:
            assert client.ask("POST", "/", body=b"z" * size).body == b"z" * size
    for size in sizes if way != PLAIN2 else []:
        web.requested(origin, request_bytes=size, response_bytes=size)


@EVERY_WAY
def test_many_fields_and_long_ones(web, way):
    def answer(request):
        return Response(fields=[field for field in request.fields if field[0].lower().startswith("x-")])

    origin = web.http_origin(answer, way)
    sent = [(f"x-{number}", "v" * number) for number in range(150)] + [("x-long", "l" * 20_000), ("x-twice", "1"),
                                                                     ("x-twice", "2"), ("x-empty", "")]
    with web.client(origin, way) as client:
        response = client.ask(fields=sent)
    got = [(name.lower(), value) for name, value in response.fields if name.lower().startswith("x-")]
    assert got == sent


@HTTP1_WAYS
def test_pipelined_requests(web, way):
    origin = web.http_origin(lambda request: text(request.target), way)
    with web.client(origin, way) as client:
        client.sock.sendall(b"".join(f"GET /{n} HTTP/1.1\r\nHost: {client.authority}\r\n\r\n".encode()
                                     for n in range(50)))
        assert [client.response().body for _ in range(50)] == [b"/%d" % n for n in range(50)]
    if inspects():
        assert [web.requested(origin)["stream"] for _ in range(50)] == list(range(1, 51))


@HTTP1_WAYS
def test_a_byte_at_a_time_both_ways(web, way):
    def trickle(sock):
        connection = Http1(sock)
        request = connection.request()
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n%s\r\n0\r\nX-End: 1\r\n\r\n" % request.body
        for at in range(len(answer)):
            sock.sendall(answer[at:at + 1])

    origin = web.origin_of(trickle, way)
    request = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n3;x=y\r\nbcd\r\n0\r\n\r\n"
    with web.client(origin, way) as client:
        for at in range(len(request)):
            client.sock.sendall(request[at:at + 1])
        assert client.response().body == b"abcd"


@EVERY_WAY
def test_a_response_before_the_requests_end(web, way):
    """Each side goes on by itself: an echo of chunks, each sent once the one before is back."""
    def echo1(sock):
        connection = Http1(sock)
        connection.request_head()
        connection.head("HTTP/1.1 200 OK", [("Transfer-Encoding", "chunked")])
        for chunk in connection.chunks():
            connection.chunk(chunk)
        connection.last_chunk()

    def echo2(sock):
        connection = Http2(sock, client_side=False)
        connection.heard(1)
        connection.h2.send_headers(1, [(":status", "200")])
        echoed = 0
        while not connection.streams[1].ended:
            body = connection.streams[1].body
            if len(body) > echoed:
                connection.send(1, bytes(body[echoed:]))
                echoed = len(body)
            connection.pump()
        connection.send(1, b"", end=True)
        connection.until(lambda: connection.goaway is not None)

    origin = web.origin_of({"1.1": echo1, "2": echo2}[way.version], way)
    words = [b"word %d" % number for number in range(20)]
    with web.client(origin, way) as client:
        if way.version == "1.1":
            client.head("POST / HTTP/1.1", [("Host", "h"), ("Transfer-Encoding", "chunked")])
            client.chunk(words[0])
            assert client.response_head().status == 200
            for number, chunk in enumerate(client.chunks()):
                assert chunk == words[number]
                client.chunk(words[number + 1]) if number + 1 < len(words) else client.last_chunk()
        else:
            stream = client.start("POST", end=False)
            client.heard(stream)
            for number, word in enumerate(words):
                client.send(stream, word)
                client.until(lambda: bytes(client.streams[stream].body) == b"".join(words[:number + 1]))
            client.send(stream, b"", end=True)
            client.response(stream)
            client.h2.close_connection()
            client.flush()


# --- server-sent events

@TRANSPORTS
@EVERY_WAY
def test_server_sent_events_come_one_by_one(web, way, mptcp):
    """The next is sent only once the client, by another way, has said that it had the last."""
    confirmed, events = queue.Queue(), [b"data: %d\n\n" % number for number in range(100)]

    def stream():
        for number, event in enumerate(events):
            yield event
            assert confirmed.get(timeout=20) == number

    fields = [("content-type", "text/event-stream")]
    origin = web.http_origin(lambda request: Response(fields=fields, body=stream()), way)
    with web.client(origin, way, mptcp=mptcp) as client:
        for number, event in enumerate(received(client, way)):
            assert event == events[number]
            confirmed.put(number)
        assert number == 99


def received(client, way):
    """The body of the response to a GET, as it comes."""
    if way.version == "1.1":
        client.send_request("GET", "/")
        client.response_head()
        yield from client.chunks()
        return
    stream = client.start()
    taken = 0
    while True:
        state = client.streams[stream]
        client.until(lambda: len(state.body) > taken or state.ended)
        if len(state.body) == taken:
            return
        yield bytes(state.body[taken:])
        taken = len(state.body)


@pytest.mark.skipif(not inspects(), reason="this weir does not read requests yet")
def test_and_are_recorded_when_they_end(web):
    origin = web.http_origin(lambda request: Response(body=(b"data: 1\n\n" for _ in range(10))), TLS1)
    assert web.fetch(origin, TLS1).stdout == "data: 1\n\n" * 10
    record = web.requested(origin, response_bytes=90, end="finished")
    assert record["last_byte_us"] >= record["first_byte_us"] >= 0


# --- nghttp, h2load, wrk

@TRANSPORTS
def test_nghttp(web, site, mptcp):
    urls = [web.url(site, TLS2, path) for path in ("/files/page.html", "/hello")]
    done = web.network.client.run([*web.named(*through(mptcp), "nghttp", "-nvas", *urls)])
    assert "complete" in done.stdout and re.search(r"\b200\b.*/hello", done.stdout), done.stdout[-2000:]
    assert len(re.findall(r"^ *\d+ .* 200 .*/resource/", done.stdout, re.M)) == RESOURCES


@TRANSPORTS
def test_nghttp_with_padding_and_a_head_in_several_frames(web, site, mptcp):
    done = web.network.client.run([*web.named(*through(mptcp), "nghttp", "-v", "--continuation", "-b", "100", "-H",
                                              "x-any: thing", web.url(site, TLS2, "/hello"))])
    assert "(stream_id=13) :status: 200" in done.stdout and "hello\n" in done.stdout, done.stdout[-2000:]


@TRANSPORTS
@HTTP2_WAYS
def test_h2load(web, site, way, mptcp):
    done = web.network.client.run([*web.named(*through(mptcp), "h2load", "-n", "4000", "-c", "8", "-m", "50",
                                              web.url(site, way, "/files/small"))])
    assert "4000 total, 4000 started, 4000 done, 4000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout
    assert "4000 2xx" in done.stdout and f"({1000 * 4000}) data" in done.stdout, done.stdout


@HTTP1_WAYS
def test_h2load_by_http1(web, site, way):
    done = web.network.client.run([*web.named("h2load", "--h1", "-n", "2000", "-c", "8", web.url(site, way, "/hello"))])
    assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout


@TRANSPORTS
@HTTP1_WAYS
def test_wrk(web, site, way, mptcp):
    done = web.network.client.run([*web.named(*through(mptcp), "wrk", "-t", "1", "-c", "16", "-d", "1s",
                                              web.url(site, way, "/files/small"))])
    assert int(re.search(r"(\d+) requests in", done.stdout).group(1)) > 100
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout


# --- WebSocket

class WebSocketOrigin:
    """Echoes; says a word first where the path is /greets."""

    def __init__(self, web, way):
        self.place = web.place(way.port)
        sock = web.network.origin.socket()
        sock.setsockopt(1, 2, 1)  # SOL_SOCKET, SO_REUSEADDR
        sock.bind(self.place.endpoint)
        sock.listen()
        self._made = server_context(web.certificates["wildcard"], alpn=["http/1.1"]) if way.tls else None
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run(sock)))
        self._thread.start()
        assert self._ready.wait(20)

    async def _run(self, sock):
        async with websockets.serve(self._handle, sock=sock, ssl=self._made, max_size=None, ping_interval=None,
                                    close_timeout=5):
            self._ready.set()
            await self._end.wait()

    @staticmethod
    async def _handle(connection):
        if connection.path == "/greets":
            await connection.send("welcome")
        async for message in connection:
            await connection.send(message)

    def close(self):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def websocket_origin(web):
    made = []

    def make(way):
        made.append(WebSocketOrigin(web, way))
        return made[-1].place

    yield make
    for origin in made:
        origin.close()


def speak(web, place, way, mptcp, talk, path="/"):
    """`talk(connection)` of a client."""
    sock = web.connect(place, mptcp)
    sock.setblocking(False)
    tls = {"ssl": client_context(web.authority, alpn=["http/1.1"]), "server_hostname": place.name} if way.tls else {}

    async def run():
        url = f"{'wss' if way.tls else 'ws'}://{place.name}{path}"
        async with websockets.connect(url, sock=sock, max_size=None, ping_interval=None, **tls) as connection:
            return await asyncio.wait_for(talk(connection), 20)

    return asyncio.run(run())


@TRANSPORTS
@HTTP1_WAYS
def test_a_websocket(web, websocket_origin, way, mptcp):
    place = websocket_origin(way)
    messages = ["hello", "", "\N{SNOWMAN}" * 100, b"\0\1\2", b"x" * 2 * MIB, ["in ", "several ", "frames"]]

    async def talk(connection):
        for message in messages:
            await connection.send(message)
            assert await connection.recv() == ("".join(message) if isinstance(message, list) else message)
        await (await connection.ping(b"there?"))
        await connection.close(4001, "that is all")
        return connection.close_code

    assert speak(web, place, way, mptcp, talk) == 4001
    web.requested(place, method="GET", status=101, end="finished", disposition=way.disposition)


@HTTP1_WAYS
def test_a_websocket_whose_origin_speaks_first(web, websocket_origin, way):
    async def talk(connection):
        return await connection.recv()

    assert speak(web, websocket_origin(way), way, False, talk, "/greets") == "welcome"


@HTTP1_WAYS
def test_what_comes_with_the_101_is_not_lost(web, way):
    """The origin's first bytes in the segment of its 101, the client's right behind its request."""
    def switch(sock):
        connection = Http1(sock)
        request = connection.request_head()
        assert request.get("upgrade") == "websocket" and request.get("connection").lower() == "upgrade"
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                     b"from the origin")
        return connection.take(len("from the client"))

    origin = web.origin_of(switch, way)
    with web.client(origin, way) as client:
        client.sock.sendall(f"GET / HTTP/1.1\r\nHost: {client.authority}\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                            "from the client".encode())
        assert client.response_head().status == 101
        assert client.rest() == b"from the origin"
    wait_for(lambda: origin.server.results == [b"from the client"], what="the client's bytes at the origin")


@HTTP1_WAYS
def test_an_upgrade_that_is_declined(web, way):
    origin = web.http_origin(lambda request: text("no", 400 if request.get("upgrade") else 200), way)
    with web.client(origin, way) as client:
        for upgrade, status in ((True, 400), (False, 200)):
            fields = [("Upgrade", "websocket"), ("Connection", "Upgrade")] if upgrade else []
            assert client.ask(fields=fields).status == status


@HTTP2_WAYS
def test_a_websocket_over_http2(web, way):
    """RFC 8441: the origin says that it can, the client asks with CONNECT."""
    ENABLE_CONNECT_PROTOCOL = 8

    def serve(sock):
        connection = Http2(sock, client_side=False, settings={ENABLE_CONNECT_PROTOCOL: 1})
        state = connection.heard(1)
        assert state.pseudo("protocol") == "websocket" and state.pseudo("method") == "CONNECT"
        connection.h2.send_headers(1, [(":status", "200")])
        echoed = 0
        while not state.ended:
            connection.send(1, bytes(state.body[echoed:]))
            echoed = len(state.body)
            connection.pump()
        connection.send(1, b"", end=True)
        connection.until(lambda: connection.goaway is not None)

    origin = web.origin_of(serve, way)
    with web.client(origin, way, strict=False) as client:
        client.until(lambda: client.peer_settings.get(ENABLE_CONNECT_PROTOCOL) == 1)
        stream = client.h2.get_next_available_stream_id()
        client.h2.send_headers(stream, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", client.scheme),
                                        (":path", "/chat"), (":authority", client.authority),
                                        ("sec-websocket-version", "13")])
        assert client.heard(stream).pseudo("status") == "200"
        for number in range(10):
            client.send(stream, b"frame")
            client.until(lambda: len(client.streams[stream].body) == 5 * (number + 1))
        client.send(stream, b"", end=True)
        client.response(stream)
        client.h2.close_connection()
        client.flush()
    if way.tls:
        web.requested(origin, method="CONNECT", status=200, end="finished")


# --- gRPC

@pytest.fixture(scope="module")
def grpc_server(web):
    """By way, started once."""
    places = {}

    def place(way):
        if way not in places:
            certificate = web.certificates["wildcard"]
            files = [certificate.chain, certificate.key] if way.tls else []
            places[way] = web.program(
                lambda place: [sys.executable, GRPC_PEER, "serve", f"{place.address}:{place.port}", *files], way.port)
        return places[way]

    return place


@TRANSPORTS
@HTTP2_WAYS
def test_grpc(web, grpc_server, way, mptcp):
    place = grpc_server(way)
    files = [web.authority] if way.tls else []
    done = web.network.client.run([*through(mptcp), sys.executable, GRPC_PEER, "call", f"{place.address}:{place.port}",
                                   place.name, *files])
    assert json.loads(done.stdout) == {
        "large": True, "first": "this", "last": [0, 1, 255], "many": list(range(50)), "counted": 50_000,
        "conversed": [f"heard {number}" for number in range(50)],
        "failed": ["NOT_FOUND", "no such thing: \N{SNOWMAN} 100%"], "unknown": ["UNIMPLEMENTED"], "gone": True}
    if way.tls:
        web.requested(place, method="POST", url=web.url(place, way, "/lab.Echo/Once"), status=200, end="finished")
        web.requested(place, url=web.url(place, way, "/lab.Echo/Endless"), end="cancelled")


# --- a browser

@pytest.mark.skipif(not shutil.which("chromium") or not shutil.which("certutil"),
                    reason="takes the packages chromium and libnss3-tools")
@BY_TLS
def test_chromium_loads_a_page_of_200_resources(web, site, tmp_path, way):
    store = tmp_path / ".pki" / "nssdb"
    store.mkdir(parents=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-A", "-n", "weir", "-t", "C,,", "-i", web.authority], check=True)
    web.requests.read()
    before = len(web.requests.records)
    without_h2 = [] if way.version == "2" else ["--disable-http2"]
    done = web.network.client.run(
        ["env", f"HOME={tmp_path}", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         f"--user-data-dir={tmp_path}/profile", f"--host-resolver-rules=MAP * {site.address}", *without_h2,
         "--dump-dom", web.url(site, way, "/files/page.html")])
    assert f"<title>loaded {RESOURCES}</title>" in done.stdout, done.stdout[:500] + done.stderr[-2000:]
    if inspects():
        wanted = {web.url(site, way, f"/resource/{number}") for number in range(RESOURCES)}
        wait_for(lambda: wanted <= urls_since(web, before, way), what="a record of each resource")


def urls_since(web, before, way):
    web.requests.read()
    return {record["url"] for record in web.requests.records[before:]
            if record["version"] == way.word and record["end"] == "finished"}


# --- a hundred streams

@TRANSPORTS
@HTTP2_WAYS
def test_a_slow_reader_holds_back_its_stream_only(web, site, way, mptcp):
    with web.client(site, way, mptcp=mptcp) as client:
        client.h2.increment_flow_control_window(100 * MIB)
        slow = client.start(target="/files/medium")
        client.held.add(slow)
        # Its window is used up before the others begin.
        client.until(lambda: len(client.streams[slow].body) == 65535)
        others = [client.start(target="/files/medium") for _ in range(99)]
        for stream in others:
            response = client.response(stream)
            assert response.body == b"m" * MEDIUM
            client.streams.pop(stream)
        assert len(client.streams[slow].body) == 65535 and not client.streams[slow].ended
        client.h2.increment_flow_control_window(MIB, slow)
        assert client.response(slow).body == b"m" * MEDIUM


@TRANSPORTS
@HTTP2_WAYS
def test_nor_does_a_slow_origin_hold_back_other_uploads(web, way, mptcp):
    """It reads one stream no further than its window, and the others whole."""
    def serve(sock):
        connection = Http2(sock, client_side=False)
        connection.h2.increment_flow_control_window(100 * MIB)
        connection.held.add(1)
        for answered in range(100):
            connection.until(lambda: connection.ended)
            stream = connection.ended.popleft()
            connection.respond(stream, text(str(len(connection.streams[stream].body))))
            if answered == 98:  # all others
                connection.h2.increment_flow_control_window(MIB, 1)
                connection.flush()
        connection.until(lambda: connection.goaway is not None)

    origin = web.origin_of(serve, way)
    with web.client(origin, way, mptcp=mptcp) as client:
        slow = client.start("POST", end=False)
        client.send(slow, b"u" * 65535)  # fills that window
        for _ in range(99):
            assert client.ask("POST", body=b"u" * 100_000).body == b"100000"
        client.send(slow, b"u" * 100_000, end=True)
        assert client.response(slow).body == b"165535"
        client.h2.close_connection()
        client.flush()


@READ_WAYS
def test_two_hundred_connections_at_once(web, site, way):
    clients = [web.client(site, way) for _ in range(200)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(response.body == b"hello\n" for response in pool.map(lambda client: client.ask(target="/hello"),
                                                                         clients))
    for client in clients:
        client.close()


@BY_TLS
def test_connections_that_are_never_used(web, site, way):
    """As browsers open them. nginx speaks first over HTTP/2, and may find its client gone already."""
    for _ in range(100):
        web.socket_to(site, way).close()
    wait_for(lambda: web.weir.live() == 0, what="the end of all flows")


@EVERY_WAY
def test_a_client_that_gives_up(web, way):
    """In the midst of a body, by a reset; the origin hears of it, and the next client is served."""
    begun, over = threading.Event(), threading.Event()

    def endless():
        begun.set()
        try:
            while True:
                yield b"e" * 10_000
        finally:
            over.set()

    origin = web.http_origin(lambda request: Response(body=endless()) if request.target == "/endless" else text("next"),
                             way)
    client = web.client(origin, way)
    client.send_request("GET", "/endless") if way.version == "1.1" else client.start(target="/endless")
    assert begun.wait(20)
    client.reset()
    assert over.wait(20)
    if way != PLAIN2:
        web.requested(origin, end="cancelled")
    with web.client(origin, way) as client:
        assert client.ask().body == b"next"


@HTTP2_WAYS
def test_a_stream_that_is_given_up(web, site, way):
    """The connection stays for the others, as it does many times over."""
    with web.client(site, way) as client:
        for _ in range(30):
            stream = client.start(target="/files/medium")
            client.heard(stream)
            client.h2.reset_stream(stream, 8)  # CANCEL
            client.flush()
            assert client.ask(target="/hello").body == b"hello\n"
