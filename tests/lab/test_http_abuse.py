"""Clients, and origins, that mean harm. Each is stopped by its right name; meanwhile another client of the same worker
is served, and weir's memory stays within bounds."""

import contextlib
import itertools
import ssl
import struct
import threading

import pytest

from h2_frames import (ACK, CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM,
                       FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, HEADERS, INITIAL_WINDOW_SIZE,
                       MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE, NO_ERROR, PADDED, PING, PREFACE, PROTOCOL_ERROR,
                       PUSH_PROMISE, REFUSED_STREAM, SETTINGS, STREAM_CLOSED, WINDOW_UPDATE, RawHttp2, frame, literal,
                       priority, reset, section, settings, window_update)
from http_lab import INSPECTS, PLAIN1, TLS1, TLS2, ways
from http_peers import Http1, Http2, text
from network import client_address
from weir import wait_for

pytestmark = INSPECTS

# For the fixture `web`: one worker, so that whoever is harmed is beside the one who harms; short patience.
SECTIONS = {"gateway": {"workers": 1}, "http": {"header_timeout": "1s", "body_timeout": "1s"}}
HTTP1_WAYS = ways(PLAIN1, TLS1)
MIB = 1 << 20
FLOOD = 20_000  # frames; two hundred times what an honest client sends at once
CALM = {ENHANCE_YOUR_CALM}


@pytest.fixture(scope="module")
def target(web, tmp_path_factory):
    """nginx, for whoever means harm."""
    folder = tmp_path_factory.mktemp("target")
    (folder / "medium").write_bytes(b"m" * MIB)
    with open(folder / "large", "wb") as file:
        file.truncate(256 * MIB)
    return web.nginx(folder, f'location = /hello {{ return 200 "hello\\n"; }} location / {{ root {folder}; }}')


@pytest.fixture(scope="module")
def other(web):
    """An origin whose clients mean none."""
    return web.http_origin(lambda request: text("fine"), TLS2)


