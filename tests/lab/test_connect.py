"""Every way a dial can fail, shown to the client as a reset, and named in the record."""

import pytest

from network import GATEWAY, ORIGIN
from peers import connect


def end_of(weir, network, address, **options):
    with pytest.raises(ConnectionResetError):
        with connect(network.client, address, **options) as sock:
            sock.recv(1)
    return weir.record()["end"]


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_refused(network, weir, mptcp):
    assert end_of(weir, network, (ORIGIN, 80), mptcp=mptcp) == {
        "stage": "connect", "side": "upstream", "code": "refused"}


def test_unreachable(network, weir):
    network.gateway.run("ip route add unreachable 203.0.113.0/24")
    assert end_of(weir, network, ("203.0.113.1", 80)) == {
        "stage": "connect", "side": "upstream", "code": "unreachable"}


def test_an_icmp_error_is_unreachable_too(network, weir):
    network.origin.run("ip address add 203.0.113.1/32 dev lo")
    network.gateway.run("ip route add 203.0.113.0/24 via 10.9.0.2")
    network.origin.run("ip route add unreachable 203.0.113.2/32")
    network.origin.run("sysctl -qw net.ipv4.ip_forward=1")
    assert end_of(weir, network, ("203.0.113.2", 80)) == {
        "stage": "connect", "side": "upstream", "code": "unreachable"}


def test_no_answer(network, make_weir):
    weir = make_weir(network, gateway={"connect_timeout": "1s"}).start()
    network.origin.run(["nft", "add table inet t; add chain inet t i { type filter hook input priority 0; };"
                        " add rule inet t i tcp dport 80 drop"])
    assert end_of(weir, network, (ORIGIN, 80)) == {"stage": "connect", "side": "upstream", "code": "timeout"}


@pytest.mark.parametrize("address", [GATEWAY, "10.1.0.1"])
def test_the_gateway_itself_is_never_relayed_to(network, weir, address):
    with pytest.raises(ConnectionRefusedError):
        connect(network.client, (address, 80))
    with pytest.raises(ConnectionRefusedError):
        connect(network.origin, (address, 80))
    assert weir.live() == 0
