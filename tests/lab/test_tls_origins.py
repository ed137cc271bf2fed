"""Decryption as origins make it hard: every kind of certificate, of key, of program, of misbehaviour."""

import ssl
import threading

import pytest

from certificates import KINDS, NOT_SERVABLE
from http_peers import Http2
from peers import receive_all, reset
from tls_peers import (TLS12, TLS13, Handshake, always_choose_protocol, answer_http, client_context, read_all,
                       says_back, server_context)
from weir import wait_for

GOOD = [kind for kind, made in KINDS.items() if not made.faults]
NO_HANDSHAKE = {"p192"}  # by a key of a group that weir does not offer
BAD = [kind for kind, made in KINDS.items() if made.faults and kind not in NOT_SERVABLE | NO_HANDSHAKE]
SECRET = b"only for those who trust me"
VERIFY_CODES = {"expired": 10, "not_yet_valid": 9, "wrong_name": 62}
ADDRESS_MISMATCH, UNKNOWN_ISSUER = 64, 20
TLS1_0, TLS1_1 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1


@pytest.fixture(scope="module")
def origins(lab):
    """An origin for every kind."""
    return {kind: lab.origin(answer_http(SECRET), kind=kind) for kind in KINDS if kind not in NOT_SERVABLE}


def open_kind(lab, origins, kind):
    asked = KINDS[kind].asked
    made = client_context(lab.authority)
    made.check_hostname = "_" not in asked or kind in BAD  # OpenSSL takes no wildcard for such names, browsers do
    return lab.open(origins[kind], name=asked, sni=asked.encode(), made=made)


# --- certificates

@pytest.mark.parametrize("kind", GOOD)
def test_a_good_certificate_is_matched(lab, origins, kind):
    with open_kind(lab, origins, kind) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: origin.example\r\n\r\n")
        assert SECRET in read_all(tls)
    record = lab.record(origins[kind])
    assert record["disposition"] == "decrypt" and "faults" not in record["tls"]


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_certificate_is_answered_with_a_page(lab, origins, kind):
    with open_kind(lab, origins, kind) as tls:
        tls.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\nAccept: text/plain\r\n\r\n")
        answer = read_all(tls).decode("ascii")
    head, page = answer.split("\r\n\r\n", 1)
    assert head.startswith("HTTP/1.1 502 ") and SECRET.decode() not in answer
    assert "This server cannot be reached safely" in page
    assert not any(ord(c) < 32 and c not in "\r\n" for c in answer)
    record = lab.record(origins[kind])
    assert set(record["tls"]["faults"]) == set(KINDS[kind].faults) and record["tls"]["detail"] in page
    assert record["end"] == {"stage": "handshake", "side": "upstream", "code": "untrusted"}
    assert record["disposition"] == "block" and record["bytes_to_client"] == len(answer)


def test_an_untrusted_origin_is_an_event_once_a_minute(lab):
    origin = lab.origin(answer_http(SECRET), kind="expired")
    for _ in range(2):
        with lab.open(origin) as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b" 502 " in read_all(tls)
        lab.record(origin)
    other = lab.origin(answer_http(SECRET), kind="expired")
    lab.open(other).close()
    lab.weir.log.until(lambda line: '"event":"untrusted_origin"' in line and other.name in line)
    told = [line for line in lab.weir.log.seen if '"event":"untrusted_origin"' in line and origin.name in line]
    assert len(told) == 1 and f'"destination":"{origin.address}:443"' in told[0] and "expired" in told[0]