class Memory:
    """weir's, of the kernel's accounts."""

    def __init__(self, web):
        self._folder = f"/proc/{web.weir.process.pid}"
        with open(f"{self._folder}/clear_refs", "w") as file:
            file.write("5")  # VmHWM begins anew (proc(5))
        self.before = self._read("VmRSS")

    def _read(self, key):
        with open(f"{self._folder}/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))

    def grown(self):
        """At the most, since."""
        return self._read("VmHWM") - self.before


@pytest.fixture
def unharmed(web, other):
    """unharmed(bound): a while in which a client is served again and again, and weir takes no more than that memory."""
    @contextlib.contextmanager
    def made(bound=24 * MIB):
        served, failures, over = [], [], threading.Event()

        def ask():
            try:
                with web.client(other, TLS2) as client:
                    while not over.is_set():
                        assert client.ask().body == b"fine"
                        served.append(1)
            except BaseException as error:  # told to the test below
                failures.append(error)

        with web.client(other, TLS2) as client:  # what weir makes once is made now
            client.ask()
        memory = Memory(web)
        thread = threading.Thread(target=ask)
        thread.start()
        try:
            wait_for(lambda: served or failures, what="the other's first answer")
            before = len(served)
            yield
            wait_for(lambda: len(served) > before or failures, what="the other's next answer")
            assert memory.grown() < bound, f"{memory.grown() / MIB:.1f} MiB"
        finally:
            over.set()
            thread.join()
        assert not failures, failures

    return made


def raw(web, target, *pairs, **options):
    return RawHttp2(web.socket_to(target, TLS2), target.name, *pairs, **options)


def flow_of(web, target, port, way=TLS2):
    """Its record, by the client's port."""
    return web.record(web.at(target, way), client=f"{client_address()}:{port}")


# --- floods of HTTP/2

def odd():
    return itertools.count(1, 2)


def rapid_reset(h2):
    """CVE-2023-44487."""
    return (h2.headers(stream) + reset(stream) for stream in odd())


def reset_of_uploads(h2):
    return (h2.headers(stream, end=False, method="POST") + reset(stream) for stream in odd())


def made_you_reset_by_window(h2):
    """CVE-2025-8671: the server is brought to reset."""
    return (h2.headers(stream, end=False, method="POST") + window_update(stream, 0) for stream in odd())


def made_you_reset_by_overflow(h2):
    return (h2.headers(stream, end=False, method="POST") + window_update(stream, 0x7FFFFFFF) for stream in odd())


def made_you_reset_by_length(h2):
    return (h2.headers(stream, ("content-length", "1"), end=False, method="POST")
            + frame(DATA, END_STREAM, stream, b"22") for stream in odd())


def made_you_reset_by_end(h2):
    return (h2.headers(stream) + frame(DATA, 0, stream, b"more") for stream in odd())


def made_you_reset_by_name(h2):
    return (h2.headers(stream, ("UPPER", "1")) for stream in odd())


def made_you_reset_by_dependency(h2):
    return (h2.headers(stream, end=False, method="POST") + priority(stream, stream) for stream in odd())


def pings(h2):
    """CVE-2019-9512."""
    return (frame(PING, payload=struct.pack("!Q", number)) for number in itertools.count())


def empty_settings(h2):
    """CVE-2019-9515."""
    return (settings() for _ in itertools.count())


def settings_that_change(h2):
    return (settings((INITIAL_WINDOW_SIZE, 65535 + number % 2)) for number in itertools.count())


def empty_data(h2):
    """CVE-2019-9518."""
    yield h2.headers(1, end=False, method="POST")
    yield from (frame(DATA, 0, 1) for _ in itertools.count())


def padding_alone(h2):
    yield h2.headers(1, end=False, method="POST")
    yield from (frame(DATA, PADDED, 1, b"\0") for _ in itertools.count())


def priorities(h2):
    """CVE-2019-9513."""
    yield h2.headers(1, end=False, method="POST")
    yield from (priority(1, 3 + 2 * (number % 50)) for number in itertools.count())


def priorities_of_idle_streams(h2):
    return (priority(stream, 0) for stream in odd())


def window_updates(h2):
    return (window_update(0, 1) for _ in itertools.count())


def window_updates_of_a_stream(h2):
    yield h2.headers(1, end=False, method="POST")
    yield from (window_update(1, 1) for _ in itertools.count())


def heads_of_a_stream_that_is_over(h2):
    assert h2.is_served(1)
    yield from (h2.headers(1) for _ in itertools.count())


def heads_of_lower_streams(h2):
    assert h2.is_served(5)
    yield from (h2.headers(3) for _ in itertools.count())


def data_of_a_stream_that_is_over(h2):
    assert h2.is_served(1)
    yield from (frame(DATA, 0, 1, b"x") for _ in itertools.count())


def unknown_frames(h2):
    return (frame(0xFA, payload=b"x") for _ in itertools.count())


FLOODS = [(rapid_reset, CALM), (reset_of_uploads, CALM), (made_you_reset_by_window, CALM | {PROTOCOL_ERROR}),
          (made_you_reset_by_overflow, CALM | {FLOW_CONTROL_ERROR}),
          (made_you_reset_by_length, CALM | {PROTOCOL_ERROR}),
          (made_you_reset_by_end, CALM | {STREAM_CLOSED}), (made_you_reset_by_name, CALM | {PROTOCOL_ERROR}),
          (made_you_reset_by_dependency, CALM | {PROTOCOL_ERROR}), (pings, CALM), (empty_settings, CALM),
          (settings_that_change, CALM), (empty_data, CALM), (padding_alone, CALM), (priorities, CALM),
          (priorities_of_idle_streams, CALM), (window_updates, CALM), (window_updates_of_a_stream, CALM),
          (heads_of_a_stream_that_is_over, CALM | {STREAM_CLOSED, PROTOCOL_ERROR}),
          (heads_of_lower_streams, CALM | {PROTOCOL_ERROR}),
          (data_of_a_stream_that_is_over, CALM | {STREAM_CLOSED}), (unknown_frames, CALM)]


@pytest.mark.parametrize("flood, codes", FLOODS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_flood_is_stopped(web, target, unharmed, flood, codes):
    with unharmed(), raw(web, target) as h2:
        sent = h2.flood(itertools.islice(flood(h2), FLOOD))
        assert sent < FLOOD
        resets = "reset" in flood.__name__
        # After nginx's own GOAWAY, streams that are on may go on.
        code = h2.goaway if resets and h2.goaway == 0 else h2.to_the_end()
        # Streams that are reset reach nginx, which has limits of its own and may be the first to have had enough.
        hung_up = code == 0 and resets
        assert hung_up or code in codes or (resets and code == PROTOCOL_ERROR)
    record = flow_of(web, target, h2.port)
    if hung_up or (resets and record["end"]["side"] == "upstream"):
        return
    assert record["end"]["side"] == "client"
    assert record["end"]["code"] == ("flood" if h2.goaway == ENHANCE_YOUR_CALM else "malformed"), record


def test_a_client_that_is_only_busy_is_served(web, target):
    """As many streams, pings and window updates as clients need, one after the other."""
    with raw(web, target) as h2:
        for stream in itertools.islice(odd(), 3000):
            extra = frame(PING, payload=bytes(8)) + window_update(0, 6) if stream % 20 == 1 else b""
            assert h2.send(h2.headers(stream) + extra)
            assert h2.answer(stream) == "answered"
            h2.frames.clear()


# --- field sections

def test_continuations_without_end(web, target, unharmed):
    """CVE-2024-27316 and its like."""
    for piece in (b"", literal("a", "b"), literal("long", "v" * 16000)):
        with unharmed(), raw(web, target) as h2:
            head = frame(HEADERS, END_STREAM, 1, h2.block())
            sent = h2.flood(itertools.chain([head], (frame(CONTINUATION, 0, 1, piece) for _ in range(FLOOD))), batch=5)
            code = h2.to_the_end()
            assert code in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, COMPRESSION_ERROR), (len(piece), code)
            assert sent < FLOOD


def is_refused(h2, stream):
    """The request, or all of the connection, with nothing forwarded to nginx that it could answer."""
    answer = h2.answer(stream)
    return (answer in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM, REFUSED_STREAM, CANCEL)
            or answer is None and h2.goaway not in (None, NO_ERROR)
            or answer == "answered" and h2.status(stream) in (431, 400))


