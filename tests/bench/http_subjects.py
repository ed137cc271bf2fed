"""What is compared where requests are read: HAProxy and nghttpx as HTTP proxies, and weir."""

import os

from certificates import CIPHER, NAME, authority, origin_certificate
from network import GATEWAY, ORIGIN
from subjects import Haproxy, Proxy, WeirSubject, WeirWithLargePolicy
from tls_subjects import TLS_PORTS, alone

BLOCKED = "/blocked/"  # paths below it are refused with 403


class HaproxyHttp(Haproxy):
    """Every request of plain HTTP is read and judged by its path. A client's connection keeps one upstream; to share them
    costs HAProxy a sixth more CPU time here."""

    name = "haproxy-http"
    mode = "http"
    rules = f"""  http-reuse never
  http-request deny if {{ path_beg {BLOCKED} }}
"""


class Http2Proxy(Proxy):
    """A reverse proxy that speaks HTTP/2 over TLS to both sides. It is the origin to clients, with a certificate of its
    own, and verifies the origin's."""

    ports = TLS_PORTS

    def __init__(self, network, folder, mptcp):
        super().__init__(network, folder, mptcp)
        self.authority = authority(folder, self.name).certificate
        self.shown = origin_certificate(folder, self.name)
        self.trust = authority(folder, "origin").certificate
        self.file = folder / f"{self.name}.conf"


class HaproxyHttp2(Http2Proxy):
    name = "haproxy-http2"

    def command(self):
        both = self.folder / f"{self.name}.pem"  # as HAProxy wants them, in one file
        both.touch(mode=0o600)
        both.write_bytes(self.shown.certificate.read_bytes() + self.shown.key.read_bytes())
        self.file.write_text(f"""global
  nbthread {os.cpu_count()}
  maxconn 7500
defaults
  mode http
  timeout connect 10s
  timeout client 5m
  timeout server 5m
listen all
  bind {GATEWAY}:{self.ports[0]} ssl crt {both} alpn h2
  http-reuse always
  server origin {ORIGIN}:{self.ports[0]} ssl alpn h2 sni str({NAME}) verify required ca-file {self.trust}
""")
        return ["haproxy", "-db", "-f", self.file]

    def complaint(self):
        return self.network.gateway.run(["haproxy", "-c", "-f", self.file], check=False).stderr


class Nghttpx(Http2Proxy):
    """nghttpx with a worker a processor, as the others have; no logs."""

    name = "nghttpx"

    def command(self):
        self.file.write_text(f"""frontend={GATEWAY},{self.ports[0]}
backend={ORIGIN},{self.ports[0]};;proto=h2;tls;sni={NAME}
private-key-file={self.shown.key}
certificate-file={self.shown.certificate}
cacert={self.trust}
tls13-client-ciphers={CIPHER}
workers={os.cpu_count()}
no-ocsp=yes
no-via=yes
no-add-x-forwarded-proto=yes
errorlog-file=/dev/null
""")
        return alone(["nghttpx", f"--conf={self.file}"])  # its worker process would outlive the other

    def complaint(self):
        command = alone(["nghttpx", f"--conf={self.file}", "--errorlog-file=/dev/stderr"])
        return self.network.gateway.run(["timeout", "2", *command], check=False).stderr


class WeirHttp(WeirSubject):
    """One rule that asks for the path, so every request is read."""

    name = "weir-http"

    def policy(self, folder):
        rule = f"[[rule]]\nname = 'paths'\nwhen = {{ paths = ['{BLOCKED}*'] }}\naction = 'block'\n"
        return rule + super().policy(folder)


class WeirHttpWithLargePolicy(WeirHttp, WeirWithLargePolicy):
    name = "weir-http-policy"


HTTP_SUBJECTS = {subject.name: subject
                 for subject in (HaproxyHttp, HaproxyHttp2, Nghttpx, WeirHttp, WeirHttpWithLargePolicy)}
