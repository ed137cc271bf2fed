"""Authorities and the origin's certificate, made by the openssl command: nothing of weir's vouches for weir."""

import os
import subprocess

NAME = "www.origin.example"  # the origin's, in every row but the one of many names
_DAYS = "30"
_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", _DAYS]
_EXTENSIONS = """[req]
distinguished_name = subject
prompt = no
[subject]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[origin]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:origin.example, DNS:*.origin.example
"""


class Certificate:
    """Two PEM files, the key readable by its owner alone."""

    def __init__(self, folder, name):
        self.certificate, self.key = folder / f"{name}.crt", folder / f"{name}.key"

    def exists(self):
        return self.certificate.exists()

    def make(self, folder, subject, section, *options):
        extensions = folder / "openssl.cnf"
        extensions.write_text(_EXTENSIONS)
        subprocess.run(["openssl", "req", "-x509", *_CURVE, "-config", extensions, "-extensions", section, "-subj",
                        subject, *options, "-keyout", self.key, "-out", self.certificate], check=True,
                       capture_output=True)
        os.chmod(self.key, 0o600)
        return self


def authority(folder, name):
    """An ECDSA P-256 root, made the first time it is asked for."""
    made = Certificate(folder, f"{name}-ca")
    return made if made.exists() else made.make(folder, f"/CN=benchmark {name}", "authority")


def origin_certificate(folder):
    """For origin.example and all names in it, by the authority "origin"."""
    by = authority(folder, "origin")
    made = Certificate(folder, "origin")
    return made if made.exists() else made.make(folder, "/CN=origin.example", "origin", "-CA", by.certificate,
                                                "-CAkey", by.key)
