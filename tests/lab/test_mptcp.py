"""Subflows: joined, counted, cut, mixed; and what a SYN with option 30 meets."""

import json
import socket

import pytest

from namespace import IPPROTO_MPTCP
from network import ORIGIN, client_address
from peers import (connect, download, echo, pieces, receive_all, receive_exactly, send_stream, sink,
                   stream_hash)
from weir import wait_for

MIB = 1 << 20


def subflows_of(sock):
    """How many subflows the client's own kernel counts (MPTCP_INFO; the first is not in the number)."""
    return sock.getsockopt(284, 1, 96)[0] + 1


def is_mptcp_peer(sock):
    """Whether the connection is MPTCP, not fallen back: MPTCP_INFO is refused or says so then."""
    try:
        flags = int.from_bytes(sock.getsockopt(284, 1, 96)[8:12], "little")
    except OSError:
        return False
    return flags & 1 == 0


@pytest.mark.parametrize("paths", [2, 4])
def test_every_subflow_joins_carries_and_is_on_record(make_network, make_weir, serve, paths):
    network = make_network(paths=paths)
    weir = make_weir(network).start()
    serve(network.origin, 443, sink)
    network.add_subflow_endpoints()
    with connect(network.client, (ORIGIN, 443), mptcp=True) as sock:
        port = sock.getsockname()[1]
        sock.sendall(b"x")
        wait_for(lambda: subflows_of(sock) == paths, what=f"{paths} subflows")
        live = weir.live_flow()
        assert live["transport"] == "mptcp" and live["live"]
        wait_for(lambda: weir.live_flow()["subflows"] == paths, what="weir's count")
        send_stream(sock, 100 * MIB)
        sock.shutdown(socket.SHUT_WR)
        receive_exactly(sock, 64)
    record = weir.record(client_port=port)
    assert record["subflows"] == paths and len(record["paths"]) == paths
    assert {path["client"].rsplit(":", 1)[0] for path in record["paths"]} == {
        client_address(number) for number in range(paths)}
    carried = [path["bytes_from_client"] for path in record["paths"]]
    assert all(count > 0 for count in carried) and sum(carried) >= 100 * MIB
    assert all(path["round_trip_us"] > 0 and path["end"] for path in record["paths"])
    assert network.gateway.counter("MPTcpExtMPJoinAckRx") == paths - 1


def test_a_transfer_outlives_a_cut_path_and_takes_the_path_back(network, weir, origin):
    network.add_subflow_endpoints()
    size = 400 * MIB
    with connect(network.client, (ORIGIN, 443), mptcp=True, timeout=90) as sock:
        port = sock.getsockname()[1]
        send_stream_until(network, sock, size)
        sock.shutdown(socket.SHUT_WR)
        assert receive_exactly(sock, 64).decode() == stream_hash(size)
    record = weir.record(client_port=port)
    assert record["bytes_from_client"] == size
    assert record["end"]["code"] == "finished"
    assert record["subflows"] == 2


def send_stream_until(network, sock, size):
    """Sends the stream and cuts the second path in its midst; the client's kernel is told, as on a phone."""
    sent, cut = 0, False
    for piece in pieces(size):
        sock.sendall(piece)
        sent += len(piece)
        if not cut and sent > size // 3:
            wait_for(lambda: subflows_of(sock) == 2, what="the second subflow")
            network.client.run("ip link set c1 down")
            cut = True


def test_an_ended_subflow_says_why(network, weir, serve):
    serve(network.origin, 5001, echo)
    network.add_subflow_endpoints()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        wait_for(lambda: weir.live_flow()["subflows_now"] == 2, what="the second subflow")
        network.client.run("ip mptcp endpoint flush")
        wait_for(lambda: weir.live_flow()["subflows_now"] == 1, what="the subflow's end")
        sock.sendall(b"pong")
        assert receive_exactly(sock, 4) == b"pong"
    record = weir.record()
    assert len(record["paths"]) == 2 and all(path["end"] for path in record["paths"])


def test_ipv4_and_ipv6_subflows_in_one_connection(network, make_weir, origin):
    weir = make_weir(network, mptcp={"endpoints": [{"address": "fd01:1::1", "port": 443}]}).start()
    # Linux mixes families only on a dual-stack socket.
    with connect(network.client, (f"::ffff:{ORIGIN}", 443), mptcp=True) as sock:
        sock.sendall(b"x")
        wait_for(lambda: subflows_of(sock) == 2, what="the IPv6 subflow")
        send_stream(sock, 50 * MIB)
        sock.shutdown(socket.SHUT_WR)
        receive_exactly(sock, 64)
    record = weir.record()
    families = {path["client"].startswith("[") for path in record["paths"]}
    assert families == {True, False} and record["subflows"] == 2


