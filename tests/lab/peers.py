"""Clients and origins made of sockets, with every byte checked by its hash."""

import fcntl
import hashlib
import socket
import struct
import threading

from namespace import IPPROTO_MPTCP

_CHUNK = hashlib.sha256(b"weir").digest() * 2048 * 4  # 256 KiB that repeat only as a whole


def stream_hash(size):
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)
    return digest.hexdigest()


def pieces(size):
    """`size` bytes, the same each time; each piece is told from the next by its number."""
    number = 0
    while size > 0:
        piece = (struct.pack("!Q", number) + _CHUNK[8:])[:size]
        yield piece
        size -= len(piece)
        number += 1


def send_stream(sock, size):
    for piece in pieces(size):
        sock.sendall(piece)


def receive_all(sock):
    """Until the end: how many bytes, and their hash."""
    digest, total = hashlib.sha256(), 0
    while data := sock.recv(1 << 20):
        digest.update(data)
        total += len(data)
    return total, digest.hexdigest()


def receive_exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError(f"{len(data)} of {size} bytes")
        data += more
    return data


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def unacknowledged(sock):
    """Bytes sent that the other end has not acknowledged (SIOCOUTQ)."""
    return struct.unpack("i", fcntl.ioctl(sock, 0x5411, bytes(4)))[0]


def connect(namespace, address, mptcp=False, source=None, timeout=30):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = namespace.socket(family, socket.SOCK_STREAM, IPPROTO_MPTCP if mptcp else 0)
    sock.settimeout(timeout)
    if source:
        sock.bind((source, 0))
    try:
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


class Server:
    """Accepts on a port of a namespace; each connection is handled by `serve(socket)` in a thread of its own."""

    def __init__(self, namespace, port, serve, mptcp=False, backlog=4096, address="::"):
        self.sock = namespace.socket(socket.AF_INET6, socket.SOCK_STREAM, IPPROTO_MPTCP if mptcp else 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.sock.bind((address, port))
        self.sock.listen(backlog)
        self.serve = serve
        self.peers = []
        self.results = []
        self.errors = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, peer = self.sock.accept()
            except OSError:
                return
            self.peers.append(peer[0].removeprefix("::ffff:"))
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            self.results.append(self.serve(sock))
        except (OSError, EOFError) as error:
            self.errors.append(error)
        finally:
            sock.close()

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def source(sock):
    """Sends as many bytes as the client asks for (8 bytes, big-endian), then closes."""
    (size,) = struct.unpack("!Q", receive_exactly(sock, 8))
    send_stream(sock, size)


def sink(sock):
    """Takes everything, answers with its hash."""
    total, digest = receive_all(sock)
    sock.sendall(digest.encode())
    return total, digest


def echo(sock):
    while data := sock.recv(65536):
        sock.sendall(data)


def download(namespace, address, size, **options):
    with connect(namespace, address, **options) as sock:
        port = sock.getsockname()[1]
        sock.sendall(struct.pack("!Q", size))
        assert receive_all(sock) == (size, stream_hash(size))
        return port


def upload(namespace, address, size, **options):
    with connect(namespace, address, **options) as sock:
        port = sock.getsockname()[1]
        send_stream(sock, size)
        sock.shutdown(socket.SHUT_WR)
        assert receive_exactly(sock, 64).decode() == stream_hash(size)
        return port
