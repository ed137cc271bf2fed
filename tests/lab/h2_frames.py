"""HTTP/2 frame by frame (RFC 9113, 4 and 6), for a client that does what no library would."""

import struct

from hpack import Decoder

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED = 0x4, 0x8

(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(1, 6)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack("!HI", *pair) for pair in pairs))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def window_update(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack("!I", size))


def priority(stream, on, weight=15):
    return frame(PRIORITY, 0, stream, struct.pack("!IB", on, weight))


def integer(value, prefix=7):
    """RFC 7541, 5.1, with nothing before the prefix."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes([value])
    value, coded = value - most, [most]
    while value >= 128:
        coded.append(value % 128 | 128)
        value //= 128
    return bytes([*coded, value])


def string(value):
    return integer(len(value)) + value.encode("latin-1")


def literal(name, value, indexed=False):
    """A field with its name and its value, kept in the table or not (RFC 7541, 6.2)."""
    return (b"\x40" if indexed else b"\0") + string(name) + string(value)


def section(fields):
    return b"".join(literal(name, value) for name, value in fields)


class RawHttp2:
    """A client. What comes is kept in `frames`; settings are acknowledged, and nothing else is done."""

    def __init__(self, sock, authority, *pairs, preface=PREFACE):
        self.sock, self.authority = sock, authority
        self.port = sock.getsockname()[1]
        self.frames = []
        self.heads = {}  # of each stream: field sections, as dicts
        self._decoder, self._block = Decoder(), b""
        self.ended = False  # by the other side, however
        self._buffer = b""
        self.send(preface + settings(*pairs))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # sending

    def send(self, data):
        """False once the other side has had enough."""
        try:
            self.sock.sendall(data)
            return True
        except OSError:
            return False

    def block(self, *fields, method="GET", target="/hello"):
        """A field section, which needs no table."""
        return section([(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", target),
                        *fields])

    def headers(self, stream, *fields, end=True, **request):
        return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, self.block(*fields, **request))

    def flood(self, frames, batch=50):
        """Sends what an iterator gives, and takes what comes, until the other side ends it or there is no more. How
        many were sent."""
        sent, held = 0, b""
        for one in frames:
            held += one
            sent += 1
            if sent % batch == 0:
                if not self.send(held):
                    return sent
                held = b""
                self._take_what_is_there()
                if self.ended or self.goaway is not None:
                    return sent
        self.send(held)
        return sent

    # receiving

    def _take_what_is_there(self):
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            while not self.ended:
                self._receive()
        except BlockingIOError:
            pass
        finally:
            self.sock.settimeout(timeout)

    def _receive(self):
        try:
            data = self.sock.recv(1 << 16)
        except (BlockingIOError, TimeoutError):
            raise
        except OSError as error:
            if type(error).__name__ == "SSLWantReadError":
                raise BlockingIOError from None
            data = b""
        self.ended = not data
        self._buffer += data
        while len(self._buffer) >= 9:
            size = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + size:
                break
            kind, flags, stream = struct.unpack("!BBI", self._buffer[3:9])
            self._take(kind, flags, stream, self._buffer[9:9 + size])
            self._buffer = self._buffer[9 + size:]

    def _take(self, kind, flags, stream, payload):
        self.frames.append((kind, flags, stream, payload))
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK))
        if kind in (HEADERS, CONTINUATION):
            self._block += payload  # weir sends no padding
            if flags & END_HEADERS:
                self.heads.setdefault(stream, []).append(dict(self._decoder.decode(self._block)))
                self._block = b""

    def until(self, found):
        """What `found()` gives, once it gives something; None where the connection ends before."""
        while not (value := found()):
            if self.ended:
                return None
            self._receive()
        return value

    def of(self, kind, stream=None):
        return [one for one in self.frames if one[0] == kind and stream in (None, one[2])]

    @property
    def goaway(self):
        """The last one's code."""
        found = self.of(GOAWAY)
        return struct.unpack("!I", found[-1][3][4:8])[0] if found else None

    def reset_of(self, stream):
        found = self.of(RST_STREAM, stream)
        return struct.unpack("!I", found[0][3])[0] if found else None

    def to_the_end(self):
        """Of the connection; the code of its GOAWAY, None where there was none."""
        self.until(lambda: False)
        return self.goaway

    def answer(self, stream):
        """"answered", once it is whole, or the code it was reset with, or None where the connection ends first."""
        def found():
            if any(flags & END_STREAM for kind, flags, *_ in self.of(DATA, stream) + self.of(HEADERS, stream)):
                return ["answered"]
            code = self.reset_of(stream)
            return [code] if code is not None else None

        value = self.until(found)
        return value[0] if value else None

    def status(self, stream):
        """Of the last head; None where there is none."""
        return int(self.heads[stream][-1][":status"]) if stream in self.heads else None

    def is_served(self, stream, target="/hello"):
        """The connection is still good for a request."""
        return (self.send(self.headers(stream, target=target)) and self.answer(stream) == "answered"
                and self.status(stream) == 200)

    def settings_of_peer(self):
        self.until(lambda: self.of(SETTINGS))
        payload = self.of(SETTINGS)[0][3]
        return dict(struct.unpack("!HI", payload[at:at + 6]) for at in range(0, len(payload), 6))