@pytest.mark.parametrize("fields", [[("x-long", "v" * MIB)], [(f"x-{number}", "v" * 10) for number in range(10_000)],
                                    [("x" * 70_000, "v")], [("cookie", f"a{number}=b") for number in range(10_000)]],
                         ids=["a_mebibyte", "10000_fields", "long_name", "10000_cookies"])
def test_field_sections_that_are_too_large(web, target, unharmed, fields):
    with unharmed(), raw(web, target) as h2:
        block = h2.block(*fields)
        pieces = [block[at:at + 16384] for at in range(0, len(block), 16384)]
        h2.send(frame(HEADERS, END_STREAM, 1, pieces[0]) + b"".join(
            frame(CONTINUATION, END_HEADERS if piece is pieces[-1] else 0, 1, piece) for piece in pieces[1:]))
        assert is_refused(h2, 1)


REFERENCE = b"\xbe"  # to the table's newest entry


def test_a_bomb_of_references(web, target, unharmed):
    """A few bytes that stand for megabytes (RFC 7541, 7.3): an entry of 4,000 bytes, and 16,000 references to it."""
    with unharmed(), raw(web, target) as h2:
        h2.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, h2.block() + literal("x", "v" * 3900, indexed=True)))
        assert h2.answer(1) == "answered"
        for stream in itertools.islice(itertools.count(3, 2), 100):
            if not h2.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, h2.block() + REFERENCE * 16_000)):
                break
            assert is_refused(h2, stream)
            if h2.ended:
                break


@pytest.mark.parametrize("block", [b"\x3f\xe1\xff\x3f", b"\xff\xff\xff\xff\x0f", b"\x80",
                                   b"\x40\x85\xff\xff\xff\xff\xff\x01b",
                                   b"\x00\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x82\x3f\x01"],
                         ids=["table_too_large", "no_such_index", "index_0", "end_of_string", "integer_without_end",
                              "table_size_late"])
def test_what_does_not_decompress(web, target, unharmed, block):
    with unharmed(), raw(web, target) as h2:
        h2.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block))
        assert h2.to_the_end() == COMPRESSION_ERROR
    assert flow_of(web, target, h2.port)["end"]["code"] == "malformed"


# --- windows

def test_a_hundred_streams_with_a_window_of_nothing(web, target, unharmed):
    """CVE-2019-9517: responses are asked for, and never taken. Until that has lasted too long."""
    with web.with_sections(gateway={"idle_timeout": "2s"}), unharmed(64 * MIB):
        with raw(web, target, (INITIAL_WINDOW_SIZE, 0)) as h2:
            limit = h2.settings_of_peer().get(MAX_CONCURRENT_STREAMS, 100)
            streams = [1 + 2 * number for number in range(min(limit, 100))]
            h2.send(b"".join(h2.headers(stream, target="/medium") for stream in streams))
            h2.until(lambda: len({one[2] for one in h2.of(HEADERS)}) == len(streams))
            assert not [one for one in h2.of(DATA) if one[3]]
            h2.to_the_end()
    assert flow_of(web, target, h2.port)["end"]["code"] in ("idle", "timeout", "limit", "flood")


