"""Decryption as clients make it hard: real programs, odd names, refusals, what is no TLS, what never ends."""

import concurrent.futures
import contextlib
import json
import shutil
import socket
import ssl
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from network import ORIGIN6, client_address
from peers import echo, receive_all, receive_exactly, reset
from tls_peers import (TLS12, TLS13, Handshake, add_extension, allow_early_data, answer_http, client_context,
                       client_hello, end, read_all, read_to, says_back, send_ticket, server_context,
                       set_signature_algorithms, shown_to, update_keys)
from weir import wait_for

TLS1_0 = ssl.TLSVersion.TLSv1
BODY = b"from the origin"


# --- programs

@pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl(lab, mptcp, version):
    origin = lab.origin(answer_http(BODY), alpn=["http/1.1"])
    wrap = ["mptcpize", "run"] if mptcp else []
    done = lab.curl(origin, f"--tlsv{version}", "--tls-max", version, wrap=wrap)
    assert done.stdout == BODY.decode()
    record = lab.record(origin)
    assert record["tls"]["client"]["version"] == f"TLSv{version}" and record["alpn"] == "http/1.1"
    assert record["transport"] == ("mptcp" if mptcp else "tcp")
    assert record["end"] == {"stage": "relay", "side": "client", "code": "finished"}


def test_s_client(lab):
    origin = lab.origin(answer_http(BODY))
    text = lab.s_client(origin, "-servername", origin.name, "-CAfile", lab.authority, "-verify_hostname", origin.name,
                        "-verify_return_error", "-x509_strict", "-ign_eof", "-crlf", text="GET / HTTP/1.0\n\n")
    assert BODY.decode() in text and "Verify return code: 0 (ok)" in text


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_gnutls_cli(lab, version):
    origin = lab.origin()
    done = lab.network.client.run(
        ["gnutls-cli", "--x509cafile", lab.authority, "--sni-hostname", origin.name, "--verify-hostname", origin.name,
         "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}", origin.address, "-p", "443"], input="to and fro\n")
    assert "certificate is trusted" in done.stdout and "to and fro" in done.stdout.split("Simple Client Mode", 1)[1]
    assert lab.record(origin)["tls"]["client"]["version"] == f"TLSv{version}"


@pytest.mark.skipif(not shutil.which("chromium") or not shutil.which("certutil"),
                    reason="takes the packages chromium and libnss3-tools")
