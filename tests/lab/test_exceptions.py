"""What a client's refusal teaches: listed, gone by, and taken back; and the certificate that would have spared it."""

import json
import ssl
import subprocess

import pytest

from network import ORIGIN
from peers import connect, echo
from weir import wait_for

NAME = "www.example.test"


def sign(folder, name):
    """A leaf for `name`, signed by the authority in `folder`."""
    key, request, leaf, names = (folder / f"origin.{end}" for end in ("key", "csr", "crt", "ext"))
    names.write_text(f"subjectAltName = DNS:{name}\nextendedKeyUsage = serverAuth\n")

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
            "-subj", f"/CN={name}", "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", folder / "root.crt", "-CAkey", folder / "root.key",
            "-days", "30", "-extfile", names, "-out", leaf)
    return leaf, key


@pytest.fixture
def decrypting(network, make_weir, serve, tmp_path):
    """weir before an origin that speaks TLS, of an authority that clients trust; weir's own they do not."""
    weir = make_weir(network, tls={"decrypt": True, "ca_certificate": "weir.crt", "ca_key": "weir.key",
                                   "upstream_trust": "root.crt"})
    assert weir.cli("ca", "init", "--certificate", tmp_path / "root.crt", "--key", tmp_path / "root.key").returncode == 0
    unprepared = weir.cli("check", "-c", weir.file, check=False)
    assert unprepared.returncode == 1 and "error: [tls]: " in unprepared.stderr
    assert weir.cli("ca", "init", "-c", weir.file, "--name", "the lab").returncode == 0
    assert (tmp_path / "weir.key").stat().st_mode & 0o777 == 0o600
    assert weir.cli("check", "-c", weir.file).returncode == 0
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*sign(tmp_path, NAME))
    weir.origin = server

    def serve_tls(sock):
        with server.wrap_socket(sock, server_side=True) as inside:
            echo(inside)

    serve(network.origin, 443, serve_tls)
    return weir.start()


def visit(network, trust):
    """Who signed what the client met; an SSLError where it did not take it."""
    context = ssl.create_default_context(cafile=str(trust))
    with connect(network.client, (ORIGIN, 443)) as sock, context.wrap_socket(sock, server_hostname=NAME) as inside:
        inside.sendall(b"hello")
        assert inside.recv(5) == b"hello"
        return dict(field[0] for field in inside.getpeercert()["issuer"])["commonName"]


def test_a_refusal_is_learned_shown_and_taken_back(decrypting, network, tmp_path):
    weir = decrypting
    with pytest.raises(ssl.SSLCertVerificationError):
        visit(network, tmp_path / "root.crt")
    assert weir.record(disposition="decrypt")["end"]["code"] == "rejected"
    wait_for(lambda: weir.get("/api/v1/exceptions")["exceptions"], what="the exception")

    (exception,) = weir.get("/api/v1/exceptions")["exceptions"]
    assert exception["cause"] == "rejected" and exception["name"] == NAME and "client" in exception
    assert 86000 < exception["expires_in_s"] <= 86400
    assert NAME in weir.cli("exceptions", "list", "-c", weir.file).stdout
    assert NAME in weir.cli("status", "-c", weir.file).stdout
    assert weir.metric("weir_tls_exceptions") == 1

    assert visit(network, tmp_path / "root.crt") == "weir"  # the origin's own, past weir's reading
    assert weir.record(disposition="splice")["tls"] == {"not_decrypted": "rejected"}
    assert weir.metric('weir_tls_not_decrypted_total{cause="rejected"}') == 1

    wrong = weir.cli("exceptions", "remove", "-c", weir.file, "no.such.name", check=False)
    assert wrong.returncode == 1 and "no exception" in wrong.stderr
    assert weir.cli("exceptions", "remove", "-c", weir.file, NAME.upper()).stdout == "removed\n"
    line = weir.log.until(lambda line: "tls_exception_removed" in line)
    removed = json.loads(line[line.index("{"):])
    assert removed["what"] == NAME and removed["who"] == "127.0.0.1"
    assert weir.cli("exceptions", "list", "-c", weir.file).stdout == "there are no exceptions\n"
    with pytest.raises(ssl.SSLCertVerificationError):
        visit(network, tmp_path / "root.crt")


def test_a_client_with_the_certificate_is_decrypted(decrypting, network, tmp_path):
    weir = decrypting
    status, _, pem = weir.http("GET", "/ca.pem")
    assert status == 200 and pem == (tmp_path / "weir.crt").read_text()
    (tmp_path / "installed.pem").write_text(pem)
    assert visit(network, tmp_path / "installed.pem") == "the lab"
    tls = weir.record(disposition="decrypt")["tls"]
    assert tls["client"]["version"] == tls["upstream"]["version"] == "TLSv1.3"
    ca = weir.get("/api/v1/status")["tls"]["ca"]
    assert "the lab" in ca["subject"] and ca["sha256"] in weir.cli("ca", "show", "-c", weir.file).stdout
    assert weir.metric("weir_tls_decrypted_flows_total") == 1
    assert weir.metric("weir_tls_leaves_made_total") == 1


def test_a_fault_that_was_mirrored_is_no_refusal(decrypting, network, tmp_path):
    weir = decrypting
    weir.origin.load_cert_chain(*sign(tmp_path, "other.example.test"))
    weir.change("tls", on_untrusted_upstream="mirror")
    weir.reload()
    for _ in range(2):
        with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
            visit(network, tmp_path / "weir.crt")
        record = weir.record(disposition="decrypt")
        weir.records.seen.clear()
        assert record["tls"]["mirrored"] and record["tls"]["faults"] == ["wrong_name"]
        assert record["end"]["code"] == "rejected"
    assert weir.get("/api/v1/exceptions")["exceptions"] == []