def test_more_than_the_window(web, unharmed):
    """Of one stream, whose origin takes no more."""
    def serve(sock):
        connection = Http2(sock, client_side=False)
        connection.held.add(1)
        connection.until(lambda: False)

    origin = web.origin_of(serve, TLS2)
    with unharmed(), raw(web, origin) as h2:
        h2.send(h2.headers(1, end=False, method="POST"))
        h2.flood((frame(DATA, 0, 1, bytes(16384)) for _ in range(100)), batch=4)
        h2.until(lambda: h2.goaway is not None or h2.reset_of(1) is not None)
        assert FLOW_CONTROL_ERROR in (h2.goaway, h2.reset_of(1))


def test_a_reader_that_does_not_read(web, target, unharmed):
    """Large windows, and nothing taken from the socket."""
    with unharmed(64 * MIB), raw(web, target, (INITIAL_WINDOW_SIZE, 0x7FFFFFFF)) as h2:
        h2.send(window_update(0, 0x7FFF0000 - 65535))
        h2.send(b"".join(h2.headers(stream, target="/large") for stream in range(1, 60, 2)))
        wait_for(lambda: is_still(web, h2.port), what="the flow to stand still")


def is_still(web, port):
    """The flow of that client's port: no byte for a second, after some."""
    flows = [one for one in web.weir.live_flows() if one["client"].endswith(f":{port}")]
    return flows and flows[0]["idle_ms"] > 1000


# --- what RFC 9113 calls a connection error

def after(*frames):
    return lambda h2: b"".join(frames)


CONNECTION_ERRORS = {
    "data_on_an_idle_stream": (after(frame(DATA, 0, 1, b"x")), {PROTOCOL_ERROR, STREAM_CLOSED}),
    "reset_of_an_idle_stream": (after(reset(1)), {PROTOCOL_ERROR}),
    "window_of_an_idle_stream": (after(window_update(1, 1)), {PROTOCOL_ERROR}),
    "data_on_stream_0": (after(frame(DATA, 0, 0, b"x")), {PROTOCOL_ERROR}),
    "headers_on_stream_0": (lambda h2: frame(HEADERS, 5, 0, h2.block()), {PROTOCOL_ERROR}),
    "an_even_stream": (lambda h2: h2.headers(2), {PROTOCOL_ERROR}),
    "settings_on_a_stream": (after(frame(SETTINGS, 0, 1)), {PROTOCOL_ERROR}),
    "settings_of_odd_size": (after(frame(SETTINGS, 0, 0, b"12345")), {FRAME_SIZE_ERROR}),
    "acknowledgement_with_content": (after(frame(SETTINGS, ACK, 0, bytes(6))), {FRAME_SIZE_ERROR}),
    "ping_of_odd_size": (after(frame(PING, 0, 0, b"1234567")), {FRAME_SIZE_ERROR}),
    "ping_on_a_stream": (after(frame(PING, 0, 1, bytes(8))), {PROTOCOL_ERROR}),
    "reset_of_odd_size": (lambda h2: h2.headers(1, end=False) + frame(3, 0, 1, b"123"), {FRAME_SIZE_ERROR}),
    "window_of_odd_size": (after(frame(WINDOW_UPDATE, 0, 0, b"123")), {FRAME_SIZE_ERROR}),
    "a_frame_too_large": (lambda h2: h2.headers(1, end=False) + frame(DATA, 0, 1, bytes(20_000)), {FRAME_SIZE_ERROR}),
    "a_window_of_nothing": (after(window_update(0, 0)), {PROTOCOL_ERROR}),
    "a_window_too_large": (after(window_update(0, 0x7FFFFFFF)), {FLOW_CONTROL_ERROR}),
    "push": (lambda h2: frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack("!I", 2) + h2.block()), {PROTOCOL_ERROR}),
    "continuation_of_nothing": (after(frame(CONTINUATION, END_HEADERS, 1)), {PROTOCOL_ERROR}),
    "another_frame_within_a_section": (
        lambda h2: frame(HEADERS, END_STREAM, 1, h2.block()) + frame(PING, payload=bytes(8)), {PROTOCOL_ERROR}),
    "continuation_of_another": (
        lambda h2: frame(HEADERS, END_STREAM, 1, h2.block()) + frame(CONTINUATION, END_HEADERS, 3), {PROTOCOL_ERROR}),
    "enable_push_2": (after(settings((2, 2))), {PROTOCOL_ERROR}),
    "initial_window_too_large": (after(settings((INITIAL_WINDOW_SIZE, 1 << 31))), {FLOW_CONTROL_ERROR}),
    "frame_size_too_small": (after(settings((MAX_FRAME_SIZE, 100))), {PROTOCOL_ERROR}),
    "padding_longer_than_all": (
        lambda h2: h2.headers(1, end=False) + frame(DATA, PADDED, 1, b"\x09abc"), {PROTOCOL_ERROR}),
}


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_a_connection_error(web, target, unharmed, name):
    frames, codes = CONNECTION_ERRORS[name]
    with unharmed(), raw(web, target) as h2:
        h2.send(frames(h2))
        assert h2.to_the_end() in codes
    assert flow_of(web, target, h2.port)["end"]["side"] == "client"


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", PREFACE[:-2] + b"xx", b"\0" * 100],
                         ids=["http1", "almost", "zeros"])
