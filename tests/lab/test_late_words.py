"""Clients that keep silent at first, and what they say then: patience is no way past the rules."""

import socket
import time
import types

import pytest

from h2_frames import RawHttp2, settings
from network import ORIGIN
from peers import connect, echo, receive_exactly
from test_policy import ADS
from tls_peers import says_back
from weir import wait_for

PATIENCE = types.MappingProxyType({"peek_timeout": "50ms"})
REQUEST = b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
BLOCKED = REQUEST % b"www.ads.example"
ALLOWED = REQUEST % b"www.example"
TRANSPORTS = pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])


def answer(sock):
    """A server that skips empty lines and then answers one request."""
    said = b""
    while not said.lstrip(b"\r\n").endswith(b"\r\n\r\n"):
        more = sock.recv(65536)
        if not more:
            return
        said += more
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


def read_all(sock):
    data = b""
    while more := sock.recv(65536):
        data += more
    return data


@pytest.fixture
def patient(network, make_weir):
    def start(rules, **sections):
        return make_weir(network, gateway=dict(PATIENCE), extra=rules, **sections).start()

    return start


def be_silent(server, count=1):
    """Until weir has dialled the origin, and so has given up waiting for the client."""
    wait_for(lambda: len(server.peers) >= count, what="the origin dialled")


@TRANSPORTS
def test_a_late_request_is_judged(network, patient, serve, mptcp):
    server = serve(network.origin, 80, answer)
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
        be_silent(server)
        sock.sendall(BLOCKED)
        assert read_all(sock).startswith(b"HTTP/1.1 403 ")
    record = weir.record()
    assert (record["disposition"], record["rule"]) == ("block", "ads")


@TRANSPORTS
def test_a_late_request_that_may_pass_passes(network, patient, serve, mptcp):
    server = serve(network.origin, 80, answer)
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 80), mptcp=mptcp) as sock:
        be_silent(server)
        sock.sendall(ALLOWED)
        assert read_all(sock).endswith(b"ok")
    assert weir.record()["disposition"] == "inspect"


def test_line_ends_do_not_hide_a_late_request(network, patient, serve):
    server = serve(network.origin, 80, answer)
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 80)) as sock:
        sock.sendall(b"\r\n")
        be_silent(server)
        sock.sendall(b"\r\n" + BLOCKED)
        assert read_all(sock).startswith(b"HTTP/1.1 403 ")
    assert weir.record()["rule"] == "ads"


def test_an_empty_line_may_be_all_the_question(network, patient, serve):
    """As finger has it (RFC 1288, 2.3)."""
    def tell(sock):
        assert receive_exactly(sock, 2) == b"\r\n"
        sock.sendall(b"nobody is logged in\r\n")
        assert receive_exactly(sock, 4) == b"GET "
        sock.sendall(b"bye")

    serve(network.origin, 80, tell)
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 80)) as sock:
        sock.sendall(b"\r\n")
        assert receive_exactly(sock, 21) == b"nobody is logged in\r\n"
        # The origin spoke first, so this is no HTTP, whatever it looks like.
        sock.sendall(b"GET ")
        assert receive_exactly(sock, 3) == b"bye"
    assert weir.record()["disposition"] == "splice"


def test_a_late_word_of_another_protocol_goes_to_the_origin_that_was_dialled(network, patient, serve):
    server = serve(network.origin, 5001, echo)
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 5001)) as sock:
        be_silent(server)
        sock.sendall(b"\0\1\2\3")
        assert receive_exactly(sock, 4) == b"\0\1\2\3"
    assert weir.record()["disposition"] == "splice" and len(server.peers) == 1


def test_a_client_that_is_silent_for_ever_is_idle(network, make_weir, serve):
    serve(network.origin, 80, lambda sock: sock.recv(1))
    weir = make_weir(network, gateway=PATIENCE | {"idle_timeout": "1s"}, extra=ADS).start()
    with connect(network.client, (ORIGIN, 80)) as sock, pytest.raises(ConnectionResetError):
        sock.recv(1)
    assert weir.record()["end"]["code"] == "idle"


def test_an_http2_server_that_sends_its_settings_has_not_decided_it(network, patient, serve):
    """RFC 9113, 3.4: it may send them before it has heard a word."""
    def settings_first(sock):
        sock.sendall(settings())
        sock.recv(1)

    server = serve(network.origin, 80, settings_first)
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 80)) as sock:
        be_silent(server)
        with pytest.raises(TimeoutError):
            sock.settimeout(0.3)  # no event tells that weir keeps them to itself
            sock.recv(1)
        sock.settimeout(20)
        with RawHttp2(sock, "www.ads.example") as h2:
            h2.send(h2.headers(1))
            h2.answer(1)
            assert h2.status(1) == 403
    assert weir.record()["rule"] == "ads"


def test_an_origin_that_only_ends_is_carried(network, patient, serve):
    serve(network.origin, 80, lambda sock: sock.shutdown(socket.SHUT_WR))
    weir = patient(ADS)
    with connect(network.client, (ORIGIN, 80)) as sock:
        assert sock.recv(1) == b""
    assert weir.record()["end"]["code"] == "finished"


@TRANSPORTS
def test_a_late_hello_is_decrypted(lab, mptcp):
    with lab.configured(gateway=PATIENCE):
        origin = lab.origin()
        sock = lab.connect(origin, mptcp)
        be_silent(origin.server)
        with lab.open(origin, over=sock) as tls:
            says_back(tls)
        record = lab.record(origin)
    assert record["disposition"] == "decrypt" and record["domain"] == origin.name


def test_a_server_that_speaks_first_is_dialled_once_where_all_is_decrypted(lab):
    def greet(sock):
        sock.sendall(b"220 ready\r\n")
        assert receive_exactly(sock, 4) == b"EHLO"

    with lab.configured(gateway=PATIENCE):
        origin = lab.raw_origin(greet)
        with lab.connect(origin) as sock:
            assert receive_exactly(sock, 11) == b"220 ready\r\n"
            sock.sendall(b"EHLO")
        record = lab.record(origin)
    assert record["tls"]["not_decrypted"] == "not_tls" and len(origin.server.peers) == 1


@pytest.mark.parametrize("first", [b"", b"\r\n"], ids=["silent", "line-end"])
def test_a_late_request_within_tls_is_judged(lab, first):
    """Without ALPN nothing tells what is spoken but the first bytes."""
    rule = '[[rule]]\nname = "secret"\nwhen.paths = ["/secret"]\naction = "block"\n'
    with lab.configured(extra=rule, gateway=PATIENCE):
        origin = lab.origin(answer)
        with lab.open(origin) as tls:
            if first:
                tls.sendall(first)
            time.sleep(0.3)  # no event tells that weir has waited long enough
            tls.sendall(b"GET /secret HTTP/1.1\r\nHost: %s\r\n\r\n" % origin.name.encode())
            assert receive_exactly(tls, 13) == b"HTTP/1.1 403 "
        assert lab.record(origin)["requests"] == 1


REQUESTS = '[[rule]]\nname = "secret"\nwhen.paths = ["/secret"]\naction = "block"\n'


def test_silence_for_ever_within_tls_is_idle(lab):
    with lab.configured(extra=REQUESTS, gateway=PATIENCE | {"idle_timeout": "1s"}):
        origin = lab.origin()
        with lab.open(origin) as tls, pytest.raises(OSError):
            if not tls.recv(1):
                raise OSError("it ended")
        assert lab.record(origin)["end"]["code"] == "idle"
