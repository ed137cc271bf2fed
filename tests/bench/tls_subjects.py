"""What is compared where TLS is decrypted: sslsplit, Squid, weir, each with an authority of its own; and nobody."""

import os
import pathlib
import pwd
import subprocess

from certificates import NAME, authority, origin_certificate
from network import ORIGIN
from proof import NotMeasured
from subjects import Forwarding, TransparentProxy, WeirSubject
from weir import PROGRAM

TLS_PORTS = [443]
_PROGRAMS = pathlib.Path(PROGRAM).parents[2] / "tests" / "bench"
LOAD, FLOOR = _PROGRAMS / "tls_load", _PROGRAMS / "tls_floor"
_CERTGEN = "/usr/lib/squid/security_file_certgen"
_SQUID_USER = "proxy"


def alone(command, prepare=""):
    """Runs a command with a shell above it whose end is the end of all that the command has started. A proxy that has
    changed its user would not die with its parent; the shell, which does, is the first process of a namespace."""
    words = " ".join(map(str, command))
    return ["unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-ec", f"{prepare} {words}; exit"]


class TlsDirect(Forwarding):
    """The gateway as a router: what client and origin alone do."""

    name = "tls-direct"

    def __init__(self, network, folder, mptcp):
        super().__init__(network, folder, mptcp)
        self.authority = authority(folder, "origin").certificate


class Bare:
    """Nobody: OpenSSL on one core, without a network."""

    name = "bare"
    pid = None

    def __init__(self, network, folder, mptcp):
        del network, mptcp
        self.certificate, self.authority = origin_certificate(folder), authority(folder, "origin").certificate

    def start(self):
        pass

    def stop(self):
        pass


class Sslsplit(TransparentProxy):
    """sslsplit as its users tune it: what is in TLS goes by unread ("ssl"; "https" would end every connection after one
    request), an ECDSA key for its leaves instead of RSA's, no logs. It believes any origin."""

    name = "sslsplit"
    ports = TLS_PORTS

    def __init__(self, network, folder, mptcp):
        super().__init__(network, folder, mptcp)
        self.signer = authority(folder, self.name)
        self.authority = self.signer.certificate
        self.leaf_key = folder / "sslsplit-leaf.key"

    def command(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                        self.leaf_key], check=True, capture_output=True)
        return alone(["sslsplit", "-c", self.signer.certificate, "-k", self.signer.key, "-K", self.leaf_key, "ssl",
                       "0.0.0.0", self.ports[0], "tproxy"])

    def complaint(self):
        return self.network.gateway.run(["timeout", "2", *self.command()], check=False).stderr


class Squid(TransparentProxy):
    """Squid as its users tune it for interception: a worker a processor, leaves made by its helper and kept in memory,
    no cache, no logs. It looks at the name first and then at the origin's certificate, as weir does."""

    name = "squid"
    ports = TLS_PORTS

    def __init__(self, network, folder, mptcp):
        super().__init__(network, folder, mptcp)
        self.own = folder / "squid"
        self.own.mkdir(exist_ok=True)
        self.signer = authority(self.own, self.name)
        self.authority = self.signer.certificate
        self.trust = authority(folder, "origin").certificate
        self.file = self.own / "squid.conf"

    def command(self):
        self.file.write_text(self._configuration())
        (self.own / "hosts").write_text(f"{ORIGIN} {NAME}\n")
        leaves = self.own / "leaves"
        if not leaves.exists():
            subprocess.run([_CERTGEN, "-c", "-s", leaves, "-M", "64MB"], check=True, capture_output=True)
        user = pwd.getpwnam(_SQUID_USER)
        for path in (self.own, *self.own.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        return alone(["squid", "--foreground", "-f", self.file], prepare="mount -t tmpfs tmpfs /dev/shm; "
                      f"mount -t tmpfs tmpfs /run; install -d -o {_SQUID_USER} /run/squid;")

    def complaint(self):
        checked = self.network.gateway.run(["squid", "-k", "parse", "-f", self.file], check=False).stderr
        return "\n".join(line for line in checked.splitlines() if "ERROR" in line or "FATAL" in line)

    def _configuration(self):
        return f"""https_port {self.ports[0]} tproxy ssl-bump generate-host-certificates=on \
dynamic_cert_mem_cache_size=64MB tls-cert={self.signer.certificate} tls-key={self.signer.key}
http_port 127.0.0.1:3128
sslcrtd_program {_CERTGEN} -s {self.own}/leaves -M 64MB
sslcrtd_children 8 startup=2 idle=1
acl first at_step SslBump1
ssl_bump peek first
ssl_bump bump all
tls_outgoing_options cafile={self.trust}
http_access allow all
hosts_file {self.own}/hosts
workers {os.cpu_count()}
max_filedescriptors 16384
cache deny all
access_log none
cache_log /dev/null
cache_store_log none
logfile_rotate 0
pid_filename none
pinger_enable off
via off
forwarded_for delete
coredump_dir none
shutdown_lifetime 0 seconds
"""


class WeirDecrypt(WeirSubject):
    name = "weir-decrypt"
    ports = TLS_PORTS

    def sections(self, folder):
        signer = authority(folder, self.name)
        self.authority = signer.certificate
        return {"tls": {"decrypt": True, "ca_certificate": str(signer.certificate), "ca_key": str(signer.key),
                        "upstream_trust": str(authority(folder, "origin").certificate)}}

    def start(self):
        try:
            super().start()
        except AssertionError:
            self.weir.close()
            self.weir.process = None  # nothing to stop
            raise NotMeasured("weir does not start with [tls] decrypt = true: " +
                              " ".join(self.weir.log.rest()[-2:])) from None


TLS_SUBJECTS = {subject.name: subject for subject in (TlsDirect, Bare, Sslsplit, Squid, WeirDecrypt)}