def test_another_preface(web, target, unharmed, said):
    with unharmed(), web.socket_to(target, TLS2) as sock:
        sock.sendall(said)
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while more := sock.recv(65536):
                data += more
        assert b"hello" not in data and not data.startswith(b"HTTP/1.1 200")


def test_a_lower_stream(web, target, unharmed):
    """A connection error (RFC 9113, 5.1.1), or no stream at all."""
    with unharmed(), raw(web, target) as h2:
        h2.send(h2.headers(5) + h2.headers(3) + h2.headers(7))
        assert h2.answer(7) == "answered" or h2.goaway == PROTOCOL_ERROR
        assert 3 not in h2.heads


def test_data_on_a_stream_that_is_over(web, target, unharmed):
    with unharmed(), raw(web, target) as h2:
        assert h2.is_served(1)
        h2.send(frame(DATA, 0, 1, b"x"))
        h2.send(h2.headers(3))
        if h2.answer(3) == "answered":
            assert h2.reset_of(1) in (None, STREAM_CLOSED)
        else:
            assert h2.goaway in (STREAM_CLOSED, PROTOCOL_ERROR)


# --- what ends a stream (RFC 9113, 8.1.1), and nobody forwards

GOOD = [(":method", "GET"), (":scheme", "https"), (":authority", "h"), (":path", "/hello")]


def without(name):
    return [field for field in GOOD if field[0] != name]


def instead(name, value):
    return [(name, value) if field[0] == name else field for field in GOOD]


MALFORMED = {
    "upper_case": GOOD + [("X-Upper", "1")], "connection": GOOD + [("connection", "close")],
    "transfer_encoding": GOOD + [("transfer-encoding", "chunked")], "keep_alive": GOOD + [("keep-alive", "1")],
    "proxy_connection": GOOD + [("proxy-connection", "close")], "upgrade": GOOD + [("upgrade", "h2c")],
    "te_gzip": GOOD + [("te", "gzip")], "no_method": without(":method"), "no_scheme": without(":scheme"),
    "no_path": without(":path"), "empty_path": instead(":path", ""), "path_without_slash": instead(":path", "hello"),
    "star_path": instead(":path", "*"), "two_methods": [(":method", "GET")] + GOOD,
    "two_paths": GOOD + [(":path", "/x")],
    "late_pseudo": without(":path") + [("x", "1"), (":path", "/hello")], "unknown_pseudo": GOOD + [(":x", "1")],
    "status_in_a_request": GOOD + [(":status", "200")], "crlf_in_path": instead(":path", "/hello\r\nX: 1"),
    "lf_in_path": instead(":path", "/hello\nX: 1"),
    "space_in_path": instead(":path", "/hello HTTP/1.1\r\nHost: i\r\n\r\n"),
    "nul_in_path": instead(":path", "/hello\0"), "crlf_in_value": GOOD + [("x", "a\r\nb: c")],
    "nul_in_value": GOOD + [("x", "a\0b")], "crlf_in_name": GOOD + [("x\r\ny", "1")],
    "colon_in_name": GOOD + [("x:y", "1")],
    "space_in_name": GOOD + [("x y", "1")], "empty_name": GOOD + [("", "1")],
    "space_in_method": instead(":method", "GET /x"),
    "crlf_in_method": instead(":method", "GET\r\n"), "crlf_in_authority": instead(":authority", "h\r\nX: 1"),
    "user_in_authority": instead(":authority", "u@h"), "path_in_authority": instead(":authority", "h/x"),
    "crlf_in_scheme": instead(":scheme", "https\r\n"), "another_host": GOOD + [("host", "another.test")],
    "two_hosts": GOOD + [("host", "h"), ("host", "i")],
    "two_lengths": GOOD + [("content-length", "0"), ("content-length", "1")],
    "length_of_letters": GOOD + [("content-length", "x")], "length_without_content": GOOD + [("content-length", "5")],
    "connect_with_path": instead(":method", "CONNECT"), "connect": [(":method", "CONNECT"), (":authority", "h:443")],
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_ends_its_stream(web, unharmed, name):
    origin = web.http_origin(lambda request: text("forwarded"), TLS2)
    with unharmed(), raw(web, origin) as h2:
        h2.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, section(MALFORMED[name])))
        answer = h2.answer(1)
        assert answer == PROTOCOL_ERROR or h2.status(1) in (400, 405, 421), (answer, h2.status(1), h2.goaway)
        assert h2.is_served(3, "/served")
    assert [request.target for request in origin.requests] == ["/served"]


