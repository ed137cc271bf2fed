"""Decryption of flows that go well: their bytes, their ends, sessions resumed, the files that it takes."""

import contextlib
import hashlib
import json
import os
import pathlib
import select
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from certificates import NAME
from peers import pieces, receive_all, receive_exactly, reset, send_stream, stream_hash, unacknowledged
from test_mptcp import subflows_of
from test_relay import grows
from tls_peers import TLS12, TLS13, Handshake, answer_http, client_context, end, read_all, says_back, server_context
from weir import wait_for

MIB = 1 << 20
SECRET = b"only for those who trust me"
WORKERS = 2  # of the fixture's weir
TRANSPORTS = pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
VERSIONS = pytest.mark.parametrize("maximum", [TLS12, TLS13], ids=["1_2", "1_3"])


# --- bytes

@TRANSPORTS
def test_64_mib_each_way(lab, mptcp):
    def serve(tls):
        assert receive_exactly(tls, 1) == b"?"
        send_stream(tls, 64 * MIB)
        return receive_all(tls)

    origin = lab.origin(serve, mptcp=mptcp)
    with lab.open(origin, mptcp=mptcp) as tls:
        if mptcp:
            wait_for(lambda: subflows_of(tls) == 2, what="the second subflow")
        tls.sendall(b"?")
        assert receive_first(tls, 64 * MIB) == stream_hash(64 * MIB)
        send_stream(tls, 64 * MIB)
        end(tls)
        wait_for(lambda: origin.server.results, what="all at the origin")
    assert origin.server.results == [(64 * MIB, stream_hash(64 * MIB))]
    record = lab.record(origin)
    assert record["bytes_from_client"] == 64 * MIB + 1 and record["bytes_to_client"] == 64 * MIB
    assert record["end"] == {"stage": "relay", "side": "client", "code": "finished"}
    if mptcp:
        assert all(path["bytes_from_client"] > MIB for path in record["paths"]) and len(record["paths"]) == 2


def receive_first(tls, size):
    digest = hashlib.sha256()
    while size > 0:
        data = tls.recv(min(size, MIB))
        assert data, f"{size} bytes were still to come"
        digest.update(data)
        size -= len(data)
    return digest.hexdigest()


@VERSIONS
def test_records_of_every_size(lab, maximum):
    origin = lab.origin(maximum=maximum)
    sizes = [*range(1, 300), *range(300, 20001, 173), *range(16380, 16390), 16384 - 16, 16384 + 16, 20000]
    data = os.urandom(20000)
    with lab.open(origin, maximum=maximum) as tls:
        for size in sizes:
            tls.sendall(data[:size])
            assert receive_exactly(tls, size) == data[:size]


@TRANSPORTS
def test_both_ways_at_once(lab, mptcp):
    """More is under way than all buffers hold: an end that is not read is still written to."""
    origin = lab.origin()
    size = 16 * MIB
    with lab.open(origin, mptcp=mptcp) as tls:
        assert exchange(tls, size) == stream_hash(size)
        end(tls)
    assert lab.record(origin)["bytes_to_client"] == size


def exchange(tls, size):
    """Sends and receives as either is possible, in one thread, for OpenSSL's connection is not two's to use."""
    digest, to_send, to_come = hashlib.sha256(), pieces(size), size
    tls.setblocking(False)
    piece = next(to_send)
    while to_come > 0:
        wanted = select.POLLIN
        try:
            while piece:
                piece = piece[tls.send(piece):] or next(to_send, None)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            wanted |= select.POLLOUT
        try:
            while to_come > 0:
                data = tls.recv(MIB)
                assert data
                digest.update(data)
                to_come -= len(data)
        except ssl.SSLWantReadError:
            poll = select.poll()
            poll.register(tls, wanted)
            assert poll.poll(20_000)
    tls.settimeout(30)
    return digest.hexdigest()


# --- ends

@TRANSPORTS
@VERSIONS
def test_the_clients_end_leaves_the_other_direction_open(lab, maximum, mptcp):
    def serve(tls):
        total, digest = receive_all(tls)  # up to the client's close_notify
        tls.sendall(f"{total} {digest}".encode())

    origin = lab.origin(serve, maximum=maximum)
    with lab.open(origin, mptcp=mptcp) as tls:
        send_stream(tls, 100_000)
        end(tls)
        assert tls.recv(1000).decode() == f"100000 {stream_hash(100_000)}"
        assert tls.recv(1) == b""  # its close_notify
    record = lab.record(origin)
    assert record["end"]["code"] == "finished" and "truncated" not in record["tls"]


