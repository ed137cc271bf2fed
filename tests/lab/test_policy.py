"""What the bypass list and the rules do to real flows."""

import hashlib
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading

import pytest

from network import ORIGIN, ORIGIN6, client_address
from peers import connect, download, echo, pieces, receive_all, receive_exactly, sink
from test_mptcp import is_mptcp_peer, subflows_of
from weir import wait_for

SECOND = "10.9.0.3"  # another address of the origin


@pytest.fixture
def certificate(tmp_path):
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=origin", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


@pytest.fixture
def tls_origin(network, serve, certificate):
    """Says over TLS which name it was asked for; on both ports, at every address of the origin."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    asked = []

    def remember(sock, name, context):
        asked.append(name)

    context.sni_callback = remember

    def answer(sock):
        with context.wrap_socket(sock, server_side=True) as tls:
            tls.sendall(b"hello")
            receive_all(tls)

    network.origin.run(f"ip address add {SECOND}/24 dev eth0")
    serve(network.origin, 443, answer)
    return asked


def tls_connect(network, name, address=ORIGIN, mptcp=False, source=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = connect(network.client, (address, 443), mptcp=mptcp, source=source)
    try:
        return context.wrap_socket(sock, server_hostname=name)
    except BaseException:
        sock.close()
        raise


def says_hello(network, name, **options):
    with tls_connect(network, name, **options) as tls:
        return receive_exactly(tls, 5) == b"hello"


def request(network, text, address=ORIGIN, port=80, mptcp=False):
    with connect(network.client, (address, port), mptcp=mptcp) as sock:
        sock.sendall(text.encode())
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while more := sock.recv(65536):
            data += more
        return data.decode()


def config(weir, text):
    """More of weir.toml, beside its sections."""
    weir.extra = text
    weir.write_configuration()


@pytest.fixture
def ruled(network, make_weir):
    def start(text, **sections):
        weir = make_weir(network, extra=text, **sections)
        return weir.start()

    return start


def counter_of(weir, name):
    listing = weir.network.gateway.output(["nft", "list", "counter", "inet", "weir", name])
    return int(re.search(r"packets (\d+) bytes", listing).group(1))


class MptcpOrigin:
    """An origin that ends MPTCP itself: how many subflows it has of each connection, 0 where it came as plain TCP."""

    def __init__(self, network, serve, port=80):
        self.seen = []
        network.origin.run("ip mptcp limits set subflow 8 add_addr_accepted 8")
        serve(network.origin, port, self._serve, mptcp=True)

    def _serve(self, sock):
        receive_exactly(sock, 1)
        if is_mptcp_peer(sock):
            try:
                wait_for(lambda: subflows_of(sock) == 2, timeout=5, what="the origin's second subflow")
            except AssertionError:
                pass
        self.seen.append(subflows_of(sock) if is_mptcp_peer(sock) else 0)
        sock.sendall(b"!")
        receive_all(sock)

    def ask(self, network, address=ORIGIN, port=80, **options):
        with connect(network.client, (address, port), mptcp=True, **options) as sock:
            sock.sendall(b"?")
            assert receive_exactly(sock, 1) == b"!"
            return subflows_of(sock)


# --- bypass by address


def test_a_bypassed_destination_is_mptcp_end_to_end(network, ruled, serve):
    origin = MptcpOrigin(network, serve)
    weir = ruled(f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n')
    network.add_subflow_endpoints()
    assert origin.ask(network) == 2
    assert origin.seen == [2]
    assert weir.metric("weir_flows_accepted_total") == 0
    assert counter_of(weir, "bypass0") == 2  # the join meets it too
    assert weir.get("/api/v1/bypass")["configured"][0]["syns"] == 2


def test_the_same_destination_without_it_ends_at_weir(network, weir, serve):
    origin = MptcpOrigin(network, serve)
    network.add_subflow_endpoints()
    with connect(network.client, (ORIGIN, 80), mptcp=True) as sock:
        sock.sendall(b"?")
        wait_for(lambda: subflows_of(sock) == 2, what="the second subflow")
        wait_for(lambda: weir.live_flow()["subflows"] == 2, what="weir's count")  # the join's last step takes a while
    wait_for(lambda: origin.seen == [0], what="plain TCP at the origin")
    record = weir.record()
    assert record["transport"] == "mptcp" and record["subflows"] == 2


def test_plain_tcp_to_a_bypassed_destination_is_still_weirs(network, ruled, origin):
    weir = ruled(f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n')
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.record()["transport"] == "tcp"


@pytest.mark.parametrize("flows,mptcp,tcp", [("mptcp", 0, 1), ("tcp", 1, 0), ("any", 0, 0)])
def test_flows_by_their_kind(network, ruled, origin, flows, mptcp, tcp):
    weir = ruled(f'[[bypass]]\nname = "o"\nflows = "{flows}"\ndestinations = ["{ORIGIN}", "{ORIGIN6}"]\n')
    for address in (ORIGIN, ORIGIN6):
        download(network.client, (address, 80), 1000, mptcp=True)
        download(network.client, (address, 80), 1000)
    assert weir.metric('weir_flows_accepted_total{transport="mptcp"}') == 2 * mptcp
    assert weir.metric('weir_flows_accepted_total{transport="tcp"}') == 2 * tcp


def test_ports_and_sources_of_a_bypass(network, ruled, origin):
    weir = ruled('[[bypass]]\nname = "o"\nflows = "any"\nports = [80]\nsources = ["10.1.1.0/24"]\n')
    download(network.client, (ORIGIN, 80), 1000, source=client_address(1))
    assert weir.metric("weir_flows_accepted_total") == 0
    download(network.client, (ORIGIN, 80), 1000)
    with connect(network.client, (ORIGIN, 5001), source=client_address(1)) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
    assert weir.metric("weir_flows_accepted_total") == 2


def test_flows_go_on_as_they_are_when_the_list_changes(network, make_weir, serve):
    serve(network.origin, 5001, echo, mptcp=True)
    bypass = f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n'
    weir = make_weir(network, extra=bypass).start()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as direct:
        direct.sendall(b"ping")
        receive_exactly(direct, 4)
        config(weir, "")
        assert '"reload"' in weir.reload()
        with connect(network.client, (ORIGIN, 5001), mptcp=True) as ended:
            ended.sendall(b"ping")
            receive_exactly(ended, 4)
            assert weir.live() == 1
            config(weir, bypass)
            assert '"reload"' in weir.reload()
            for sock in (direct, ended):
                sock.sendall(b"pong")
                assert receive_exactly(sock, 4) == b"pong"
            # A join to a connection that weir holds still comes to it.
            network.client.run(f"ip mptcp endpoint add {client_address(1)} dev c1 subflow")
            wait_for(lambda: subflows_of(ended) == 2, what="the join to weir")
            wait_for(lambda: subflows_of(direct) == 2, what="the join to the origin")


# --- joins


def test_a_bypassed_origins_second_address_gets_its_joins(network, ruled, serve):
    """The second address is intercepted; its join names a token that is not weir's."""
    origin = MptcpOrigin(network, serve)
    network.origin.run(f"ip address add {SECOND}/24 dev eth0")
    network.origin.run(f"ip mptcp endpoint add {SECOND} dev eth0 signal")
    ruled(f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n')
    assert origin.ask(network) == 2
    assert origin.seen == [2]


def test_joins_of_others_are_dropped_where_policy_says_so(network, ruled, serve):
    origin = MptcpOrigin(network, serve)
    network.origin.run(f"ip address add {SECOND}/24 dev eth0")
    network.origin.run(f"ip mptcp endpoint add {SECOND} dev eth0 signal")
    weir = ruled(f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n[mptcp.joins]\nunknown = "drop"\n')
    origin.ask(network)
    assert origin.seen == [1]
    assert counter_of(weir, "joins_dropped") > 0
    told = weir.log.until(lambda line: '"event":"join_failed"' in line)
    assert '"cause":"not_weirs"' in told and f'"destination":"{SECOND}:80"' in told


def test_a_join_at_once_finds_its_connection(network, weir, serve):
    """The client joins with its first data, before weir has accepted anything: none is lost, none is late."""
    serve(network.origin, 5001, echo)
    network.add_subflow_endpoints()
    for _ in range(100):
        with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
            sock.sendall(b"ping")
            receive_exactly(sock, 4)
            wait_for(lambda: subflows_of(sock) == 2, timeout=0.9, what="the join, at its first SYN")
    assert network.gateway.counter("MPTcpExtMPJoinNoTokenFound") == 0
    assert counter_of(weir, "direct") == 0 and counter_of(weir, "postponed") == 0


def test_a_join_while_weir_is_stopped_finds_its_connection(network, weir, serve):
    """The kernel completes the handshake and takes the join while the program cannot run at all."""
    serve(network.origin, 5001, echo)
    network.add_subflow_endpoints()
    weir.signal(signal.SIGSTOP)
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        wait_for(lambda: subflows_of(sock) == 2, what="the join")
        weir.signal(signal.SIGCONT)
        assert receive_exactly(sock, 4) == b"ping"
        wait_for(lambda: weir.live_flow()["subflows"] == 2, what="weir's count")
    assert weir.record()["subflows"] == 2


def test_where_both_kinds_go_a_join_waits_until_it_is_known(network, ruled, serve):
    """One source is bypassed, another is not, to the same address: neither one's join is refused."""
    origin = MptcpOrigin(network, serve, port=443)
    network.origin.run("ip mptcp limits set subflow 8 add_addr_accepted 8")
    ruled(f'[[bypass]]\nname = "o"\nsources = ["{client_address(0)}"]\n')
    network.client.run("ip address add 10.1.0.9/24 dev c0")
    network.client.run("ip rule add from 10.1.0.9 table 100")
    network.add_subflow_endpoints()
    assert origin.ask(network, port=443, source=client_address(0)) == 2
    assert origin.seen == [2]
    with connect(network.client, (ORIGIN, 443), mptcp=True, source="10.1.0.9") as sock:
        sock.sendall(b"?")
        wait_for(lambda: subflows_of(sock) == 2, what="weir's own join")


def joins_told(weir):
    return weir.cli("doctor", "--joins", "-c", str(weir.file)).stdout


def test_why_a_path_failed_is_told(network, make_weir, serve, origin):
    weir = make_weir(network, mptcp={"max_subflows": 2}).start()
    assert "no join was seen" in joins_told(weir)
    network.add_subflow_endpoints()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        wait_for(lambda: "1 of 1 join succeeded" in joins_told(weir), what="the join")
        assert joins_told(weir).startswith(f"{client_address(1)} to {ORIGIN}:5001: ")
        # One more than mptcp.max_subflows.
        network.client.run("ip address add 10.1.1.9/24 dev c1")
        network.client.run("ip rule add from 10.1.1.9 table 101")
        network.client.run("ip mptcp endpoint add 10.1.1.9 dev c1 subflow")
        wait_for(lambda: "as many subflows as mptcp.max_subflows allows" in joins_told(weir), what="the refusal")


def test_a_join_of_nobody_here_is_told(network, ruled, serve):
    origin = MptcpOrigin(network, serve)
    network.origin.run(f"ip address add {SECOND}/24 dev eth0")
    network.origin.run(f"ip mptcp endpoint add {SECOND} dev eth0 signal")
    weir = ruled(f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n')
    assert origin.ask(network) == 2
    wait_for(lambda: "1 of a connection that is not weir's, and went on to the destination" in joins_told(weir),
             what="the sentence")


def test_an_option_stripped_on_the_way_is_told(network, weir, serve, origin):
    """A box strips option 30 from the third packet on: the connection goes on as TCP."""
    network.client.run(["nft", "add table inet box; add chain inet box out { type filter hook output priority 0; };"
                        " add rule inet box out tcp flags & syn == 0 reset tcp option mptcp"])
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        assert receive_exactly(sock, 4) == b"ping"
    wait_for(lambda: "came without option 30, which a box on the way may strip" in joins_told(weir), what="the sentence")


def test_what_goes_direct_is_forgotten_when_it_ends(network, ruled, serve):
    serve(network.origin, 80, echo)
    weir = ruled(f'[[bypass]]\nname = "o"\nflows = "any"\ndestinations = ["{ORIGIN}", "{ORIGIN6}"]\n')

    def entries(name):
        return weir.network.gateway.output(["nft", "list", "set", "inet", "weir", name]).count(" . 80")

    for address, family in ((ORIGIN, 4), (ORIGIN6, 6)):
        with connect(network.client, (address, 80)) as sock:
            sock.sendall(b"ping")
            receive_exactly(sock, 4)
            assert (entries(f"direct_open{family}"), entries(f"direct_closing{family}")) == (1, 0)
            sock.shutdown(socket.SHUT_WR)
            receive_all(sock)
        wait_for(lambda: (entries(f"direct_open{family}"), entries(f"direct_closing{family}")) == (0, 1), what="its end")


# --- rules on the SYN


@pytest.mark.parametrize("mptcp,transport", [("terminate", "mptcp"), ("strip", "tcp"), ("direct", None), ("deny", None)])
def test_mptcp_by_rule(network, ruled, origin, mptcp, transport):
    weir = ruled(f'[[rule]]\nname = "r"\nwhen = {{ sources = ["{client_address(0)}"], ports = [80] }}\nmptcp = "{mptcp}"\n')
    if mptcp == "deny":
        with pytest.raises(ConnectionRefusedError):
            connect(network.client, (ORIGIN, 80), mptcp=True)
    else:
        port = download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    if transport:
        assert weir.record(client_port=port)["transport"] == transport
    else:
        assert weir.metric("weir_flows_accepted_total") == 0
    # What the rule does not name meets the default.
    port = download(network.client, (ORIGIN, 80), 1000, mptcp=True, source=client_address(1))
    assert weir.record(client_port=port)["transport"] == "mptcp"


def test_mptcp_by_interface(network, ruled, origin):
    weir = ruled('[[rule]]\nname = "wifi"\nwhen.interfaces = ["lan1"]\nmptcp = "strip"\n')
    port = download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert weir.record(client_port=port)["transport"] == "mptcp"
    port = download(network.client, (ORIGIN, 80), 1000, mptcp=True, source=client_address(1))
    assert weir.record(client_port=port)["transport"] == "tcp"


def test_a_block_by_address_holds_where_others_go_direct(network, ruled, origin):
    weir = ruled(f'[[rule]]\nname = "no"\nwhen.destinations = ["{ORIGIN}"]\naction = "reset"\n',
                 mptcp={"on_syn": "direct"})
    with pytest.raises(ConnectionResetError):
        with connect(network.client, (ORIGIN, 80), mptcp=True) as sock:
            sock.recv(1)
    assert weir.record()["rule"] == "no"
    download(network.client, (ORIGIN6, 80), 1000, mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 1


# --- rules on names and requests


ADS = '[[rule]]\nname = "ads"\nwhen.domains = ["*.ads.example", "ads.example"]\naction = "block"\n'


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_a_blocked_request_gets_a_page(network, ruled, origin, mptcp):
    weir = ruled(ADS)
    page = request(network, "GET /x HTTP/1.1\r\nHost: www.ads.example\r\nAccept: text/html\r\n\r\n", mptcp=mptcp)
    head, body = page.split("\r\n\r\n", 1)
    assert head.startswith("HTTP/1.1 403 Forbidden") and "text/html" in head
    record = weir.record()
    assert record["id"] in body and "www.ads.example/x" in body and "<dd>ads</dd>" in body
    assert record["rule"] == "ads" and record["domain"] == "www.ads.example"
    assert record["disposition"] == "block" and record["upstream"] is None
    assert record["end"] == {"stage": "classify", "side": "weir", "code": "blocked"}


def test_a_page_arrives_though_the_client_goes_on_sending(network, ruled, origin):
    ruled(ADS)
    with connect(network.client, (ORIGIN, 80)) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: ads.example\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)
        sock.shutdown(socket.SHUT_WR)
        assert receive_all(sock)[0] > 100


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_a_blocked_client_hello_gets_access_denied(network, ruled, tls_origin, mptcp):
    weir = ruled(ADS)
    with pytest.raises(ssl.SSLError, match="ACCESS_DENIED"):
        tls_connect(network, "ads.example", mptcp=mptcp)
    record = weir.record()
    assert record["rule"] == "ads" and record["disposition"] == "block"
    assert says_hello(network, "other.example", mptcp=mptcp) and tls_origin == ["other.example"]
    record = weir.record(domain="other.example")
    assert record["rule"] is None and record["disposition"] == "splice"


def test_a_blocked_flow_of_another_kind_is_reset(network, ruled, origin):
    weir = ruled('[[rule]]\nname = "no"\nwhen.ports = [5001]\naction = "block"\n')
    with pytest.raises(ConnectionResetError):
        with connect(network.client, (ORIGIN, 5001)) as sock:
            sock.recv(1)
    assert weir.record()["end"] == {"stage": "classify", "side": "weir", "code": "denied"}


def test_rules_on_requests(network, ruled, serve):
    def answer(sock):
        receive_exactly(sock, 1)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        receive_all(sock)

    serve(network.origin, 80, answer)
    weir = ruled('[[rule]]\nname = "posts"\nwhen = { methods = ["POST"], paths = ["/admin/*"], '
                 'headers = { x-tenant = ["^acme$"] }, user_agents = ["curl"] }\naction = "block"\n')
    good = "POST /admin/x?y HTTP/1.1\r\nHost: a.example\r\nX-Tenant: acme\r\nUser-Agent: curl/8\r\n\r\n"
    assert request(network, good).startswith("HTTP/1.1 403")
    for change in (("POST", "GET"), ("/admin/", "/"), ("acme", "acme2"), ("curl", "Mozilla")):
        assert request(network, good.replace(*change)).startswith("HTTP/1.1 200")
    assert weir.record()["rule"] == "posts"


def test_alpn(network, ruled, tls_origin):
    ruled('[[rule]]\nname = "h2"\nwhen.alpn = ["h2"]\naction = "reset"\n')
    assert says_hello(network, "a.example")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1", "h2"])
    with pytest.raises((ConnectionResetError, ssl.SSLError)):
        with connect(network.client, (ORIGIN, 443)) as sock:
            context.wrap_socket(sock, server_hostname="a.example")


# --- what comes slowly, not at all, or wrong


def client_hello(name):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def test_a_hello_of_single_bytes_is_read(network, ruled, tls_origin):
    weir = ruled(ADS)
    with connect(network.client, (ORIGIN, 443)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in client_hello("www.ads.example"):
            sock.sendall(bytes([byte]))
        assert receive_exactly(sock, 7) == b"\x15\x03\x03\x00\x02\x02\x31"
    assert weir.record()["domain"] == "www.ads.example"


def test_a_hello_in_many_records_is_read_and_passed_on_as_it_was(network, ruled, serve):
    serve(network.origin, 443, sink)
    weir = ruled(ADS)
    hello = client_hello("good.example")
    payload = hello[5:]
    records = b"".join(hello[:3] + struct.pack("!H", len(payload[i:i + 100])) + payload[i:i + 100]
                       for i in range(0, len(payload), 100))
    with connect(network.client, (ORIGIN, 443)) as sock:
        sock.sendall(records)
        sock.shutdown(socket.SHUT_WR)
        assert receive_exactly(sock, 64).decode() == hashlib.sha256(records).hexdigest()
    assert weir.record()["domain"] == "good.example"


def test_a_hello_that_never_ends_is_ended(network, ruled, tls_origin):
    weir = ruled(ADS)
    with connect(network.client, (ORIGIN, 443)) as sock:
        sock.sendall(client_hello("www.ads.example")[:100])
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert weir.record()["end"] == {"stage": "classify", "side": "client", "code": "timeout"}


def test_a_malformed_hello_gets_an_alert_and_reaches_nobody(network, ruled, serve):
    server = serve(network.origin, 443, sink)
    weir = ruled(ADS)
    hello = bytearray(client_hello("www.ads.example"))
    hello[43] = 200  # the session id is longer than it may be
    with connect(network.client, (ORIGIN, 443)) as sock:
        sock.sendall(hello)
        assert receive_exactly(sock, 7)[:6] == b"\x15\x03\x03\x00\x02\x02"
    assert weir.record()["end"]["code"] == "malformed" and server.peers == []


def test_a_malformed_request_gets_400_and_reaches_nobody(network, ruled, serve):
    server = serve(network.origin, 80, sink)
    ruled(ADS)
    assert request(network, "GET / HTTP/1.1\r\nHost : www.ads.example\r\n\r\n").startswith("HTTP/1.1 400 ")
    assert server.peers == []


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_a_server_that_speaks_first_is_heard(network, ruled, serve, mptcp):
    def greet(sock):
        sock.sendall(b"220 ready\r\n")
        assert receive_exactly(sock, 4) == b"EHLO"
        sock.sendall(b"250 ok\r\n")

    serve(network.origin, 443, greet)
    weir = ruled(ADS)
    with connect(network.client, (ORIGIN, 443), mptcp=mptcp) as sock:
        assert receive_exactly(sock, 11) == b"220 ready\r\n"
        sock.sendall(b"EHLO")
        assert receive_exactly(sock, 8) == b"250 ok\r\n"
    assert weir.record()["rule"] is None


def test_a_client_that_only_ends_is_carried(network, ruled, serve):
    serve(network.origin, 443, lambda sock: sock.sendall(b"nothing came" if not sock.recv(1) else b""))
    ruled(ADS)
    with connect(network.client, (ORIGIN, 443)) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert receive_exactly(sock, 12) == b"nothing came"


def test_large_uploads_after_a_look_at_their_first_bytes(network, ruled, serve):
    serve(network.origin, 80, sink)
    ruled(ADS)
    head = b"\0 no HTTP, and so relayed unread\r\n"
    for mptcp in (False, True):
        digest = hashlib.sha256(head)
        with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
            sock.sendall(head)
            for piece in pieces(50 << 20):
                sock.sendall(piece)
                digest.update(piece)
            sock.shutdown(socket.SHUT_WR)
            assert receive_exactly(sock, 64).decode() == digest.hexdigest()


def test_names_are_on_record_without_any_rule(network, weir, tls_origin, serve):
    assert says_hello(network, "Some.Example")
    assert weir.record()["domain"] == "some.example"
    serve(network.origin, 80, sink)
    request(network, "GET / HTTP/1.1\r\nHost: other.example:80\r\n\r\n")
    assert weir.record(domain="other.example")["bytes_from_client"] > 30


# --- QUIC


def test_quic_is_refused_at_once_by_default(network, weir):
    with network.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((ORIGIN, 443))
        sock.settimeout(10)
        sock.send(b"\xc0 initial")
        with pytest.raises(ConnectionRefusedError):
            sock.recv(10)
    assert counter_of(weir, "quic") == 1


def test_quic_may_be_allowed(network, make_weir):
    make_weir(network, quic={"action": "allow"}).start()
    server = network.origin.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", 443))
    server.settimeout(10)
    with network.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hi", (ORIGIN, 443))
        assert server.recv(10) == b"hi"
    server.close()


# --- bypass by name


def learned(weir):
    return {entry["address"]: entry for entry in weir.get("/api/v1/bypass")["learned"]}


MEDIA = '[[bypass]]\nname = "media"\ndomains = ["*.media.example"]\n'


@pytest.mark.parametrize("first", ["mptcp", "tcp"])
def test_a_name_is_learned_and_the_next_connection_goes_direct(network, ruled, tls_origin, first):
    weir = ruled(MEDIA)
    assert says_hello(network, "a.media.example", mptcp=first == "mptcp")
    record = weir.record()
    assert record["disposition"] == "splice"
    assert record["rule"] == ("bypass media" if first == "mptcp" else None)
    wait_for(lambda: ORIGIN in learned(weir), what="the address")
    entry = learned(weir)[ORIGIN]
    assert entry["bypass"] == "media" and entry["reason"] == "seen" and entry["name"] == "a.media.example"
    assert 3500 < entry["left_s"] <= 3600
    before = weir.metric("weir_flows_accepted_total")
    assert says_hello(network, "a.media.example", mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == before
    assert says_hello(network, "a.media.example")  # plain TCP is not bypassed
    assert weir.metric("weir_flows_accepted_total") == before + 1


def test_a_host_is_learned_too(network, ruled, serve):
    serve(network.origin, 80, sink)
    weir = ruled(MEDIA)
    request(network, "GET / HTTP/1.1\r\nHost: x.media.example\r\n\r\n")
    wait_for(lambda: ORIGIN in learned(weir), what="the address")


def test_what_is_learned_survives_a_reload_and_ends(network, make_weir, tls_origin):
    weir = make_weir(network, extra=MEDIA + 'learn_for = "4s"\n').start()
    assert says_hello(network, "a.media.example")
    wait_for(lambda: ORIGIN in learned(weir), what="the address")
    assert '"reload"' in weir.reload()
    assert ORIGIN in learned(weir)
    before = weir.metric("weir_flows_accepted_total")
    assert says_hello(network, "a.media.example", mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == before
    wait_for(lambda: ORIGIN not in learned(weir), what="its end")
    assert says_hello(network, "a.media.example", mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == before + 1


def test_learning_can_be_turned_off(network, ruled, tls_origin):
    weir = ruled(MEDIA + 'learn_for = "0"\n')
    assert says_hello(network, "a.media.example", mptcp=True)
    weir.record()
    assert says_hello(network, "a.media.example", mptcp=True)
    assert learned(weir) == {} and weir.metric("weir_flows_accepted_total") == 2


def test_an_address_shared_with_a_blocked_name_is_not_learned(network, ruled, tls_origin):
    weir = ruled(MEDIA + ADS)
    assert says_hello(network, "a.media.example")
    wait_for(lambda: ORIGIN in learned(weir), what="the address")
    with pytest.raises(ssl.SSLError):
        tls_connect(network, "ads.example")
    wait_for(lambda: ORIGIN not in learned(weir), what="its being forgotten")
    assert says_hello(network, "b.media.example", mptcp=True)
    listing = wait_for(lambda: (found := weir.get("/api/v1/bypass"))["conflicts"] >= 2 and found, what="the conflict")
    assert listing["withheld"][0]["address"] == ORIGIN and listing["withheld"][0]["name"] == "ads.example"
    assert listing["learned"] == []
    # Another address of the name is learned.
    assert says_hello(network, "a.media.example", address=SECOND)
    wait_for(lambda: SECOND in learned(weir), what="the other address")


@pytest.fixture
def dns(network, tmp_path):
    """A real resolver behind the gateway: media.example is the origin."""
    file = tmp_path / "dnsmasq.conf"
    file.write_text("no-daemon\nno-resolv\nno-hosts\nbind-interfaces\nlisten-address=10.9.0.2\nlocal-ttl=300\n"
                    f"user=root\ngroup=root\npid-file={tmp_path}/dnsmasq.pid\n"
                    f"host-record=media.example,{ORIGIN},{ORIGIN6}\nhost-record=www.media.example,{SECOND}\n")
    network.origin.run(f"ip address add {SECOND}/24 dev eth0", check=False)
    network.origin.start(["dnsmasq", "-C", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: network.origin.output(["ss", "-Hlnu", "sport", "=", "53"]), what="dnsmasq")


def test_names_are_resolved_and_go_direct_from_the_first_flow(network, ruled, dns, origin):
    weir = ruled('[[bypass]]\nname = "media"\ndomains = ["media.example"]\n[dns]\nservers = ["10.9.0.2"]\n')
    wait_for(lambda: set(learned(weir)) == {ORIGIN, ORIGIN6}, what="both addresses")
    assert learned(weir)[ORIGIN]["reason"] == "resolved"
    for address in (ORIGIN, ORIGIN6):
        download(network.client, (address, 80), 1000, mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 0


def dns_query(network, name):
    """Asks as a client does, and gives the answer's bytes."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    with network.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.sendto(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question + b"\x00\x01\x00\x01", ("10.9.0.2", 53))
        return sock.recv(2000)


def test_answers_that_pass_by_are_learned(network, ruled, dns, origin):
    weir = ruled(MEDIA + '[dns]\nwatch = ["10.9.0.2"]\n')
    assert socket.inet_aton(SECOND) in dns_query(network, "www.media.example")
    wait_for(lambda: SECOND in learned(weir), what="the address")
    assert learned(weir)[SECOND]["reason"] == "answered"
    download(network.client, (SECOND, 80), 1000, mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 0
    dns_query(network, "media.example")  # no name of the list
    assert ORIGIN not in learned(weir)


def test_a_name_is_confirmed_by_answers_that_pass_by(network, ruled, dns):
    liars = '[[rule]]\nname = "liars"\nwhen = { name_confirmed = false }\naction = "block"\n'
    watch = '[dns]\nwatch = ["10.9.0.2"]\n'
    weir = ruled(liars + watch)

    def becomes(address, name):
        told = weir.cli("explain", "--live", "--json", "--from", client_address(), "--to", f"{address}:443",
                        "--domain", name, "-c", str(weir.file)).stdout
        return json.loads(told)["disposition"]

    assert becomes(ORIGIN, "media.example") == "block"
    dns_query(network, "media.example")
    wait_for(lambda: becomes(ORIGIN, "media.example") == "splice", what="the name to be confirmed")
    assert becomes(SECOND, "media.example") == "block"
    assert becomes(ORIGIN, "www.media.example") == "block"
    assert '"reload"' in weir.reload()
    assert becomes(ORIGIN, "media.example") == "splice"
    weir.file.write_text(weir.file.read_text().replace("name_confirmed = false", 'domains = ["x.example"]'))
    assert '"reload"' in weir.reload()  # nothing asks any more: what was seen is forgotten
    weir.file.write_text(weir.file.read_text().replace('domains = ["x.example"]', "name_confirmed = false"))
    assert '"reload"' in weir.reload()
    assert becomes(ORIGIN, "media.example") == "block"


def test_a_log_of_requests_that_cannot_be_opened_refuses_the_reload(network, make_weir, tmp_path):
    weir = make_weir(network).start()
    weir.change("log", requests=f"{tmp_path}/no/such")
    assert "log.requests: cannot open" in weir.reload()


# --- bypass at run time


def test_a_bypass_added_by_hand_works_at_once_outlives_a_reload_and_ends(network, weir, origin):
    def bypass(*words):
        return weir.cli("bypass", *words, "-c", str(weir.file), check=False)

    download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert bypass("add", f"{ORIGIN}/32", "--for", "1h").returncode == 0
    download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert '"reload"' in weir.reload()
    download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 1
    assert ORIGIN in bypass("list").stdout
    assert bypass("remove", ORIGIN).returncode == 0
    download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 2
    assert bypass("remove", ORIGIN).returncode == 1
    assert bypass("add", "10.0.0.1/8", "--for", "1h").returncode == 1
    assert bypass("add", ORIGIN).returncode == 2 and bypass("add", ORIGIN, "--for", "soon").returncode == 2
    assert bypass("add", "10.9.0.0/24", "--for", "2s", "--flows", "any").returncode == 0
    wait_for(lambda: weir.get("/api/v1/bypass")["added"] == [], what="its end")
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.metric("weir_flows_accepted_total") == 3
    assert any('"bypass_added"' in line and '"who":"127.0.0.1"' in line for line in weir.log.rest_so_far())


def test_a_name_added_by_hand_is_learned(network, weir, tls_origin):
    assert weir.cli("bypass", "add", "*.media.example", "--for", "1h", "-c", str(weir.file)).returncode == 0
    assert says_hello(network, "a.media.example", mptcp=True)
    assert weir.record()["rule"] == "bypass *.media.example"
    wait_for(lambda: ORIGIN in learned(weir), what="the address")
    assert says_hello(network, "a.media.example", mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 1
    assert weir.cli("bypass", "remove", "*.media.example", "-c", str(weir.file)).returncode == 0
    assert learned(weir) == {}
    assert says_hello(network, "a.media.example", mptcp=True)
    assert weir.metric("weir_flows_accepted_total") == 2


# --- explain


def test_explain_by_the_file_and_by_the_running_gateway(network, ruled, tls_origin):
    weir = ruled(MEDIA + ADS)
    question = ["--from", client_address(), "--to", f"{ORIGIN}:443", "--mptcp", "-c", str(weir.file)]
    assert "goes to weir, by default" in weir.cli("explain", *question).stdout
    assert says_hello(network, "a.media.example")
    wait_for(lambda: ORIGIN in learned(weir), what="the address")
    assert "goes to weir, by default" in weir.cli("explain", *question).stdout
    live = weir.cli("explain", "--live", *question).stdout
    assert "goes direct" in live and "was learned for a.media.example (seen)" in live
    told = json.loads(weir.cli("explain", "--json", "--domain", "ads.example", *question).stdout)
    assert told["disposition"] == "block" and told["flow"]["by"] == "rule ads"


# --- reload


def test_reload_under_load_loses_nothing(network, make_weir, origin):
    """500 flows echo while the policy changes again and again."""
    weir = make_weir(network).start()
    socks = [connect(network.client, (ORIGIN, 5001), mptcp=number % 2 == 0) for number in range(500)]
    stop, failures, rounds = threading.Event(), [], []

    def talk(mine):
        while not stop.is_set():
            for sock in mine:
                message = bytes([len(rounds) % 256]) * 500
                try:
                    sock.sendall(message)
                    if receive_exactly(sock, 500) != message:
                        failures.append("other bytes")
                except (OSError, EOFError) as error:
                    failures.append(repr(error))
                    return
            rounds.append(1)

    threads = [threading.Thread(target=talk, args=(socks[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    policies = ["", f'[[bypass]]\nname = "o"\ndestinations = ["{ORIGIN}"]\n', ADS, MEDIA]
    for number in range(12):
        config(weir, policies[number % len(policies)])
        assert '"reload"' in weir.reload()
        port = download(network.client, (ORIGIN, 80), 10_000)
        assert weir.record(client_port=port)["bytes_to_client"] == 10_000
    done = len(rounds)
    wait_for(lambda: len(rounds) >= done + 8 or failures, timeout=60, what="two more rounds of all")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert weir.live() == 500
    for sock in socks:
        sock.close()


def test_a_list_that_vanishes_leaves_the_old_policy_in_force(network, make_weir, tls_origin, tmp_path):
    (tmp_path / "ads.txt").write_text("*.ads.example\nads.example\n")
    weir = make_weir(network, extra='[[rule]]\nname = "ads"\nwhen.domains = ["file:ads.txt"]\naction = "block"\n').start()
    (tmp_path / "ads.txt").unlink()
    assert '"reload_refused"' in weir.reload()
    with pytest.raises(ssl.SSLError, match="ACCESS_DENIED"):
        tls_connect(network, "ads.example")
    (tmp_path / "ads.txt").write_text("good.example\n192.0.2.1\n")
    assert '"reload_refused"' in weir.reload()
    assert any("ads.txt:2:1: error: domains: '192.0.2.1' is an address" in line for line in weir.log.seen)
    with pytest.raises(ssl.SSLError, match="ACCESS_DENIED"):
        tls_connect(network, "ads.example")


def test_a_million_names_and_a_hundred_thousand_prefixes(network, make_weir, tls_origin, tmp_path):
    with open(tmp_path / "names.txt", "w") as names:
        for number in range(1_000_000):
            names.write(f"host{number}.ads{number % 1000}.example\n")
    with open(tmp_path / "nets.txt", "w") as nets:
        for number in range(100_000):
            nets.write(f"{20 + number // 32768}.{number // 128 % 256}.{number * 2 % 256}.0/24\n")
        nets.write(f"{SECOND}\n")
    weir = make_weir(network, extra='[[rule]]\nname = "ads"\nwhen.domains = ["file:names.txt"]\naction = "block"\n'
                     '[[bypass]]\nname = "nets"\nflows = "any"\ndestinations = ["file:nets.txt"]\n')
    weir.start(patience=60)
    with pytest.raises(ssl.SSLError, match="ACCESS_DENIED"):
        tls_connect(network, "host999999.ads999.example")
    assert says_hello(network, "host999999.ads998.example")
    before = weir.metric("weir_flows_accepted_total")
    assert says_hello(network, "host999999.ads999.example", address=SECOND)
    assert weir.metric("weir_flows_accepted_total") == before
    assert weir.get("/api/v1/status")["rules_installed"] is True
    assert weir.stop() == 0