def test_a_length_that_is_not_that_of_the_content(web, unharmed):
    origin = web.http_origin(lambda request: text(str(len(request.body))), TLS2)
    with unharmed(), raw(web, origin) as h2:
        for stream, size in ((1, 3), (3, 30)):
            h2.send(h2.headers(stream, ("content-length", "10"), end=False, method="POST")
                    + frame(DATA, END_STREAM, stream, b"x" * size))
            assert h2.answer(stream) == PROTOCOL_ERROR or h2.status(stream) == 400
        assert h2.is_served(5)
    assert [request.method for request in origin.requests] == ["GET"]


def test_more_streams_than_are_allowed(web, target, unharmed):
    with unharmed(), raw(web, target) as h2:
        limit = h2.settings_of_peer()[MAX_CONCURRENT_STREAMS]
        streams = [1 + 2 * number for number in range(limit + 20)]
        h2.send(b"".join(h2.headers(stream, end=False, method="POST") for stream in streams))
        h2.until(lambda: h2.goaway is not None or len([s for s in streams if h2.reset_of(s) is not None]) >= 20)
        if h2.goaway is None:
            assert all(h2.reset_of(stream) in (REFUSED_STREAM, PROTOCOL_ERROR) for stream in streams[limit:])
            h2.send(frame(DATA, END_STREAM, 1))
            assert h2.answer(1) == "answered"
        else:
            assert h2.goaway in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM, REFUSED_STREAM)


def test_streams_that_depend_on_each_other(web, target, unharmed):
    """In circles, and on themselves (RFC 7540, 5.3; deprecated, but sent)."""
    with unharmed(), raw(web, target) as h2:
        for first in range(1, 60, 6):
            circle = [first, first + 2, first + 4]
            h2.send(b"".join(priority(stream, on) for stream, on in zip(circle, circle[1:] + circle[:1])))
        for stream in range(61, 81, 2):
            h2.send(frame(HEADERS, END_HEADERS | END_STREAM | 0x20, stream,
                          struct.pack("!IB", 0x80000000 | stream - 2, 255) + h2.block()))
            assert h2.answer(stream) == "answered"


# --- HTTP/2, slow

@pytest.mark.parametrize("stops", ["between_frames", "within_a_frame", "in_a_frames_head"])
def test_an_http2_head_that_stops(web, target, unharmed, stops):
    with unharmed(), raw(web, target) as h2:
        assert h2.is_served(1)
        head = frame(HEADERS, END_STREAM, 3, h2.block())
        h2.send(head[:{"between_frames": len(head), "within_a_frame": -1, "in_a_frames_head": 8}[stops]])
        assert h2.to_the_end() == NO_ERROR
    assert flow_of(web, target, h2.port)["end"] == {"stage": "relay", "side": "client", "code": "timeout"}


def test_an_http2_body_that_stops(web, unharmed):
    """Only its own stream ends."""
    origin = web.http_origin(lambda request: text("whole"), TLS2)
    with unharmed(), raw(web, origin) as h2:
        h2.send(h2.headers(1, ("content-length", "1000"), end=False, method="POST") + frame(DATA, 0, 1, b"x" * 10))
        h2.send(h2.headers(3, end=False, method="POST") + frame(DATA, 0, 3, b"x"))  # of no told length: it may take long
        assert h2.answer(1) is not None and h2.status(1) == 408
        h2.send(frame(DATA, END_STREAM, 3))
        assert h2.answer(3) == "answered" and h2.status(3) == 200
        assert h2.is_served(5)
    assert web.requested(origin, status=408)["end"] == "timeout"


# --- HTTP/1, slow and large

def get(client, *fields):
    return b"GET /hello HTTP/1.1\r\nHost: " + client.authority.encode() + b"\r\n" + b"".join(
        field + b"\r\n" for field in fields) + b"\r\n"


