"""A weir that reads HTTP, between clients and origins that speak it; records of requests; nginx as the usual origin."""

import dataclasses
import functools
import json
import pathlib
import subprocess
import tempfile

import pytest

from http_peers import Http1, Http2, serve_http1, serve_http2
from tls_peers import TlsLab, TlsOrigin, client_context
from weir import PROGRAM, configuration, wait_for

PORTS = [80, 443, 8443]
CLEARTEXT_H2 = 8443  # HTTP/2 without TLS, by prior knowledge (RFC 9113, 3.3)


@dataclasses.dataclass(frozen=True)
class Way:
    """How HTTP is carried."""
    version: str
    tls: bool

    @property
    def port(self):
        return 443 if self.tls else {"1.1": 80, "2": CLEARTEXT_H2}[self.version]

    @property
    def alpn(self):
        return {"1.1": "http/1.1", "2": "h2"}[self.version]

    @property
    def curl(self):
        if self.version == "1.1":
            return "--http1.1"
        return "--http2" if self.tls else "--http2-prior-knowledge"

    @property
    def disposition(self):
        return "decrypt" if self.tls else "inspect"

    @property
    def word(self):
        """Of records."""
        return {"1.1": "HTTP/1.1", "2": "HTTP/2"}[self.version]

    def __str__(self):
        return f"{'tls' if self.tls else 'plain'}-h{self.version[0]}"


PLAIN1, PLAIN2, TLS1, TLS2 = Way("1.1", False), Way("2", False), Way("1.1", True), Way("2", True)


def ways(*which):
    return pytest.mark.parametrize("way", which, ids=str)


EVERY_WAY = ways(PLAIN1, TLS1, TLS2, PLAIN2)
READ_WAYS = ways(PLAIN1, TLS1, TLS2)  # that weir is sure to read
BY_TLS = ways(TLS1, TLS2)
TRANSPORTS = pytest.mark.parametrize("mptcp", [False, True], ids=["tcp", "mptcp"])


@functools.cache
def inspects():
    """Whether this weir can be asked for records of requests, and so reads them."""
    if not pathlib.Path(PROGRAM).exists():
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(configuration(gateway={"client_interfaces": ["lo"]}, log={"requests": "off"}))
        file.flush()
        done = subprocess.run([PROGRAM, "check", "-c", file.name], capture_output=True, text=True)
    return done.returncode == 0


INSPECTS = pytest.mark.skipif(not inspects(), reason="this weir does not read requests yet")


class RequestLog:
    """A file of records, a line each."""

    def __init__(self, file):
        self.file = pathlib.Path(file)
        self.records = []
        self._size = 0

    def read(self):
        """What has come since."""
        if not self.file.exists():
            return
        with open(self.file, "rb") as log:
            log.seek(self._size)
            data = log.read()
        whole = data[:data.rfind(b"\n") + 1]
        self._size += len(whole)
        self.records += [json.loads(line) for line in whole.splitlines()]


class HttpLab(TlsLab):
    def __init__(self, *arguments, requests):
        super().__init__(*arguments)
        self.requests = RequestLog(requests)
        self._requests_told = 0

    # origins and clients

    def http_origin(self, answer, way, **options):
        """`answer` makes a Response of each Request; they are kept in the origin's `requests`."""
        seen = []
        serve = {"1.1": serve_http1, "2": serve_http2}[way.version](answer, seen)
        origin = self.origin_of(serve, way, **options)
        origin.requests = seen
        return origin

    def origin_of(self, handler, way, **options):
        """An origin by a handler of peers.Server that speaks that version."""
        if way.tls:
            return self.origin(handler, alpn=[way.alpn], **options)
        return self.raw_origin(handler, port=way.port, **options)

    @staticmethod
    def at(origin, way):
        """nginx is there in every way."""
        return TlsOrigin(origin.address, origin.name, way.port)

    def socket_to(self, origin, way, mptcp=False, **options):
        at = self.at(origin, way)
        if not way.tls:
            return self.connect(at, mptcp, **options)
        return self.open(at, made=client_context(self.authority, alpn=[way.alpn]), mptcp=mptcp, **options)

    def client(self, origin, way, mptcp=False, authority=None, **options):
        sock = self.socket_to(origin, way, mptcp)
        authority = authority or self.authority_of(origin, way)
        if way.version == "1.1":
            return Http1(sock, authority)
        return Http2(sock, authority, "https" if way.tls else "http", **options)

    @staticmethod
    def authority_of(origin, way):
        return origin.name if way.port in (80, 443) else f"{origin.name}:{way.port}"

    def url(self, origin, way, path="/"):
        return f"{'https' if way.tls else 'http'}://{self.authority_of(origin, way)}{path}"

    def curl_options(self, origin, way):
        return ["-sS", "--cacert", self.authority, "--resolve", f"{origin.name}:{way.port}:{origin.address}", way.curl]

    def fetch(self, origin, way, path="/", *words, mptcp=False, check=True, **options):
        """curl, in that way."""
        command = [*through(mptcp), "curl", *self.curl_options(origin, way), "--max-time", "20", *words,
                   self.url(origin, way, path)]
        return self.network.client.run(command, check=check, **options)

    def named(self, *words):
        """A client's command to which every origin so far has its name, as if by DNS."""
        folder = self.weir.file.parent
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{place.address} {place.name}\n" for place in self.places))
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh", *words]

    # records

    def requested(self, origin, timeout=20, **wanted):
        """The next record of a request to that origin, each told once; None where weir writes none yet."""
        if not inspects():
            return None
        there = origin.address

        def found():
            self.requests.read()
            for record in self.requests.records:
                if not record.get("told") and record["destination"].rsplit(":", 1)[0].strip("[]") == there:
                    if all(record.get(key) == value for key, value in wanted.items()):
                        return record
            return None

        try:
            record = wait_for(found, timeout, "a request's record")
        except AssertionError as error:
            raise AssertionError(f"{error}: {wanted}; to {there}; the last were\n" + "\n".join(
                json.dumps(record) for record in self.requests.records[-10:])) from None
        record["told"] = True
        return record

    # configuration

    def with_sections(self, extra="", **sections):
        """Other values, of any section, and rules, for a while."""
        before = self.weir.sections
        return self.changed({name: before.get(name, {}) | sections.get(name, {}) for name in {*before, *sections}},
                            extra)

    # nginx

    def nginx(self, folder, locations, ahead="", listen=()):
        """One on every port at an address of its own, for each way. `locations`: of its server, as text."""
        place = self.place()
        certificate = self.certificates["wildcard"]
        file = folder / "nginx.conf"
        file.write_text(f"""daemon off; master_process off; user root; pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 8000; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 0; http2_max_concurrent_streams 200;
  http2_max_requests 1000000000;
  client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/proxied; types {{ text/html html; }}
  {ahead}
  server {{
    listen {place.address}:80; listen {place.address}:443 ssl http2; listen {place.address}:{CLEARTEXT_H2} http2;
    ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};
    {locations}
  }}
}}
""")
        self.network.origin.start(["nginx", "-c", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self._is_open(place), what="nginx on its port")
        return place


def through(mptcp):
    """What makes a program's TCP MPTCP."""
    return ["mptcpize", "run"] if mptcp else []
