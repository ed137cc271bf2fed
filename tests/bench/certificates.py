"""Authorities and the origin's certificate, made by the openssl command: nothing of weir's vouches for weir."""

import datetime
import os
import subprocess

NAME = "www.origin.example"  # the origin's, in every row but the one of many names
CIPHER = "TLS_AES_256_GCM_SHA384"  # where all are to have the same
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


def origin_certificate(folder, name="origin"):
    """For origin.example and all names in it, by the authority of that name: the origin's own, or that of a proxy which
    stands for it."""
    by = authority(folder, name)
    made = Certificate(folder, name)
    return made if made.exists() else made.make(folder, "/CN=origin.example", "origin", "-CA", by.certificate,
                                                "-CAkey", by.key)


def named_certificates(folder, count):
    """A folder with n0.origin.example.crt and so on, each for that name alone, with the key of origin_certificate: as
    many origins as names."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    made = folder / "names"
    if made.exists():
        return made
    made.mkdir()
    by = authority(folder, "origin")
    issuer = x509.load_pem_x509_certificate(by.certificate.read_bytes())
    signer = serialization.load_pem_private_key(by.key.read_bytes(), None)
    key = serialization.load_pem_private_key(origin_certificate(folder).key.read_bytes(), None).public_key()
    now = datetime.datetime.utcnow()
    for number in range(count):
        name = f"n{number}.origin.example"
        built = (x509.CertificateBuilder().issuer_name(issuer.subject).public_key(key)
                 .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
                 .serial_number(number + 1)
                 .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
                 .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
                 .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False))
        certificate = built.sign(signer, hashes.SHA256())
        (made / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made