def drip(sock, data):
    """A byte whenever nothing has come for a moment, until something has."""
    sock.settimeout(0.1)
    for byte in data:
        try:
            sock.sendall(bytes([byte]))
            if first := sock.recv(65536):
                return first
            return b""
        except TimeoutError:
            continue
        except OSError:
            return b""
    pytest.fail("weir is as patient as this test")


@HTTP1_WAYS
def test_a_head_that_comes_slowly(web, target, unharmed, way):
    with unharmed(), web.client(target, way) as client:
        port = client.sock.getsockname()[1]
        assert drip(client.sock, get(client, b"X: " + b"y" * 1000)).startswith(b"HTTP/1.1 408 ")
    assert flow_of(web, target, port, way)["end"]["code"] == "timeout"


@HTTP1_WAYS
def test_a_second_head_that_stops(web, target, unharmed, way):
    """The connection's idle time is not the head's: that begins with its first byte."""
    with unharmed(), web.client(target, way) as client:
        assert client.ask(target="/hello").body == b"hello\n"
        client.sock.sendall(b"GET /hello HT")
        assert client.response().status == 408
        assert client.is_at_end()


@HTTP1_WAYS
def test_an_idle_connection_is_not_a_slow_one(web, target, unharmed, way):
    with unharmed(), web.client(target, way) as client, web.client(target, way) as slow:
        assert client.ask(target="/hello").body == b"hello\n"
        slow.sock.sendall(b"GET /hello HT")
        assert slow.response().status == 408  # longer ago than header_timeout
        assert client.ask(target="/hello").body == b"hello\n"


@HTTP1_WAYS
def test_a_body_that_stops(web, unharmed, way):
    origin = web.http_origin(lambda request: text("whole"), way)
    with unharmed(), web.client(origin, way) as client:
        client.head("POST / HTTP/1.1", [("Host", "h"), ("Content-Length", 1000)])
        client.sock.sendall(b"x" * 10)
        assert client.response().status == 408
        assert client.is_at_end()
    assert origin.requests == [] and web.requested(origin, status=408)["end"] == "timeout"


@HTTP1_WAYS
def test_a_body_that_comes_a_byte_at_a_time(web, unharmed, way):
    origin = web.http_origin(lambda request: text("whole"), way)
    with unharmed(), web.client(origin, way) as client:
        client.head("POST / HTTP/1.1", [("Host", "h"), ("Content-Length", 1000)])
        assert drip(client.sock, b"x" * 1000).startswith(b"HTTP/1.1 408 ")
    assert origin.requests == []


@HTTP1_WAYS
def test_a_body_that_comes_slowly_but_comes(web, unharmed, way):
    """body_timeout is for each KiB."""
    origin = web.http_origin(lambda request: text(str(len(request.body))), way)
    with unharmed(), web.client(origin, way) as client:
        client.head("POST / HTTP/1.1", [("Host", "h"), ("Content-Length", 40_000)])
        client.sock.settimeout(0.1)
        for _ in range(20):
            client.sock.sendall(b"x" * 2000)
            with contextlib.suppress(TimeoutError):
                client.buffer += client.sock.recv(1000)
        client.sock.settimeout(20)
        assert client.response().body == b"40000"


@HTTP1_WAYS
def test_a_response_that_is_not_read(web, target, unharmed, way):
    with unharmed(32 * MIB), web.client(target, way) as client:
        client.send_request("GET", "/large")
        port = client.sock.getsockname()[1]
        wait_for(lambda: is_still(web, port), what="the flow to stand still")


@HTTP1_WAYS
def test_requests_whose_responses_are_not_read(web, target, unharmed, way):
    """Pipelined without end: weir stops reading."""
    with unharmed(32 * MIB), web.client(target, way) as client:
        request = get(client).replace(b"/hello", b"/medium") * 100
        client.sock.settimeout(1)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 64 * MIB:
                client.sock.sendall(request)
                sent += len(request)
        assert sent < 64 * MIB


def endless(first, piece):
    yield first
    while True:
        yield piece


@HTTP1_WAYS
@pytest.mark.parametrize("first, piece", [
    (b"5;", b"x" * 10_000), (b"5", b";a=b" * 1000), (b"5\r\nhello\r\n0\r\n", b"X: y\r\n" * 1000),
    (b"5\r\nhello\r\n0\r\nX: ", b"y" * 10_000), (b"", b"0" * 10_000)],
    ids=["extension", "extensions", "trailers", "trailer", "size"])