@VERSIONS
def test_the_origins_end_leaves_the_other_direction_open(lab, maximum):
    def serve(tls):
        tls.sendall(b"done")
        end(tls)
        return receive_all(tls)

    origin = lab.origin(serve, maximum=maximum, in_order=False)
    with lab.open(origin) as tls:
        assert receive_exactly(tls, 4) == b"done" and tls.recv(1) == b""
        tls.sendall(b"y" * 100_000)
        end(tls)
    wait_for(lambda: origin.server.results, what="the origin's result")
    assert origin.server.results[0][0] == 100_000
    assert lab.record(origin)["end"]["code"] == "finished"


@VERSIONS
def test_the_origins_truncation_is_the_clients(lab, maximum):
    origin = lab.origin(lambda tls: tls.sendall(b"half of it"), maximum=maximum, in_order=False)
    with lab.open(origin) as tls:
        assert receive_exactly(tls, 10) == b"half of it"
        with pytest.raises(ssl.SSLEOFError):
            tls.recv(1)
    assert lab.record(origin)["tls"]["truncated"] == "upstream"


@VERSIONS
def test_the_clients_truncation_is_the_origins(lab, maximum):
    origin = lab.origin(receive_all, maximum=maximum)
    with lab.open(origin) as tls:
        tls.sendall(b"half of it")
        socket.socket.shutdown(tls, socket.SHUT_WR)  # the FIN alone
        wait_for(lambda: origin.server.errors, what="the origin's error")
    assert isinstance(origin.server.errors[0], ssl.SSLEOFError)
    assert lab.record(origin)["tls"]["truncated"] == "client"


# Python tells a reset from an end only where the socket is not TLS's own.

@TRANSPORTS
def test_the_clients_reset_reaches_the_origin(lab, mptcp):
    def serve(sock):
        server = Handshake(server_context(lab.certificates["wildcard"]), server_side=True)
        server.shake(sock)
        server.say(sock, b"hello")
        receive_all(sock)

    origin = lab.raw_origin(serve, mptcp=mptcp)
    with lab.open(origin, mptcp=mptcp) as tls:
        assert receive_exactly(tls, 5) == b"hello"
        reset(tls)
    assert lab.record(origin)["end"] == {"stage": "relay", "side": "client", "code": "reset"}
    wait_for(lambda: origin.server.errors, what="the origin's error")
    assert isinstance(origin.server.errors[0], ConnectionResetError)


@TRANSPORTS
def test_the_origins_reset_reaches_the_client_after_what_it_sent(lab, mptcp):
    def serve(tls):
        receive_exactly(tls, 1)
        tls.sendall(b"z" * 300_000)
        wait_for(lambda: unacknowledged(tls) == 0, what="the acknowledgement of all that was sent")
        reset(tls)

    origin = lab.origin(serve, in_order=False)
    client = Handshake(client_context(lab.authority), name=origin.name)
    with lab.connect(origin, mptcp=mptcp) as sock:
        client.shake(sock)
        client.say(sock, b"?")
        got = 0
        while got < 300_000:
            got += len(client.read(sock))
        with pytest.raises(ConnectionResetError):
            client.read(sock)
    assert lab.record(origin)["end"] == {"stage": "relay", "side": "upstream", "code": "reset"}


def test_an_idle_flow_is_ended(lab):
    origin = lab.origin()
    client = Handshake(client_context(lab.authority), name=origin.name)
    with lab.configured(gateway={"idle_timeout": "1s"}), lab.connect(origin) as sock:
        client.shake(sock)
        with pytest.raises(ConnectionResetError):
            client.read(sock)
    assert lab.record(origin)["end"] == {"stage": "relay", "side": "weir", "code": "idle"}


def test_a_slow_reader_holds_back_its_sender_only(lab):
    total, sent = 64 * MIB, []

    def serve(tls):
        for piece in pieces(total):
            tls.sendall(piece)
            sent.append(len(piece))

    slow, other = lab.origin(serve), lab.origin()
    with lab.open(slow) as tls:
        wait_for(lambda: sent and not grows(sent), what="the sender's pause")
        assert sum(sent) < total
        lab.is_echoed(other)
        assert receive_first(tls, total) == stream_hash(total) and tls.recv(1) == b""
    assert lab.record(slow)["bytes_to_client"] == total


# --- resumption

def resumed(record):
    return record["tls"]["client"]["resumed"], record["tls"]["upstream"]["resumed"]


