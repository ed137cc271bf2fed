"""What weir leaves in the kernel: its own table and nothing of others', put back after any end; and what stands while
it is dead."""

import signal

import pytest

from network import ORIGIN
from peers import connect, download, receive_exactly
from weir import wait_for

STATE = ["nft list ruleset", "ip rule", "ip -6 rule", "ip route show table all", "ip -6 route show table all",
         "ip mptcp limits show", "ip mptcp endpoint show",
         "sysctl -e net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.mptcp net.ipv4.conf net.ipv6.conf"]


def addresses_settled(namespace):
    """The kernel gives an interface its link-local address, and routes to it, only some time after it is up."""
    links = [line for line in namespace.output("ip -o link show up").splitlines() if "LOOPBACK" not in line]
    link_locals = namespace.output("ip -6 -o address show scope link").splitlines()
    return len(link_locals) == len(links) and not any("tentative" in line for line in link_locals)


def state(namespace):
    wait_for(lambda: addresses_settled(namespace), what="every link-local address")
    return {command: namespace.output(command) for command in STATE}


def rules(network):
    return network.gateway.output("nft list table inet weir", check=False)


def test_nothing_is_left_after_an_end_in_order(network, make_weir, origin):
    network.gateway.run(["nft", "add table ip users; add chain ip users c { type filter hook forward priority 0; };"
                         " add rule ip users c counter"])
    before = state(network.gateway)
    weir = make_weir(network, mptcp={"endpoints": [{"address": "10.1.1.1", "port": 8443}]}).start()
    during = state(network.gateway)
    assert during["ip rule"] != before["ip rule"]
    assert before["nft list ruleset"] in during["nft list ruleset"]
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.stop() == 0
    assert state(network.gateway) == before


def test_what_kill_9_left_is_replaced_and_still_put_back(network, make_weir, origin):
    before = state(network.gateway)
    weir = make_weir(network).start()
    running = state(network.gateway)
    weir.process.kill()
    weir.process.wait()
    assert rules(network) != ""
    weir.start()
    again = state(network.gateway)
    for command in STATE[1:]:
        assert again[command] == running[command]
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.stop() == 0
    assert state(network.gateway) == before


def test_killed_and_closed_drops_intercepted_ports_only(network, make_weir, origin, serve):
    from peers import source
    serve(network.origin, 8080, source)
    weir = make_weir(network, gateway={"on_failure": "closed"}).start()
    weir.process.kill()
    weir.process.wait()
    for mptcp in (False, True):
        with pytest.raises(TimeoutError):
            connect(network.client, (ORIGIN, 80), timeout=2, mptcp=mptcp)
    download(network.client, (ORIGIN, 8080), 1000)
    weir.start()
    download(network.client, (ORIGIN, 80), 1000)


def test_killed_and_open_lets_them_through(network, make_weir, origin):
    weir = make_weir(network, gateway={"on_failure": "open"}).start()
    weir.process.kill()
    weir.process.wait()
    for mptcp in (False, True):
        download(network.client, (ORIGIN, 80), 100_000, mptcp=mptcp)
    with connect(network.client, (ORIGIN, 5001)) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        weir.start()
        # A flow begun while weir was down goes on past it.
        sock.sendall(b"pong")
        assert receive_exactly(sock, 4) == b"pong"
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.record()["bytes_to_client"] == 1000


def test_rules_flushed_by_another_are_put_back(network, weir, origin):
    network.gateway.run("nft flush ruleset")
    weir.log.until(lambda line: '"rules_restored"' in line)
    port = download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert weir.record(client_port=port)["transport"] == "mptcp"


def test_net_up_show_and_down(network, make_weir):
    before = state(network.gateway)
    weir = make_weir(network)
    weir.cli("net", "up", "-c", str(weir.file))
    shown = weir.cli("net", "show", "-c", str(weir.file)).stdout
    assert "table inet weir" in shown and "fwmark" in shown and "net.ipv4.ip_forward" in shown
    assert rules(network) != ""
    weir.cli("net", "down", "-c", str(weir.file))
    assert state(network.gateway) == before


def test_unmanaged_rules_are_left_alone(network, make_weir, origin):
    weir = make_weir(network)
    weir.cli("net", "up", "-c", str(weir.file))
    weir.change("gateway", manage_network=False)
    weir.start()
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.stop() == 0
    assert rules(network) != ""


@pytest.mark.parametrize("filter_mode", ["1", "2"])
def test_reverse_path_filters_do_not_stand_in_the_way(network, make_weir, origin, filter_mode):
    network.gateway.run(f"sysctl -qw net.ipv4.conf.all.rp_filter={filter_mode}")
    make_weir(network).start()
    network.add_subflow_endpoints()
    for mptcp in (False, True):
        download(network.client, (ORIGIN, 80), 100_000, mptcp=mptcp)


def test_masquerade_is_for_what_the_kernel_forwards(network, make_weir, origin, serve):
    from peers import source
    other = serve(network.origin, 8080, source)
    make_weir(network, gateway={"masquerade": True}).start()
    download(network.client, (ORIGIN, 8080), 10)
    download(network.client, (ORIGIN, 80), 10)
    assert other.peers == ["10.9.0.1"] and origin[80].peers == ["10.1.0.2"]
