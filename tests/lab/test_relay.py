"""What goes in comes out: every size, both ways, both transports, both families."""

import concurrent.futures
import socket
import struct

import pytest

from network import ORIGIN, ORIGIN6, client_address
from peers import (connect, download, receive_all, receive_exactly, reset, stream_hash, unacknowledged,
                   upload)
from weir import wait_for

SIZES = [0, 1, 1024, 65535, 65536, 65537, 1 << 20, 100 << 20]
GIB = 1 << 30


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_downloads_and_uploads_of_every_size(network, weir, origin, mptcp):
    for size in SIZES:
        port = download(network.client, (ORIGIN, 80), size, mptcp=mptcp)
        record = weir.record(client_port=port)
        assert record["bytes_to_client"] == size and record["bytes_from_client"] == 8
        port = upload(network.client, (ORIGIN, 443), size, mptcp=mptcp)
        record = weir.record(client_port=port)
        assert record["bytes_from_client"] == size
        assert record["transport"] == ("mptcp" if mptcp else "tcp")
        assert record["end"] == {"stage": "relay", "side": "client", "code": "finished"}
        assert record["disposition"] == "splice" and record["error"] is None


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_a_gibibyte_each_way(network, weir, origin, mptcp):
    network.add_subflow_endpoints()
    download(network.client, (ORIGIN, 80), GIB, mptcp=mptcp)
    upload(network.client, (ORIGIN, 443), GIB, mptcp=mptcp)
    assert weir.stop() == 0


def test_ipv6(network, weir, origin):
    for mptcp in (False, True):
        port = download(network.client, (ORIGIN6, 80), 1 << 20, mptcp=mptcp)
        record = weir.record(client_port=port)
        assert record["destination"] == f"[{ORIGIN6}]:80"
        assert record["client"].startswith("[fd01::2]") and record["upstream_from"].startswith("[fd01::2]")


def test_the_origin_sees_the_client(network, weir, origin):
    download(network.client, (ORIGIN, 80), 10)
    download(network.client, (ORIGIN, 80), 10, mptcp=True)
    assert origin[80].peers == [client_address()] * 2


def test_or_the_gateway(network, make_weir, origin):
    make_weir(network, gateway={"preserve_client_address": False}).start()
    download(network.client, (ORIGIN, 80), 10)
    assert origin[80].peers == ["10.9.0.1"]


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_the_clients_end_leaves_the_other_direction_open(network, weir, serve, mptcp):
    def answer_after_end(sock):
        size, digest = receive_all(sock)
        sock.sendall(f"{size} {digest}".encode())

    serve(network.origin, 80, answer_after_end)
    with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
        sock.sendall(b"x" * 1000)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1000).startswith(b"1000 ")


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_the_origins_end_leaves_the_other_direction_open(network, weir, serve, mptcp):
    def end_then_listen(sock):
        sock.sendall(b"done")
        sock.shutdown(socket.SHUT_WR)
        return receive_all(sock)

    server = serve(network.origin, 80, end_then_listen)
    with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
        assert receive_exactly(sock, 4) == b"done" and sock.recv(1) == b""
        sock.sendall(b"y" * 100_000)
    wait_for(lambda: server.results, what="the origin's result")
    assert server.results[0][0] == 100_000


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_the_clients_reset_reaches_the_origin(network, weir, serve, mptcp):
    heard = []

    def hear(sock):
        heard.append(receive_exactly(sock, 10))
        receive_all(sock)

    server = serve(network.origin, 80, hear)
    sock = connect(network.client, (ORIGIN, 80), mptcp=mptcp)
    port = sock.getsockname()[1]
    sock.sendall(b"half a req")
    wait_for(lambda: heard, what="the request at the origin")
    reset(sock)
    record = weir.record(client_port=port)
    assert record["end"] == {"stage": "relay", "side": "client", "code": "reset"}
    wait_for(lambda: server.errors, what="the origin's error")
    assert isinstance(server.errors[0], ConnectionResetError)


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_the_origins_reset_reaches_the_client_after_what_it_sent(network, weir, serve, mptcp):
    def answer_and_reset(sock):
        receive_exactly(sock, 1)
        sock.sendall(b"z" * 300_000)
        wait_for(lambda: unacknowledged(sock) == 0, what="the acknowledgement of all that was sent")
        reset(sock)

    serve(network.origin, 80, answer_and_reset)
    with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
        port = sock.getsockname()[1]
        sock.sendall(b"?")
        assert len(receive_exactly(sock, 300_000)) == 300_000
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert weir.record(client_port=port)["end"] == {"stage": "relay", "side": "upstream", "code": "reset"}


def test_two_thousand_flows_at_once(network, weir, origin):
    flows = 2000
    size = 20_000
    expected = stream_hash(size)
    sockets = []
    for number in range(flows):
        sock = connect(network.client, (ORIGIN, 80), mptcp=number % 2 == 0)
        sockets.append(sock)
    wait_for(lambda: weir.live() == flows, what="2,000 live flows")
    for sock in sockets:
        sock.sendall(struct.pack("!Q", size))

    def finish(sock):
        with sock:
            return receive_all(sock) == (size, expected)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(finish, sockets))


def test_a_slow_reader_holds_back_its_sender_only(network, weir, serve, origin):
    sent = []

    def send_much(sock):
        for _ in range(2000):
            sock.sendall(b"a" * 100_000)
            sent.append(100_000)

    serve(network.origin, 8080, send_much)
    weir.change("gateway", intercept_ports=[80, 443, 5001, 8080])
    assert '"reload"' in weir.reload()
    with connect(network.client, (ORIGIN, 8080)) as slow:
        wait_for(lambda: len(sent) > 0 and not grows(sent), what="the sender's pause")
        assert sum(sent) < 60_000_000
        download(network.client, (ORIGIN, 80), 10 << 20)
        assert len(receive_exactly(slow, sum(sent))) > 0


def grows(counted):
    before = len(counted)
    try:
        wait_for(lambda: len(counted) > before, timeout=0.5)
    except AssertionError:
        return False
    return True


def test_an_idle_flow_is_ended(network, make_weir, origin):
    weir = make_weir(network, gateway={"idle_timeout": "1s"}).start()
    with connect(network.client, (ORIGIN, 5001)) as sock:
        sock.sendall(b"ping")
        assert receive_exactly(sock, 4) == b"ping"
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert weir.record()["end"] == {"stage": "relay", "side": "weir", "code": "idle"}
