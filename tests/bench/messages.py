"""Small messages on many connections: an origin that answers, and clients that wait for the answers.

Run as programs of their own, so that neither waits for the other's interpreter, and each has its own descriptors.
"""

import ctypes
import gc
import json
import random
import select
import socket
import statistics
import sys
import time

MESSAGE = b"m" * 64
_PR_SET_TIMERSLACK = 29


def answer(port):
    """Sends back whatever comes, on every connection."""
    listener = socket.create_server(("", int(port)), backlog=4096)
    listener.setblocking(False)
    connections = {}
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    print("listening", flush=True)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[sock.fileno()] = sock
                poll.register(sock, select.EPOLLIN)
            elif not send_back(connections[number]):
                connections.pop(number).close()


def send_back(sock):
    try:
        data = sock.recv(65536)
        sock.sendall(data)
        return bool(data)
    except ConnectionError:  # a client that ends with an answer under way
        return False


def dial(address, port):
    sock = socket.create_connection((address, int(port)), timeout=30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    exchange(sock)
    return sock


def exchange(sock):
    sock.sendall(MESSAGE)
    left = len(MESSAGE)
    while left:
        data = sock.recv(left)
        if not data:
            raise EOFError("connection ended")
        left -= len(data)


def hold(address, port, count):
    """Opens connections, each used once, and keeps them until its own input ends."""
    held = [dial(address, port) for _ in range(int(count))]
    print(len(held), flush=True)
    sys.stdin.read()


def ask(address, port, seconds):
    """One message at a time on one connection, for so long; prints the times in nanoseconds."""
    sock = dial(address, port)
    times = []
    end = time.perf_counter() + float(seconds)
    while (now := time.perf_counter()) < end:
        exchange(sock)
        times.append(time.perf_counter() - now)
    report(times)


def ask_many(address, port, seconds, count, rate):
    """Messages at random moments on random connections, `rate` a second in all, whether answers are quick or not."""
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1)  # select(2) would wake up to 50 µs late
    idle = [dial(address, port) for _ in range(int(count))]
    asked = {}  # socket: when
    times = []
    now = time.perf_counter()
    end, due = now + float(seconds), now
    while now < end:
        readable, _, _ = select.select(list(asked), [], [], max(0, due - now))
        now = time.perf_counter()
        for sock in readable:
            if len(sock.recv(len(MESSAGE))) != len(MESSAGE):
                raise EOFError("an answer came in pieces")
            times.append(now - asked.pop(sock))
            idle.append(sock)
        if now >= due:
            due += random.expovariate(float(rate))
            if not idle:
                continue  # every connection waits: their times tell
            sock = idle.pop(random.randrange(len(idle)))
            asked[sock] = time.perf_counter()
            sock.sendall(MESSAGE)
    report(times)


def report(times):
    cuts = statistics.quantiles(times, n=100)
    json.dump({"count": len(times), "p50_us": cuts[49] * 1e6, "p99_us": cuts[98] * 1e6}, sys.stdout)


if __name__ == "__main__":
    gc.disable()  # its pauses would be measured
    {"answer": answer, "hold": hold, "ask": ask, "ask-many": ask_many}[sys.argv[1]](*sys.argv[2:])