class TestMirrored:
    @pytest.fixture(scope="class", autouse=True)
    def mirroring(self, lab):
        with lab.configured(on_untrusted_upstream="mirror"):
            yield

    @pytest.mark.parametrize("kind", BAD)
    def test_a_bad_certificate_is_mirrored(self, lab, origins, kind):
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            open_kind(lab, origins, kind)
        faults = set(KINDS[kind].faults)
        shown = {VERIFY_CODES[fault] for fault in faults if fault in VERIFY_CODES}
        if "wrong_name" in faults:
            shown.add(ADDRESS_MISMATCH)
        if not faults <= set(VERIFY_CODES):
            shown = {UNKNOWN_ISSUER}
        assert refused.value.verify_code in shown, refused.value
        record = lab.record(origins[kind])
        assert set(record["tls"]["faults"]) == faults and record["tls"]["mirrored"]
        assert record["end"]["code"] == "rejected" and record["bytes_to_client"] == 0

    @pytest.mark.parametrize("kind, code", [("expired", "10 (certificate has expired)"),
                                            ("not_yet_valid", "9 (certificate is not yet valid)"),
                                            ("wrong_name", "62 (hostname mismatch)"),
                                            ("self_signed", "20 (unable to get local issuer certificate)"),
                                            ("unknown_root", "20 (unable to get local issuer certificate)")])
    def test_what_openssl_says_of_it(self, lab, kind, code):
        origin = lab.origin(kind=kind)
        asked = KINDS[kind].asked
        text = lab.s_client(origin, "-servername", asked, "-CAfile", lab.authority, "-verify_hostname", asked,
                            "-verify_return_error")
        number, sentence = code.removesuffix(")").split(" (")
        assert f"verify error:num={number}:{sentence}" in text

    def test_a_client_that_refuses_it_is_no_pinning_one(self, lab):
        origin = lab.origin(kind="self_signed")
        for _ in range(2):
            with pytest.raises(ssl.SSLCertVerificationError):
                lab.open(origin, name=KINDS["self_signed"].asked)
            assert lab.record(origin)["tls"]["mirrored"]


@pytest.mark.parametrize("kind", sorted(NO_HANDSHAKE))
def test_with_some_there_is_no_handshake(lab, origins, kind):
    with pytest.raises(ssl.SSLError, match="(?i)alert.handshake.failure"):
        open_kind(lab, origins, kind)
    record = lab.record(origins[kind])
    assert record["end"] == {"stage": "handshake", "side": "upstream", "code": "tls"}
    assert "handshake failure" in record["tls"]["detail"]


def test_a_client_of_http2_alone_gets_the_page_too(lab):
    origin = lab.origin(kind="expired", alpn=["h2"])
    with Http2(lab.open(origin, name=KINDS["expired"].asked, alpn=["h2"]), authority="h") as client:
        assert client.ask().status == 502
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "upstream", "code": "untrusted"}


def test_a_client_that_asks_for_nothing_is_not_waited_for(lab):
    origin = lab.origin(kind="expired")
    with lab.configured(handshake_timeout="300ms"), lab.open(origin, name=KINDS["expired"].asked) as tls:
        assert tls.recv(1) == b""
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "upstream", "code": "untrusted"}


def test_the_system_trusts_nobody_of_the_lab(lab):
    origin = lab.origin()
    with lab.configured(upstream_trust="system"), lab.open(origin) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert read_all(tls).startswith(b"HTTP/1.1 502 ")
    assert lab.record(origin)["tls"]["faults"] == ["unknown_issuer"]


# --- versions, keys, programs

@pytest.mark.parametrize("upstream", [TLS12, TLS13], ids=["origin_1_2", "origin_1_3"])
@pytest.mark.parametrize("downstream", [TLS12, TLS13], ids=["client_1_2", "client_1_3"])
@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "ed25519"])
def test_one_version_on_each_side(lab, kind, downstream, upstream):
    origin = lab.origin(kind=kind, minimum=upstream, maximum=upstream)
    record = lab.is_echoed(origin, name=KINDS[kind].asked, minimum=downstream, maximum=downstream)
    assert record["disposition"] == "decrypt"
    for side, version in (("client", downstream), ("upstream", upstream)):
        leg = record["tls"][side]
        assert leg["version"] == version.name.replace("_", ".") and leg["cipher"] and leg["group"]
        assert leg["cipher"].startswith("TLS_" if version == TLS13 else "ECDHE-")


def nginx(lab, folder, *, http2=True, more=""):
    def command(place):
        origin = lab.certificates["wildcard"]
        (folder / "served").mkdir()
        (folder / "served" / "file").write_bytes(SECRET * 40000)
        file = folder / "nginx.conf"
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file.write_text(f"""
            daemon off; master_process off; user root; pid {folder}/pid; error_log stderr crit;
            events {{}}
            http {{ access_log off; {temporary}
              server {{ listen {place.address}:{place.port} ssl {"http2" if http2 else ""}; root {folder}/served;
                ssl_certificate {origin.chain}; ssl_certificate_key {origin.key}; {more} }} }}""")
        return ["nginx", "-c", str(file), "-e", "stderr"]

    return lab.program(command)