def test_chromium(lab, tmp_path):
    """It insists on more than others of a leaf, and offers an encrypted hello that is none (GREASE)."""
    origin = lab.origin(answer_http(b"<p id=it>from the origin</p>"), alpn=["http/1.1"])
    store = tmp_path / ".pki" / "nssdb"
    store.mkdir(parents=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-A", "-n", "weir", "-t", "C,,", "-i", lab.authority], check=True)
    done = lab.network.client.run(
        ["env", f"HOME={tmp_path}", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         f"--user-data-dir={tmp_path}/profile", f"--host-resolver-rules=MAP * {origin.address}", "--dump-dom",
         origin.url])
    assert "from the origin" in done.stdout
    record = lab.record(origin, disposition="decrypt")
    assert record["encrypted_client_hello"] and record["domain"] == origin.name


# --- what they offer

@pytest.mark.parametrize("offered, spoken, agreed", [
    (["h2", "http/1.1"], ["h2", "http/1.1"], "h2"), (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
    (["h2", "http/1.1"], [], None), ([], ["h2"], None), (["h2", "x" * 255], ["x" * 255], "x" * 255)])
def test_the_protocol_the_origin_chooses(lab, offered, spoken, agreed):
    origin = lab.origin(alpn=spoken)
    with lab.open(origin, alpn=offered) as tls:
        assert tls.selected_alpn_protocol() == agreed
        if agreed not in ("h2", "http/1.1"):  # those are read
            says_back(tls)
        end(tls)
    record = lab.record(origin)
    assert record["alpn"] == agreed and record.get("alpn_offered", []) == offered


@pytest.mark.parametrize("maximum", [TLS12, TLS13], ids=["1_2", "1_3"])
@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_a_client_that_cannot_take_ecdsa(lab, kind, maximum):
    origin = lab.origin(kind=kind)
    made = client_context(lab.authority, maximum=maximum, ciphers="aRSA" if maximum == TLS12 else None)
    set_signature_algorithms(made, "RSA-PSS+SHA256:RSA+SHA256")
    # TLS 1.3 lets a server show it the CA's ECDSA signature all the same (RFC 8446, 4.4.2.2).
    with lab.open(origin, name="www.origin.test", made=made) as tls:
        assert isinstance(shown_to(tls).public_key(), rsa.RSAPublicKey)
        says_back(tls)
    with lab.open(origin, name="www.origin.test") as tls:
        assert isinstance(shown_to(tls).public_key(), ec.EllipticCurvePublicKey)


def test_a_hello_with_a_grease_ech_is_decrypted(lab):
    origin = lab.origin()
    made = client_context(lab.authority)
    # RFC 9849, 6.2: outer, HKDF-SHA256 with AES-128-GCM, an id, 32 bytes of a key, 144 of nothing
    add_extension(made, 0xFE0D, b"\0\0\1\0\1\x42\0\x20" + bytes(range(32)) + b"\0\x90" + bytes(144))
    record = lab.is_echoed(origin, made=made)
    assert record["encrypted_client_hello"] and record["disposition"] == "decrypt"


@pytest.mark.parametrize("mutate", [str.upper, lambda name: name + ".", lambda name: name.upper() + "."],
                         ids=["upper", "dot", "both"])
def test_a_name_spelt_otherwise(lab, mutate):
    origin = lab.origin()
    record = lab.is_echoed(origin, sni=mutate(origin.name).encode())
    assert record["domain"] == origin.name and record["disposition"] == "decrypt"


def test_no_name(lab):
    """The client judges by what it dialled."""
    origin = lab.origin()
    made = client_context(lab.authority)
    made.check_hostname = False
    sock = lab.connect(origin)
    with made.wrap_socket(sock) as tls:
        says_back(tls)
        names = tls.getpeercert()["subjectAltName"]
    assert names == (("DNS", "*.origin.test"),)
    record = lab.record(origin)
    assert record["disposition"] == "decrypt" and record["domain"] is None


@pytest.mark.parametrize("sni", [b"a b", b"a\x01\x1b[2J.origin.test", b"<b>.origin.test", b"\xff\xfe", b"*.origin.test",
                                 b"-", b"..", b"x" * 64 + b".origin.test", b"a," * 120, b"10.10.0.1", b"[::1]"])
def test_odd_bytes_for_a_name(lab, sni):
    """Nobody has a certificate for them. What weir says of it has none of these bytes in a certificate or a page."""
    origin = lab.origin(answer_http(b"secret"))
    made = client_context(None)
    try:
        with lab.open(origin, made=made, sni=sni) as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = read_all(tls)
            leaf = tls.getpeercert(binary_form=True)
        assert answer.startswith(b"HTTP/1.1 502 ") and b"secret" not in answer and b"\x1b" not in answer
        assert sni == b"10.10.0.1" or sni not in leaf
    except ssl.SSLError as error:
        assert "ALERT" in str(error)
    record = lab.record(origin)
    assert record["disposition"] == "block"
    assert all(" " <= c <= "~" for c in record["domain"])


def test_a_name_with_nul(lab):
    origin = lab.origin()
    hello = bytearray(client_hello(origin.name))
    at = hello.index(origin.name.encode())
    hello[at + 1] = 0
    with lab.connect(origin) as sock:
        sock.sendall(hello)
        assert sock.recv(1) == b"\x15"
    assert lab.record(origin)["disposition"] == "block"


def test_over_ipv6(lab):
    origin = lab.origin(answer_http(BODY), address=ORIGIN6)
    assert lab.curl(origin).stdout == BODY.decode()
    assert lab.record(origin)["disposition"] == "decrypt"


# --- rules

def test_a_rule_lets_a_name_pass_unread(lab):
    origin, other = lab.origin(), lab.origin()
    rule = f'[[rule]]\nname = "banks"\nwhen = {{ domains = ["{origin.name}"] }}\ntls = "passthrough"\n'
    with lab.configured(extra=rule):
        record = lab.is_echoed(origin, made=client_context(lab.trusted))
        assert record["disposition"] == "splice" and record["rule"] == "banks" and "tls" not in record
        assert lab.is_echoed(other)["disposition"] == "decrypt"


def test_or_has_it_read_where_nothing_else_is(lab):
    origin, other = lab.origin(), lab.origin()
    rule = f'[[rule]]\nname = "shops"\nwhen = {{ domains = ["{origin.name}"] }}\ntls = "decrypt"\n'
    with lab.configured(extra=rule, decrypt=False):
        assert lab.is_echoed(origin)["disposition"] == "decrypt"
        assert lab.is_echoed(other, made=client_context(lab.trusted))["disposition"] == "splice"


def test_a_blocked_name_is_told_so_within_tls(lab):
    origin = lab.origin()
    rule = f'[[rule]]\nname = "ads"\nwhen = {{ domains = ["{origin.name}"] }}\naction = "block"\n'
    with lab.configured(extra=rule):
        text = lab.curl(origin, "-i").stdout
    assert text.startswith("HTTP/1.1 403 ") and "ads" in text
    record = lab.record(origin)
    assert record["end"] == {"stage": "classify", "side": "weir", "code": "blocked"} and record["rule"] == "ads"
    assert origin.server.peers == []


def test_a_rule_that_asks_for_a_request_hides_none_below_it(lab):
    """Requests inside TLS are not read yet; what is below such a rule blocks all the same."""
    origin = lab.origin()
    rules = (f'[[rule]]\nname = "admin"\nwhen = {{ domains = ["{origin.name}"], paths = ["/admin/*"] }}\n'
             'tls = "decrypt"\naction = "block"\n'
             f'[[rule]]\nname = "shut"\nwhen = {{ domains = ["{origin.name}"] }}\naction = "block"\n')
    with lab.configured(extra=rules):
        lab.curl(origin, check=False)
        record = lab.record(origin)
    assert record["end"]["code"] == "blocked" and record["rule"] == "shut"


# --- those that refuse weir's certificate

def refuse(lab, origin, code=60):
    """curl that trusts somebody else."""
    done = lab.curl(origin, check=False, authority=lab.trusted)
    assert done.returncode == code, done.stderr


def test_a_pinning_client_is_learned(lab):
    origin = lab.origin(answer_http(BODY))
    refuse(lab, origin)
    record = lab.record(origin)
    assert record["end"] == {"stage": "handshake", "side": "client", "code": "rejected"}
    assert "unknown ca" in record["tls"]["detail"]
    lab.learned(origin, "rejected")
    assert lab.curl(origin, authority=lab.trusted).stdout == BODY.decode()
    record = lab.record(origin)
    assert record["disposition"] == "splice" and record["tls"] == {"not_decrypted": "rejected"}
    told = json.loads(lab.weir.cli("explain", "--live", "--json", "--admin", "127.0.0.1:9080", "--from", client_address(),
                                   "--to", f"{origin.address}:443", "--domain", origin.name).stdout)
    assert told["disposition"] == "splice" and told["flow"]["exception"]["cause"] == "rejected"
    # that client only
    with lab.open(origin, made=client_context(lab.authority), source=client_address(1)) as tls:
        assert "weir" in shown_to(tls).issuer.rfc4514_string()


def test_or_not(lab):
    origin = lab.origin(answer_http(BODY))
    with lab.configured(on_client_rejection="block"):
        for _ in range(2):
            refuse(lab, origin)
            assert lab.record(origin)["end"]["code"] == "rejected"
    assert not lab.has_learned(origin)


def test_what_was_learned_is_forgotten(lab):
    origin = lab.origin(answer_http(BODY))
    with lab.configured(remember_rejection="1s"):
        refuse(lab, origin)
        lab.learned(origin, "rejected")
        assert lab.curl(origin, authority=lab.trusted).stdout == BODY.decode()
        wait_for(lambda: lab.curl(origin, check=False).stdout == BODY.decode(), what="decryption again")


def close_silently(lab, origin, says_finished=False, maximum=TLS13):
    """Hangs up once the server's flight is there, as clients do that look at a certificate themselves."""
    client = Handshake(client_context(None, maximum=maximum), name=origin.name)
    with lab.connect(origin) as sock:
        sock.sendall(client.answer())
        last = client.hear(sock)
        if says_finished:
            sock.sendall(last)
    assert lab.record(origin)["disposition"] == "decrypt"


@pytest.mark.parametrize("how", [{}, {"says_finished": True}, {"maximum": TLS12}], ids=["flight", "finished", "1_2"])
def test_silent_closes_are_learned_where_others_succeed(lab, how):
    origin, other = lab.origin(), lab.origin()
    close_silently(lab, origin, **how)
    lab.is_echoed(other)
    close_silently(lab, origin, **how)
    assert not lab.has_learned(origin)
    close_silently(lab, origin, **how)
    lab.learned(origin, "closed")
    with lab.open(origin, made=client_context(lab.trusted)) as tls:
        says_back(tls)
    assert lab.record(origin)["tls"] == {"not_decrypted": "closed"}


def test_but_not_where_none_does_nor_where_it_succeeds_itself(lab):
    origin = lab.origin()
    for _ in range(4):
        close_silently(lab, origin)
    lab.is_echoed(origin)
    close_silently(lab, origin)
    close_silently(lab, origin)
    assert lab.is_echoed(origin)["disposition"] == "decrypt" and not lab.has_learned(origin)


# --- what is no TLS, or too old

@pytest.mark.parametrize("speak", [b"\0\1garbage\xff", b"SSH-2.0-client\r\n"])
def test_no_tls_is_relayed(lab, speak):
    origin = lab.raw_origin(echo)
    with lab.connect(origin) as sock:
        sock.sendall(speak)
        assert receive_exactly(sock, len(speak)) == speak
    record = lab.record(origin)
    assert record["disposition"] == "splice" and record["tls"] == {"not_decrypted": "not_tls"}


def test_a_hello_of_sslv2_is_refused(lab):
    origin = lab.raw_origin(echo)
    with lab.connect(origin) as sock:
        sock.sendall(b"\x80\x2e\1\3\1\0\x15\0\0\0\x10" + bytes(37))
        assert read_all(sock) == b"\x15\3\3\0\2\2\x46"  # protocol_version
    assert lab.record(origin)["end"] == {"stage": "classify", "side": "client", "code": "malformed"}


def test_who_waits_for_the_origin_is_relayed(lab):
    origin = lab.raw_origin(lambda sock: sock.sendall(b"220 hello\r\n"))
    with lab.connect(origin) as sock:
        assert sock.recv(100) == b"220 hello\r\n"
    assert lab.record(origin)["tls"] == {"not_decrypted": "not_tls"}


def test_or_reset(lab):
    origin = lab.raw_origin(echo)
    with lab.configured(undecryptable={"not_tls": "block"}), lab.connect(origin) as sock:
        sock.sendall(b"\0\1garbage")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "weir", "code": "undecryptable"}
    assert origin.server.peers == []


def test_plain_http_is_relayed_as_ever(lab):
    origin = lab.raw_origin(answer_http(BODY), port=80)
    with lab.connect(origin) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        assert read_all(sock).endswith(BODY)
    record = lab.record(origin)
    assert record["disposition"] == "splice" and "not_decrypted" not in record.get("tls", {})


def test_a_client_that_speaks_nothing_new(lab):
    origin = lab.origin(minimum=TLS1_0)
    old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-servername", origin.name]
    text = lab.s_client(origin, *old, "-CAfile", lab.trusted)
    assert "Protocol  : TLSv1.1" in text and "Verify return code: 0 (ok)" in text
    assert lab.record(origin)["tls"] == {"not_decrypted": "protocol"}
    with lab.configured(undecryptable={"protocol": "block"}):
        assert "alert protocol version" in lab.s_client(origin, *old)
    record = lab.record(origin)
    assert record["disposition"] == "block" and record["tls"] == {"not_decrypted": "protocol"}


def test_or_older_than_the_minimum(lab):
    origin = lab.origin()
    with lab.configured(minimum_version="1.3"):
        record = lab.is_echoed(origin, made=client_context(lab.trusted, maximum=TLS12))
        assert record["tls"] == {"not_decrypted": "protocol"}
        assert lab.is_echoed(origin)["tls"]["upstream"]["version"] == "TLSv1.3"


# --- 0-RTT, renegotiation, key updates

def answer_line(tls):
    tls.sendall(read_to(tls, b"\n"))


def test_early_data_is_not_taken(lab, tmp_path):
    made = server_context(lab.certificates["wildcard"])
    allow_early_data(made, 16384)
    origin = lab.origin(answer_line, made=made)
    ticket, early = tmp_path / "ticket", tmp_path / "early"
    words = ["openssl", "s_client", "-connect", f"{origin.address}:443", "-servername", origin.name]
    # The origin's own ticket, got beside weir.
    lab.network.origin.run([*words, "-sess_out", ticket, "-CAfile", lab.trusted, "-ign_eof"], input="x\n")
    assert ticket.exists()
    early.write_bytes(b"GET /twice " * 1000)
    text = lab.s_client(origin, "-servername", origin.name, "-sess_in", ticket, "-early_data", early, "-CAfile",
                        lab.authority, "-ign_eof", text="once\n")
    assert "Early data was rejected" in text and "Verify return code: 0 (ok)" in text
    record = lab.record(origin)
    assert record["disposition"] == "decrypt" and record["bytes_from_client"] == len("once\n")
    mine = lab.s_client(origin, "-servername", origin.name, "-CAfile", lab.authority, "-ign_eof", text="x\n")
    assert "Max Early Data: 0" in mine and "Max Early Data: 1" not in mine


def test_renegotiation_is_refused(lab):
    origin = lab.origin()
    text = lab.s_client(origin, "-servername", origin.name, "-tls1_2", "-CAfile", lab.authority, text="R\n")
    assert "RENEGOTIATING" in text and "no renegotiation" in text
    record = lab.record(origin)
    assert record["disposition"] == "decrypt" and record["end"]["side"] == "client"


def test_a_key_update_is_taken(lab):
    origin = lab.origin()
    with lab.open(origin) as tls:
        for answer in (False, True, True):
            update_keys(tls, answer)
            says_back(tls)
        end(tls)
    assert lab.record(origin)["end"]["code"] == "finished"


@pytest.mark.parametrize("answer", [False, True])
def test_key_updates_without_end_are_not(lab, answer):
    origin, other = lab.origin(), lab.origin()
    with lab.open(other) as unharmed, lab.open(origin) as tls:
        says_back(unharmed)
        with pytest.raises(OSError):
            for _ in range(2000):
                update_keys(tls, answer)
            while tls.recv(1):
                pass
        says_back(unharmed)
    record = lab.record(origin)
    assert record["end"] == {"stage": "relay", "side": "client", "code": "tls"}
    assert "too many" in record["error"]


@pytest.mark.parametrize("repeat", [update_keys, send_ticket])
def test_nor_the_origins_messages(lab, repeat):
    def serve(tls):
        for _ in range(2000):
            repeat(tls)
        receive_all(tls)

    origin = lab.origin(serve)
    with lab.open(origin) as tls, pytest.raises(OSError):
        tls.recv(1)
    record = lab.record(origin)
    assert record["end"] == {"stage": "relay", "side": "upstream", "code": "tls"} and "too many" in record["error"]


# --- that break off, stall, or come by the hundred

@pytest.mark.parametrize("how", ["end", "reset"])
@pytest.mark.parametrize("maximum", [TLS12, TLS13], ids=["1_2", "1_3"])
def test_cut_anywhere_in_the_handshake(lab, maximum, how):
    origin = lab.origin()
    made = client_context(lab.authority, maximum=maximum)

    def cut(said, size):
        with lab.connect(origin) as sock:
            client = Handshake(made, name=origin.name)
            hello = client.answer()
            sock.sendall(hello[:size] if said == "hello" else hello)
            if said != "hello":
                last = client.hear(sock)
                sock.sendall(last[:size])
            if how == "reset":
                reset(sock)

    for size in (0, 1, 4, 5, 6, 9, 43, 100, 200):
        cut("hello", size)
    ends = [lab.record(origin)["end"] for _ in range(9)]
    assert {end["side"] for end in ends} <= {"client", "upstream"}, ends
    for size in (0, 1, 5, 6, 10, 30, 50):
        cut("last", size)
        record = lab.record(origin)
        assert record["end"]["stage"] in ("handshake", "relay") and record["end"]["side"] == "client", record
    assert lab.is_echoed(lab.origin())["disposition"] == "decrypt"


def in_records(hello, size):
    """The same message in records of `size` (RFC 8446, 5.1)."""
    message = hello[5:]
    return b"".join(hello[:3] + len(part).to_bytes(2, "big") + part
                    for part in (message[at:at + size] for at in range(0, len(message), size)))


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("cut", [lambda hello, size: hello, in_records], ids=["segments", "records"])
def test_a_hello_in_pieces(lab, cut, size):
    origin = lab.origin()
    client = Handshake(client_context(lab.authority), name=origin.name)
    hello = cut(client.answer(), size)
    with lab.connect(origin) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(hello), size):
            sock.sendall(hello[start:start + size])
        sock.sendall(client.hear(sock))
        assert client.done
        client.say(sock, b"hello")
        assert client.read(sock) == b"hello"