@VERSIONS
def test_sessions_are_resumed_on_both_sides(lab, maximum):
    origin = lab.origin(maximum=maximum)
    made = client_context(lab.authority, maximum=maximum)
    session, records = None, []
    for _ in range(8):
        with lab.open(origin, made=made, session=session) as tls:
            says_back(tls)
            assert tls.session_reused == (session is not None)
            session = tls.session
            end(tls)
        records.append(resumed(lab.record(origin)))
    # The client's tickets are good on both workers; each worker has its own sessions upstream.
    assert [client for client, _ in records] == [False] + 7 * [True]
    assert sum(upstream for _, upstream in records) >= 6


@VERSIONS
def test_another_certificate_is_another_session(lab, maximum):
    """A worker that has a session of the origin's answers by it once more, and has forgotten it then."""
    kinds = ["wildcard", "many_names"]
    contexts = [server_context(lab.certificates[kind], maximum=maximum) for kind in kinds]
    current = contexts[0]
    origin = lab.origin(made=lambda: current)
    made = client_context(lab.authority, maximum=maximum)
    session, reused = None, []
    for number in range(4 + WORKERS):
        current = contexts[number >= 2]
        with lab.open(origin, name=NAME, made=made, session=session) as tls:
            says_back(tls)
            reused.append(tls.session_reused)
            session = tls.session
            end(tls)
        lab.record(origin)
    assert reused[:2] == [False, True]
    assert False in reused[2:3 + WORKERS]


def test_handshakes_go_side_by_side_where_the_origin_is_known(lab):
    """The origin answers only once the client's handshake is done."""
    may_answer, context = threading.Event(), server_context(lab.certificates["wildcard"])
    waited = []

    def made():
        waited.append(may_answer.wait(20))
        return context

    origin = lab.origin(made=made)
    opened = client_context(lab.authority)
    may_answer.set()
    known = set()
    while len(known) < WORKERS:  # a flow's id tells its worker
        with lab.open(origin, made=opened) as tls:
            says_back(tls)
            end(tls)
        known.add(int(lab.record(origin)["id"], 16) % WORKERS)
    may_answer.clear()
    with lab.open(origin, made=opened) as tls:
        may_answer.set()
        says_back(tls)
        end(tls)
    assert all(waited)
    assert lab.record(origin)["tls"]["upstream"]["resumed"]


def changing(lab, *contexts):
    """An origin that goes on to the next context with each connection, and stays with the last."""
    left = list(contexts)
    return lab.origin(answer_http(SECRET), made=lambda: left.pop(0) if len(left) > 1 else left[0])


def ask(lab, origin, made, session=None):
    """What the client reads, its session, and whether it had resumed one."""
    with lab.open(origin, name=NAME, made=made, session=session) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        return read_all(tls), tls.session, tls.session_reused


def test_a_certificate_that_goes_bad_is_noticed(lab):
    good, bad = server_context(lab.certificates["ecdsa"]), server_context(lab.certificates["expired"])
    origin = changing(lab, good, good, good, bad)
    made = client_context(lab.authority)
    assert all(SECRET in ask(lab, origin, made)[0] for _ in range(3))
    answers = []
    for _ in range(3):
        try:
            answers.append(ask(lab, origin, made)[0])
        except OSError:  # answered too early: the client is to try again
            pass
    assert answers and all(answer.startswith(b"HTTP/1.1 502 ") and SECRET not in answer for answer in answers)


def test_an_origin_that_comes_to_ask_for_a_client_certificate(lab):
    good, asking = (server_context(lab.certificates["ecdsa"], client_authority=authority)
                    for authority in (None, lab.trusted))
    origin = changing(lab, good, good, good, asking)
    made = client_context(lab.authority)
    assert all(SECRET in ask(lab, origin, made)[0] for _ in range(3))
    mine = client_context(lab.trusted)
    mine.load_verify_locations(lab.authority)
    mine.load_cert_chain(lab.certificates["client_only"].chain, lab.certificates["client_only"].key)
    with contextlib.suppress(OSError):
        ask(lab, origin, mine)  # answered too early, or not
    assert SECRET in ask(lab, origin, mine)[0]


@VERSIONS
def test_nor_is_a_ticket_good_for_another_name(lab, maximum):
    origin = lab.origin(maximum=maximum)
    made = client_context(lab.authority, maximum=maximum)
    with lab.open(origin, made=made) as tls:
        says_back(tls)
        session = tls.session
    with lab.open(origin, made=made, name="another.origin.test", session=session) as tls:
        says_back(tls)
        assert not tls.session_reused