@pytest.mark.parametrize("http2, words, version", [(True, ["--http2"], "2"), (True, ["--http1.1"], "1.1"),
                                                   (False, ["--http2"], "1.1"), (True, ["--no-alpn"], "1.1")])
def test_nginx_and_curl(lab, tmp_path, http2, words, version):
    origin = nginx(lab, tmp_path, http2=http2)
    origin_file = tmp_path / "served" / "file"
    done = lab.network.client.run(["curl", "-sS", "--cacert", lab.authority, *origin.resolve, *words, "-w",
                                   "%{http_version}", "-o", tmp_path / "got", origin.url + "file"])
    assert done.stdout == version and (tmp_path / "got").read_bytes() == origin_file.read_bytes()
    record = lab.record(origin)
    assert record["disposition"] == "decrypt"
    assert record["alpn"] == {"2": "h2", "1.1": None if words == ["--no-alpn"] else "http/1.1"}[version]


@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
def test_openssl_s_server(lab, mptcp):
    files = lab.certificates["wildcard"]
    wrap = ["mptcpize", "run"] if mptcp else []
    origin = lab.program(lambda place: [
        *wrap, "openssl", "s_server", "-accept", f"{place.address}:443", "-cert", files.chain, "-cert_chain",
        files.chain, "-key", files.key, "-rev", "-quiet"])
    with lab.open(origin, alpn=["h2", "http/1.1"]) as tls:
        assert tls.selected_alpn_protocol() is None
        tls.sendall(b"lots\n")
        assert tls.recv(5) == b"stol\n"
    assert lab.record(origin)["disposition"] == "decrypt"


def test_gnutls_serv(lab):
    files = lab.certificates["wildcard"]
    origin = lab.program(lambda place: [
        "gnutls-serv", "--quiet", "--echo", "--disable-client-cert", "-p", str(place.port), "--x509certfile",
        files.chain, "--x509keyfile", files.key], port=8443)
    for maximum in (TLS12, TLS13):
        with lab.open(origin, maximum=maximum) as tls:
            tls.sendall(b"hello\n")
            assert tls.recv(6) == b"hello\n"
        record = lab.record(origin)
        assert record["disposition"] == "decrypt" and record["tls"]["upstream"]["version"] == "TLSv1.3"


# --- client certificates

@pytest.mark.parametrize("maximum", [TLS12, TLS13], ids=["1_2", "1_3"])
def test_who_asks_for_a_client_certificate_is_not_decrypted(lab, maximum):
    origin = lab.origin(answer_http(SECRET), client_authority=lab.trusted, maximum=maximum)
    mine = lab.certificates["client_only"]
    for number in range(2):
        done = lab.curl(origin, "--cert", mine.chain, "--key", mine.key, authority=lab.trusted)
        assert done.stdout == SECRET.decode()
        record = lab.record(origin)
        assert record["disposition"] == "splice" and record["tls"] == {"not_decrypted": "client_certificate"}
        lab.learned(origin, "client_certificate")
        assert len(origin.server.peers) == (2, 3)[number]  # the second flow goes on unread at once


def test_nginx_that_asks_for_one_if_there_is_any(lab, tmp_path):
    origin = nginx(lab, tmp_path, more=f"ssl_client_certificate {lab.trusted}; ssl_verify_client optional;")
    lab.curl(origin, authority=lab.trusted)
    assert lab.record(origin)["tls"] == {"not_decrypted": "client_certificate"}


def test_or_refused(lab):
    origin = lab.origin(client_authority=lab.trusted)
    with lab.configured(undecryptable={"client_certificate": "block"}):
        for _ in range(2):
            with pytest.raises(ssl.SSLError, match="(?i)alert.access.denied"):
                lab.open(origin)
            record = lab.record(origin)
            assert record["tls"]["not_decrypted"] == "client_certificate" and record["disposition"] == "block"
            assert record["end"] == {"stage": "handshake", "side": "weir", "code": "undecryptable"}


# --- old ones