@pytest.mark.parametrize("size", [5000, 15000, 30000])
def test_a_large_hello(lab, size):
    origin = lab.origin()
    made = client_context(lab.authority)
    add_extension(made, 0xFFAA, bytes(size))
    assert lab.is_echoed(origin, made=made)["disposition"] == "decrypt"


def test_a_stall_is_cut(lab):
    origin = lab.origin()
    with lab.configured(handshake_timeout="300ms"), lab.connect(origin) as sock:
        client = Handshake(client_context(lab.authority), name=origin.name)
        sock.sendall(client.answer())
        client.hear(sock)
        with pytest.raises(ConnectionResetError):
            while sock.recv(65536):
                pass
            raise ConnectionResetError
    assert lab.record(origin)["end"] == {"stage": "handshake", "side": "client", "code": "timeout"}


def test_half_open_handshakes_hinder_nobody_else(lab):
    origin, other = lab.origin(), lab.origin()
    half_open = []
    for number in range(300):
        sock = lab.connect(origin)
        half_open.append(sock)
        sock.sendall(client_hello(origin.name)[:(None, 100, 0)[number % 3]])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ends = pool.map(lambda _: echoes(lab, other), range(40))
        assert all(ends)
    assert lab.weir.live() >= 200
    for sock in half_open:
        sock.close()
    wait_for(lambda: lab.weir.live() == 0, what="the end of all flows")


def test_half_open_handshakes_of_one_client_are_bounded(lab):
    """512 on each worker; a client with another address has its own."""
    origin = lab.origin()
    half_open = []
    with contextlib.suppress(ConnectionError):  # the one that is too many may be reset before it is used
        for _ in range(2 * 512 + 1):
            half_open.append(lab.connect(origin))
            half_open[-1].sendall(client_hello(origin.name)[:100])
    assert lab.record(origin)["end"] == {"stage": "classify", "side": "client", "code": "limit"}
    with lab.open(origin, made=client_context(lab.authority), source=client_address(1)) as tls:
        says_back(tls)
    for sock in half_open:
        sock.close()
    wait_for(lambda: lab.weir.live() == 0, what="the end of all flows")


def echoes(lab, origin):
    with lab.open(origin, source=client_address(1)) as tls:
        says_back(tls)
        end(tls)
    return True