def test_limits_are_the_kernels_and_are_put_back(network, make_weir):
    before = network.gateway.output("ip mptcp limits show")
    weir = make_weir(network, mptcp={"max_subflows": 3, "endpoints": [{"address": "10.1.1.1", "port": 8443}],
                                     "allow_join_initial_address": False}).start()
    assert "subflows 2" in network.gateway.output("ip mptcp limits show")
    assert "10.1.1.1" in network.gateway.output("ip mptcp endpoint show")
    assert network.gateway.output("sysctl -n net.mptcp.allow_join_initial_addr_port").strip() == "0"
    assert weir.stop() == 0
    assert network.gateway.output("ip mptcp limits show") == before
    assert network.gateway.output("ip mptcp endpoint show") == ""
    assert network.gateway.output("sysctl -n net.mptcp.allow_join_initial_addr_port").strip() == "1"


def test_a_join_to_a_signalled_port(network, make_weir, origin):
    make_weir(network, mptcp={"endpoints": [{"address": "10.1.1.1", "port": 8443}],
                              "allow_join_initial_address": False}).start()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        wait_for(lambda: subflows_of(sock) == 2, what="the join to the announced address")


@pytest.mark.parametrize("on_syn,transport", [("terminate", "mptcp"), ("strip", "tcp")])
def test_on_syn_terminate_and_strip(network, make_weir, origin, on_syn, transport):
    weir = make_weir(network, mptcp={"on_syn": on_syn}).start()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        assert receive_exactly(sock, 4) == b"ping"
        assert is_mptcp_peer(sock) == (on_syn == "terminate")
    assert weir.record()["transport"] == transport


def test_on_syn_deny_refuses_mptcp_and_nothing_else(network, make_weir, origin):
    weir = make_weir(network, mptcp={"on_syn": "deny"}).start()
    with pytest.raises(ConnectionRefusedError):
        connect(network.client, (ORIGIN, 80), mptcp=True)
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.record()["transport"] == "tcp"


def test_on_syn_direct_reaches_the_origin_end_to_end(network, make_weir, serve):
    """Both subflows end at the origin's own MPTCP socket; weir sees none of it."""
    seen = []

    def serve_mptcp(sock):
        receive_exactly(sock, 1)
        wait_for(lambda: subflows_of(sock) == 2, what="the origin's second subflow")
        seen.append((sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL), subflows_of(sock)))
        sock.sendall(b"!")
        receive_all(sock)

    weir = make_weir(network, mptcp={"on_syn": "direct"}).start()
    serve(network.origin, 80, serve_mptcp, mptcp=True)
    network.origin.run("ip mptcp limits set subflow 8")
    network.add_subflow_endpoints()
    with connect(network.client, (ORIGIN, 80), mptcp=True) as sock:
        sock.sendall(b"?")
        assert receive_exactly(sock, 1) == b"!"
    assert seen == [(IPPROTO_MPTCP, 2)]
    assert weir.live() == 0 and weir.metric("weir_flows_accepted_total") == 0


@pytest.mark.parametrize("address,family", [(ORIGIN, "IPv4"), ("fd09::2", "IPv6")])
def test_every_syn_with_option_30_is_an_event(network, make_weir, origin, tmp_path, address, family):
    events = tmp_path / "events"
    make_weir(network, mptcp={"alert": True}, log={"events": str(events)}).start()
    network.add_subflow_endpoints()
    with connect(network.client, (address, 5001), mptcp=True) as sock:
        port = sock.getsockname()[1]
        sock.sendall(b"ping")
        receive_exactly(sock, 4)

        def alerts():
            return [json.loads(line) for line in events.read_text().splitlines()]

        wanted = 2 if family == "IPv4" else 1  # the second is the join
        wait_for(lambda: len(alerts()) == wanted, what="the alerts")
        first = alerts()[0]
        assert first["event"] == "mptcp_syn" and first["subtype"] == "MP_CAPABLE"
        assert first["client"].endswith(f":{port}") and first["destination"].endswith(":5001")
        if wanted == 2:
            assert alerts()[1]["subtype"] == "MP_JOIN" and alerts()[1]["client"].startswith(client_address(1))
    download(network.client, (ORIGIN, 80), 10)
    assert len(alerts()) == wanted