def test_an_origin_that_speaks_nothing_new_goes_on_unread(lab):
    origin = lab.origin(minimum=TLS1_0, maximum=TLS1_1)
    old = {"authority": lab.trusted, "minimum": TLS1_0, "ciphers": "ALL:@SECLEVEL=0"}
    for number in range(2):
        with lab.open(origin, made=client_context(**old)) as tls:
            assert tls.version() == "TLSv1.1"
            says_back(tls)
        record = lab.record(origin)
        assert record["disposition"] == "splice" and record["tls"]["not_decrypted"] == "protocol"
        assert len(origin.server.peers) == (2, 3)[number]
    with lab.configured(undecryptable={"protocol": "block"}):
        with pytest.raises(ssl.SSLError, match="(?i)alert.protocol.version"):
            lab.open(origin, made=client_context(**old))
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "weir", "code": "undecryptable"}


# --- that break off, stall, or speak something else

@pytest.mark.parametrize("how", ["end", "reset"])
@pytest.mark.parametrize("maximum", [TLS12, TLS13], ids=["1_2", "1_3"])
@pytest.mark.parametrize("flight, sizes", [("first", (0, 1, 5, 6, 50, 127, 128, 133, 134, 135, 200, 500, 700)),
                                           ("last", (0, 1, 5, 6, 20, 50))])
def test_cut_anywhere_in_the_handshake(lab, flight, sizes, maximum, how):
    if (flight, maximum) == ("last", TLS13):
        pytest.skip("has one flight only")
    made = server_context(lab.certificates["wildcard"], maximum=maximum)
    cuts = iter(sizes)

    def serve(sock):
        server = Handshake(made, server_side=True)
        said = server.hear(sock)
        if flight == "last":
            sock.sendall(said)
            said = server.hear(sock)
        sock.sendall(said[:next(cuts)])
        if how == "reset":
            reset(sock)

    origin = lab.raw_origin(serve)
    for _ in sizes:
        with pytest.raises(OSError):
            lab.open(origin)
        assert lab.record(origin)["end"] == {"stage": "handshake", "side": "upstream", "code": "reset"}
    assert lab.is_echoed(lab.origin())["disposition"] == "decrypt"


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n" * 9, bytes(100),
                                  b"\x15\x03\x03\0\2\2\x28", b"\x16\x03\x03\xff\xff" + bytes(9000),
                                  b"\x16\x03\x03\0\4\2\xff\xff\xff" * 3])
def test_no_tls(lab, said):
    def serve(sock):
        sock.recv(65536)
        sock.sendall(said)
        receive_all(sock)

    origin = lab.raw_origin(serve)
    with pytest.raises(ssl.SSLError, match="(?i)alert.handshake.failure"):
        lab.open(origin)
    record = lab.record(origin)
    assert record["end"] == {"stage": "handshake", "side": "upstream", "code": "tls"}
    assert record["tls"]["detail"].startswith("origin: ")


@pytest.mark.parametrize("maximum", [TLS12, TLS13], ids=["1_2", "1_3"])
def test_a_protocol_that_was_not_offered(lab, maximum):
    made = server_context(lab.certificates["wildcard"], maximum=maximum)
    always_choose_protocol(made, b"made-up")
    origin = lab.origin(made=made)
    with pytest.raises(ssl.SSLError, match="(?i)alert.handshake.failure"):
        lab.open(origin, alpn=["h2", "http/1.1"])
    record = lab.record(origin)
    assert record["end"] == {"stage": "handshake", "side": "upstream", "code": "tls"}
    assert record["tls"]["detail"].startswith("origin: ")


def test_a_stall_is_cut(lab):
    made = server_context(lab.certificates["wildcard"])

    def serve(sock):
        sock.sendall(Handshake(made, server_side=True).hear(sock)[:500])
        receive_all(sock)

    origin = lab.raw_origin(serve)
    with lab.configured(handshake_timeout="300ms"), pytest.raises(OSError):
        lab.open(origin)
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "upstream", "code": "timeout"}
    wait_for(lambda: origin.server.results or origin.server.errors, what="the end at the origin")


def test_a_client_that_goes_away_meanwhile(lab):
    came, gone = threading.Event(), threading.Event()

    def serve(sock):
        sock.recv(65536)
        came.set()
        try:
            receive_all(sock)
        finally:
            gone.set()

    origin = lab.raw_origin(serve)
    with lab.connect(origin) as sock:
        sock.sendall(Handshake(client_context(None), name=origin.name).answer())
        assert came.wait(20)
        reset(sock)
    assert gone.wait(20)
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "client", "code": "reset"}
