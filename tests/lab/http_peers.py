"""HTTP clients and origins of HTTP/1.1 and HTTP/2, over plain sockets or TLS. The same few words for both versions: a
client asks with a Request and has a Response, an origin is a function from one to the other.

HTTP/1 is read and written here, by the letter of RFC 9112, so that a test knows each byte; HTTP/2 is python3-h2's.
"""

import collections
import contextlib
import dataclasses
import socket

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (ConnectionTerminated, DataReceived, InformationalResponseReceived, RemoteSettingsChanged,
                       RequestReceived, ResponseReceived, StreamEnded, StreamReset, TrailersReceived)
from h2.exceptions import ProtocolError, StreamClosedError

from peers import reset

WITHOUT_BODY = (204, 304)


class Message:
    def get(self, name):
        """A field's value, as one where there are several lines of it (RFC 9110, 5.3); None where there is none."""
        values = [value for field, value in self.fields if field.lower() == name.lower()]
        return ", ".join(values) if values else None

    def count(self, name):
        return sum(field.lower() == name.lower() for field, _ in self.fields)


@dataclasses.dataclass
class Request(Message):
    method: str = "GET"
    target: str = "/"
    fields: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    authority: str | None = None
    scheme: str | None = None
    version: str = "1.1"
    peer: str | None = None


@dataclasses.dataclass
class Response(Message):
    status: int = 200
    fields: list = dataclasses.field(default_factory=list)
    body: object = b""  # bytes; or, to send, a generator of them
    trailers: list = dataclasses.field(default_factory=list)
    informational: list = dataclasses.field(default_factory=list)  # (status, fields) of those before it
    framing: str = "length"  # "chunked" or "close", in HTTP/1
    closes: bool = False