def test_chunks_whose_lines_do_not_end(web, unharmed, way, first, piece):
    origin = web.http_origin(lambda request: text("whole"), way)
    with unharmed(), web.client(origin, way) as client:
        client.head("POST / HTTP/1.1", [("Host", "h"), ("Transfer-Encoding", "chunked")])
        status = pour(client, endless(first, piece))
        assert status in (400, 413, 431, None)
    assert origin.requests == [] and web.requested(origin)["end"] in ("malformed", "limit")


def pour(client, pieces, most=64 * MIB):
    """Sends until weir says or ends something; the status it says, if it could."""
    sent = 0
    with contextlib.suppress(OSError):
        for piece in pieces:
            client.sock.sendall(piece)
            sent += len(piece)
            assert sent < most, "weir takes it all"
            if has_heard(client):
                break
    try:
        return client.response().status
    except (OSError, EOFError):
        return None


def has_heard(client):
    """Of the other side, without waiting for it."""
    client.sock.settimeout(0)
    try:
        client.buffer += client.sock.recv(65536)
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        client.sock.settimeout(20)


@HTTP1_WAYS
@pytest.mark.parametrize("first, piece", [(b"X: ", b"y" * 10_000), (b"", b"X: y\r\n" * 1000), (b"X", b"x" * 10_000)],
                         ids=["value", "fields", "name"])
def test_heads_that_do_not_end(web, target, unharmed, way, first, piece):
    with unharmed(), web.client(target, way) as client:
        client.sock.sendall(b"GET /hello HTTP/1.1\r\nHost: h\r\n")
        assert pour(client, endless(first, piece)) in (431, None)


@HTTP1_WAYS
def test_lines_before_a_request_that_do_not_end(web, target, unharmed, way):
    with unharmed(), web.client(target, way) as client:
        assert pour(client, endless(b"", b"\r\n" * 5000)) in (400, 408, 431, None)


@HTTP1_WAYS
def test_ten_thousand_small_chunks_are_a_body(web, unharmed, way):
    origin = web.http_origin(lambda request: text(str(len(request.body))), way)
    with unharmed(), web.client(origin, way) as client:
        client.head("POST / HTTP/1.1", [("Host", "h"), ("Transfer-Encoding", "chunked")])
        client.sock.sendall(b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n")
        assert client.response().body == b"10000"


@HTTP1_WAYS
def test_two_hundred_slow_heads_at_once(web, target, unharmed, way):
    with unharmed(48 * MIB), contextlib.ExitStack() as stack:
        clients = []
        for _ in range(200):
            clients.append(stack.enter_context(web.client(target, way)))
            clients[-1].sock.sendall(b"GET /hello HTTP/1.1\r\nX: ")
        assert [client.response().status for client in clients] == [408] * 200


# --- origins

ORIGIN_FLOODS = {
    "pings": lambda: (frame(PING, payload=bytes(8)) for _ in itertools.count()),
    "settings": lambda: (settings() for _ in itertools.count()),
    "window_updates": lambda: (window_update(0, 1) for _ in itertools.count()),
    "continuations": lambda: itertools.chain([frame(HEADERS, 0, 1, literal(":status", "200"))],
                                             (frame(CONTINUATION, 0, 1, literal("a", "b")) for _ in itertools.count())),
    "hints": lambda: (frame(HEADERS, END_HEADERS, 1, literal(":status", "103")) for _ in itertools.count()),
    "pushes": lambda: (frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack("!I", number) + section(GOOD))
                       for number in itertools.count(2, 2)),
}


def flooding(name):
    """Answers nothing, and sends frames instead."""
    def serve(sock):
        connection = Http2(sock, client_side=False)
        connection.until(lambda: connection.ended)
        frames = ORIGIN_FLOODS[name]()
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(b"".join(itertools.islice(frames, 1000)))

    return serve


@pytest.mark.parametrize("name", ORIGIN_FLOODS)
def test_an_origin_that_floods(web, unharmed, name):
    origin = web.origin_of(flooding(name), TLS2)
    with unharmed(), raw(web, origin) as h2:
        h2.send(h2.headers(1))
        assert h2.answer(1) != "answered" or h2.status(1) == 502
    record = flow_of(web, origin, h2.port)
    if name != "hints":  # too many of these end the stream alone
        assert record["end"]["side"] == "upstream" and record["end"]["code"] in ("flood", "malformed"), record


@HTTP1_WAYS
def test_an_origin_whose_head_does_not_end(web, unharmed, way):
    def serve(sock):
        Http1(sock).request()
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(b"X: y\r\n" * 1000)

    origin = web.origin_of(serve, way)
    with unharmed(), web.client(origin, way) as client:
        assert client.ask().status == 502
    assert web.requested(origin)["end"] in ("malformed", "aborted", "limit")