# --- files

def copy_to_spoil(authority, folder):
    files = {key: str(folder / pathlib.Path(file).name) for key, file in authority.items()}
    for key, file in authority.items():
        shutil.copy(file, files[key])
    return files


def spoil_missing_certificate(files, tmp_path):
    os.remove(files["ca_certificate"])
    return files["ca_certificate"], {}


def spoil_missing_key(files, tmp_path):
    os.remove(files["ca_key"])
    return files["ca_key"], {}


def spoil_readable_key(files, tmp_path):
    os.chmod(files["ca_key"], 0o644)
    return files["ca_key"], {}


def spoil_other_key(files, tmp_path):
    os.remove(files["ca_key"])
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                    files["ca_key"]], check=True, capture_output=True)
    os.chmod(files["ca_key"], 0o600)
    return files["ca_key"], {}


def spoil_trust(files, tmp_path):
    return str(tmp_path / "nowhere.pem"), {"upstream_trust": str(tmp_path / "nowhere.pem")}


def spoil_trust_by_garbage(files, tmp_path):
    (tmp_path / "garbage.pem").write_text("no certificate\n")
    return str(tmp_path / "garbage.pem"), {"upstream_trust": str(tmp_path / "garbage.pem")}


def spoil_key_log(files, tmp_path):
    return str(tmp_path / "no" / "log"), {"key_log": str(tmp_path / "no" / "log")}


SPOILT = pytest.mark.parametrize("spoil", [spoil_missing_certificate, spoil_missing_key, spoil_readable_key,
                                           spoil_other_key, spoil_trust, spoil_trust_by_garbage, spoil_key_log])


@SPOILT
def test_a_bad_file_is_an_error_at_start(network, make_weir, authority, tmp_path, spoil):
    private = copy_to_spoil(authority, tmp_path)
    file, options = spoil(private, tmp_path)
    weir = make_weir(network, tls={"decrypt": True, **private, **options})
    weir.start(ready=False)
    assert weir.process.wait(20) == 1
    assert [line for line in weir.log.rest() if file in line and "[tls]" in line]


@SPOILT
def test_and_at_a_reload(lab, authority, spoil):
    folder = lab.weir.file.parent / spoil.__name__  # elsewhere the fence would say no
    folder.mkdir()
    private = copy_to_spoil(authority, folder)
    file, options = spoil(private, folder)
    before = dict(lab.weir.sections["tls"])
    lab.weir.change("tls", **private, **options)
    refused = lab.weir.reload()
    lab.weir.sections["tls"] = before
    lab.weir.write_configuration()
    assert '"event":"reload_refused"' in refused and file in refused
    assert lab.is_echoed(lab.origin())["disposition"] == "decrypt"


def test_secrets_are_logged_where_configured_only(lab):
    log = lab.weir.file.parent / "secrets"  # a folder that the fence lets be written: there is a log in it
    origin = lab.origin()
    with lab.configured(key_log=str(log)):
        lab.weir.log.until(lambda line: "tls.key_log" in line and str(log) in line and "warn" in line)
        lab.is_echoed(origin)
    assert log.stat().st_mode & 0o777 == 0o600
    written = log.read_text()
    for label in ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"):
        assert written.count(label + " ") == 2  # one each side
    lab.is_echoed(origin)
    assert log.read_text() == written


# --- another's judgement

@pytest.mark.skipif(not os.environ.get("WEIR_TESTSSL") or not shutil.which("testssl"),
                    reason="takes minutes: WEIR_TESTSSL=1, and the package testssl.sh")
@pytest.mark.timeout(1800)
def test_testssl_finds_nothing_worse_than_at_the_origin(lab, tmp_path):
    origin = lab.origin(alpn=["http/1.1"], ciphers="DEFAULT")
    grave = {"LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"}

    def judge(namespace):
        file = tmp_path / f"{namespace.name}.json"
        namespace.run(["testssl", "--warnings", "off", "--color", "0", "--jsonfile", file, "-p", "-s", "-f", "-U",
                       "--ip", origin.address, f"{origin.name}:443"], check=False, timeout=900)
        found = {entry["id"]: entry["severity"] for entry in json.loads(file.read_text())}
        assert {"TLS1_2", "TLS1_3", "FS", "heartbleed", "BEAST"} <= set(found)
        return {finding for finding, severity in found.items() if severity in grave}

    assert judge(lab.network.client) <= judge(lab.network.origin)