def without_delay(sock):
    """Small writes go out at once, as those of every HTTP program."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def pieces_of(body):
    """A body to send, as pieces; a generator is closed whatever happens."""
    return contextlib.closing(body if hasattr(body, "close") else (piece for piece in [body]))


def text(body, status=200, **more):
    return Response(status, [("content-type", "text/plain")], body.encode(), **more)


# --- HTTP/1

class Http1:
    """One connection, of either side."""

    def __init__(self, sock, authority=None):
        self.sock, self.authority = without_delay(sock), authority
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        reset(self.sock)

    # reading

    def _more(self):
        data = self.sock.recv(1 << 16)
        if not data:
            raise EOFError(f"the end, after {self.buffer[-200:]!r}")
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self._more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def line(self):
        while (at := self.buffer.find(b"\r\n")) < 0:
            self._more()
        return self.take(at + 2)[:-2].decode("latin-1")

    def fields(self):
        fields = []
        while line := self.line():
            name, value = line.split(":", 1)
            fields.append((name, value.strip()))
        return fields

    def is_at_end(self):
        """Whether the other side's end comes next."""
        return not self.buffer and not self.sock.recv(1)

    def rest(self):
        try:
            while True:
                self._more()
        except EOFError:
            taken, self.buffer = self.buffer, b""
            return taken

    def chunks(self):
        """A chunked body's chunks as they come; its trailers are then in `trailers`."""
        while size := int(self.line().split(";")[0], 16):
            yield self.take(size)
            assert self.take(2) == b"\r\n"
        self.trailers = self.fields()

    def body(self, message, until_close):
        if "chunked" in (message.get("transfer-encoding") or ""):
            body = b"".join(self.chunks())
            message.trailers = self.trailers
            message.framing = "chunked"
            return body
        if (length := message.get("content-length")) is not None:
            return self.take(int(length))
        if until_close:
            message.framing = "close"
            return self.rest()
        return b""

    def request_head(self):
        method, target, version = self.line().split(" ")
        request = Request(method, target, self.fields(), version=version.removeprefix("HTTP/"))
        request.authority = request.get("host")
        return request

    def request(self):
        request = self.request_head()
        if request.get("expect") == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = self.body(request, until_close=False)
        return request

    def response_head(self):
        version, status, *_ = self.line().split(" ")
        assert version == "HTTP/1.1", version
        return Response(int(status), self.fields())

    def final_head(self):
        informational = []
        while (response := self.response_head()).status // 100 == 1 and response.status != 101:
            informational.append((response.status, response.fields))
        response.informational = informational
        return response

    def response(self, method="GET"):
        response = self.final_head()
        if method != "HEAD" and response.status not in WITHOUT_BODY and response.status != 101:
            response.body = self.body(response, until_close=True)
        response.closes = "close" in (response.get("connection") or "")
        return response

    # writing

    def head(self, first, fields):
        self.sock.sendall((first + "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n")
                          .encode("latin-1"))

    def chunk(self, data):
        self.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def last_chunk(self, trailers=()):
        self.sock.sendall(b"0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in trailers).encode() + b"\r\n")

    def send_request(self, method, target="/", fields=(), body=b"", trailers=(), authority=None, chunked=False):
        fields = [("Host", authority or self.authority), *fields]
        chunked = chunked or bool(trailers)
        if chunked:
            fields.append(("Transfer-Encoding", "chunked"))
        elif body or method in ("POST", "PUT"):
            fields.append(("Content-Length", len(body)))
        self.head(f"{method} {target} HTTP/1.1", fields)
        if chunked:
            if body:
                self.chunk(body)
            self.last_chunk(trailers)
        elif body:
            self.sock.sendall(body)

    def ask(self, method="GET", target="/", fields=(), body=b"", **more):
        self.send_request(method, target, fields, body, **more)
        return self.response(method)

    def respond(self, response, to_head=False):
        for status, fields in response.informational:
            self.head(f"HTTP/1.1 {status} Sooner", fields)
        fields = list(response.fields)
        chunked = response.framing == "chunked" or bool(response.trailers) or not isinstance(response.body, bytes)
        if response.status in WITHOUT_BODY or response.framing == "close":
            chunked = False
        elif chunked:
            fields.append(("Transfer-Encoding", "chunked"))
        else:
            fields.append(("Content-Length", len(response.body)))
        if response.closes or response.framing == "close":
            fields.append(("Connection", "close"))
        self.head(f"HTTP/1.1 {response.status} Word", fields)
        if to_head or response.status in WITHOUT_BODY:
            return
        with pieces_of(response.body) as pieces:
            for piece in pieces:
                if chunked and piece:
                    self.chunk(piece)
                else:
                    self.sock.sendall(piece)
        if chunked:
            self.last_chunk(response.trailers)


def serve_http1(answer, seen):
    """A handler of peers.Server: each request on the connection, in its order, until either side has enough."""
    def serve(sock):
        connection = Http1(sock)
        while True:
            try:
                request = connection.request()
            except EOFError:
                return
            seen.append(request)
            response = answer(request)
            connection.respond(response, request.method == "HEAD")
            if response.closes or response.framing == "close":
                return

    return serve


# --- HTTP/2

class WasReset(Exception):
    """A stream by RST_STREAM, with its code."""

    def __init__(self, code):
        super().__init__(f"reset with {code!r}")
        self.code = code


@dataclasses.dataclass
class Stream:
    """What has come on one."""
    fields: list | None = None
    body: bytearray = dataclasses.field(default_factory=bytearray)
    trailers: list = dataclasses.field(default_factory=list)
    informational: list = dataclasses.field(default_factory=list)
    ended: bool = False
    reset: int | None = None

    def pseudo(self, name):
        return dict(self.fields).get(f":{name}")

    def regular(self):
        return [(name, value) for name, value in self.fields if not name.startswith(":")]


class Http2:
    """One connection, of either side. It reads only while somebody waits for something."""

    def __init__(self, sock, authority=None, scheme="https", client_side=True, settings=None, strict=True):
        self.sock, self.authority, self.scheme = without_delay(sock), authority, scheme
        self.h2 = H2Connection(H2Configuration(client_side=client_side, header_encoding="utf-8",
                                               validate_outbound_headers=strict, normalize_outbound_headers=strict))
        self.streams = collections.defaultdict(Stream)
        self.ended = collections.deque()  # streams whose message is whole
        self.held = set()  # streams whose window stays as it is
        self.peer_settings = {}
        self.goaway = None  # its code
        self.h2.initiate_connection()
        if settings:
            self.h2.update_settings(settings)
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        reset(self.sock)

    # events

    def flush(self):
        if data := self.h2.data_to_send():
            self.sock.sendall(data)

    def pump(self):
        """What one read brings."""
        self.flush()
        data = self.sock.recv(1 << 16)
        if not data:
            raise EOFError("the connection's end")
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush()

    def _take(self, event):
        stream = self.streams[event.stream_id] if getattr(event, "stream_id", None) else None
        if isinstance(event, (RequestReceived, ResponseReceived)):
            stream.fields = list(event.headers)
        elif isinstance(event, InformationalResponseReceived):
            fields = list(event.headers)
            stream.informational.append((int(dict(fields)[":status"]), fields))
        elif isinstance(event, DataReceived):
            stream.body += event.data
            if event.stream_id not in self.held:
                self._give_back(event)
        elif isinstance(event, TrailersReceived):
            stream.trailers = list(event.headers)
        elif isinstance(event, StreamEnded):
            stream.ended = True
            self.ended.append(event.stream_id)
        elif isinstance(event, StreamReset):
            stream.reset = int(event.error_code)
        elif isinstance(event, RemoteSettingsChanged):
            self.peer_settings |= {int(code): change.new_value for code, change in event.changed_settings.items()}
        elif isinstance(event, ConnectionTerminated):
            self.goaway = int(event.error_code)

    def _give_back(self, event):
        if event.flow_controlled_length:
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def until(self, condition):
        while not condition():
            self.pump()

    def heard(self, stream):
        """Of one stream, once its head is there."""
        self.until(lambda: self.streams[stream].fields is not None or self.streams[stream].reset is not None)
        if self.streams[stream].fields is None:
            raise WasReset(self.streams[stream].reset)
        return self.streams[stream]

    # sending

    def start(self, method="GET", target="/", fields=(), authority=None, end=True, scheme=None):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [(":method", method), (":scheme", scheme or self.scheme),
                                      (":authority", authority or self.authority), (":path", target),
                                      *((name.lower(), str(value)) for name, value in fields)], end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        """As the windows allow it."""
        data = memoryview(data)
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
            if room == 0:
                self.pump()
                if self.streams[stream].reset is not None:
                    raise WasReset(self.streams[stream].reset)
                continue
            self.h2.send_data(stream, data[:room].tobytes())
            self.flush()
            data = data[room:]
        if end:
            self.h2.end_stream(stream)
            self.flush()

    def trailers(self, stream, fields):
        self.h2.send_headers(stream, [(name.lower(), value) for name, value in fields], end_stream=True)
        self.flush()

    def ask(self, method="GET", target="/", fields=(), body=b"", trailers=(), **more):
        stream = self.start(method, target, fields, end=not body and not trailers, **more)
        if body or trailers:
            self.send(stream, body, end=not trailers)
        if trailers:
            self.trailers(stream, trailers)
        return self.response(stream)

    def response(self, stream):
        state = self.streams[stream]
        self.until(lambda: state.ended or state.reset is not None)
        if state.reset:  # NO_ERROR after a whole response: the rest of the request is not wanted (RFC 9113, 8.1)
            raise WasReset(state.reset)
        return Response(int(state.pseudo("status")), state.regular(), bytes(state.body), state.trailers,
                        state.informational)

    # answering

    def request(self, stream):
        state = self.streams[stream]
        return Request(state.pseudo("method"), state.pseudo("path"), state.regular(), bytes(state.body),
                       state.trailers, state.pseudo("authority"), state.pseudo("scheme"), version="2")

    def respond(self, stream, response, to_head=False):
        for status, fields in response.informational:
            self.h2.send_headers(stream, [(":status", str(status)), *fields])
        head = [(":status", str(response.status)), *((name.lower(), str(value)) for name, value in response.fields)]
        if isinstance(response.body, bytes) and response.status not in WITHOUT_BODY and not response.trailers:
            head.append(("content-length", str(len(response.body))))
        bodiless = to_head or response.status in WITHOUT_BODY
        self.h2.send_headers(stream, head, end_stream=bodiless)
        self.flush()
        if bodiless:
            return
        with pieces_of(response.body) as pieces:
            for piece in pieces:
                self.send(stream, piece)
        if response.trailers:
            self.trailers(stream, response.trailers)
        else:
            self.send(stream, b"", end=True)


def serve_http2(answer, seen, **options):
    """A handler of peers.Server: each request once it is whole, one after the other."""
    def serve(sock):
        connection = Http2(sock, client_side=False, **options)
        while True:
            try:
                connection.until(lambda: connection.ended)
            except (EOFError, ProtocolError):
                return
            stream = connection.ended.popleft()
            request = connection.request(stream)
            seen.append(request)
            try:
                connection.respond(stream, answer(request), request.method == "HEAD")
            except (StreamClosedError, WasReset):
                pass  # the client has had enough of it

    return serve
