"""Makes certificates that say whatever they are told to, however wrong: by hand, for libraries refuse most of that."""

import dataclasses
import datetime
import functools
import hashlib
import ipaddress

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import der

DAY = datetime.timedelta(days=1)
HASHES = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "md5": hashes.MD5()}
SIGNATURES = {  # RFC 3279, 5758, 8410
    ("ec", "sha256"): der.oid("1.2.840.10045.4.3.2"),
    ("ec", "sha1"): der.oid("1.2.840.10045.4.1"),
    ("rsa", "sha256"): der.oid("1.2.840.113549.1.1.11") + der.null(),
    ("rsa", "sha1"): der.oid("1.2.840.113549.1.1.5") + der.null(),
    ("rsa", "md5"): der.oid("1.2.840.113549.1.1.4") + der.null(),
    ("ed25519", "sha256"): der.oid("1.3.101.112"),  # has its own hash
}
DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_CERT_SIGN, CRL_SIGN = 0, 2, 5, 6
SERVER, CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"


# --- keys: each made when first asked for

@functools.cache
def key(name):
    """The same for the same name: the first word is what it is, the rest whose."""
    kind = name.split()[0]
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p192": ec.SECP192R1(), "p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind])


def kind_of(private):
    if isinstance(private, rsa.RSAPrivateKey):
        return "rsa"
    return "ed25519" if isinstance(private, ed25519.Ed25519PrivateKey) else "ec"


def sign(private, content, digest):
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(content, padding.PKCS1v15(), HASHES[digest])
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(content)
    return private.sign(content, ec.ECDSA(HASHES[digest]))


def public_key(private):
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_to_pem(private):
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


# --- extensions (RFC 5280, 4.2.1)

def extension(dotted, value, critical=False):
    return der.sequence(der.oid(dotted), der.boolean(True) if critical else b"", der.octets(value))


def basic_constraints(authority, path_length=None):
    length = b"" if path_length is None else der.integer(path_length)
    return extension("2.5.29.19", der.sequence(der.boolean(True) if authority else b"", length), critical=True)


def key_usage(*usages):
    return extension("2.5.29.15", der.named_bits(*usages), critical=True)


def extended_key_usage(*purposes):
    return extension("2.5.29.37", der.sequence(*map(der.oid, purposes)))


def dns(name):
    return der.tagged_octets(2, name.encode())


def address(text):
    return der.tagged_octets(7, ipaddress.ip_address(text).packed)


def alternative_names(*names):
    return extension("2.5.29.17", der.sequence(*names))


def name_constraints(permitted=(), excluded=()):
    def trees(number, names):
        return der.tagged(number, *(der.sequence(dns(name)) for name in names)) if names else b""
    return extension("2.5.29.30", der.sequence(trees(0, permitted), trees(1, excluded)), critical=True)


def key_identifier(private):
    return hashlib.sha1(public_key(private)).digest()


def subject_key(private):
    return extension("2.5.29.14", der.octets(key_identifier(private)))


def authority_key(private):
    return extension("2.5.29.35", der.sequence(der.tagged_octets(0, key_identifier(private))))


AUTHORITY_USAGE = key_usage(KEY_CERT_SIGN, CRL_SIGN)
EXAMPLE = "1.3.6.1.4.1.32473.1"  # RFC 5612
UNKNOWN_CRITICAL = extension(EXAMPLE, der.null(), critical=True)
UNKNOWN_KEY = der.sequence(der.sequence(der.oid(EXAMPLE)), der.bits(b"key"))


# --- certificates

def name(common_name):
    return der.sequence(der.one_of_set(der.sequence(der.oid("2.5.4.3"), der.utf8(common_name))))


@dataclasses.dataclass
class Certificate:
    """What one is to say, and `encoded` in DER."""
    subject: str
    key: str  # its name
    issuer: "Certificate" = None  # itself where None
    extensions: list = dataclasses.field(default_factory=list)
    start: datetime.timedelta = -10 * DAY  # from now
    end: datetime.timedelta = 80 * DAY
    serial: int = None
    version: int = 3
    digest: str = "sha256"
    signed_by: str = None  # another key than the issuer's
    spoilt: bool = False  # a bit of the signature
    raw_end: bytes = None
    raw_key: bytes = None
    identifiers: bool = True  # of its key and its issuer's, as extensions

    @functools.cached_property
    def encoded(self):
        issuer = self.issuer or self
        signer = key(self.signed_by or issuer.key)
        algorithm = der.sequence(SIGNATURES[kind_of(signer), self.digest])
        content = self._content(issuer, algorithm)
        signature = bytearray(sign(signer, content, self.digest))
        if self.spoilt:
            signature[-1] ^= 1
        return der.sequence(content, algorithm, der.bits(bytes(signature)))

    def _content(self, issuer, algorithm):
        now = datetime.datetime.now(datetime.timezone.utc)
        validity = der.sequence(der.time(now + self.start), self.raw_end or der.time(now + self.end))
        extensions = self._extensions(issuer)
        return der.sequence(
            der.tagged(0, der.integer(self.version - 1)) if self.version != 1 else b"",
            der.integer(self._serial() if self.serial is None else self.serial), algorithm, name(issuer.subject),
            validity, name(self.subject), self.raw_key or public_key(key(self.key)),
            der.tagged(3, der.sequence(*extensions)) if extensions else b"")

    def _extensions(self, issuer):
        if not self.identifiers:
            return self.extensions
        return [*self.extensions, subject_key(key(self.key)), authority_key(key(issuer.key))]

    def _serial(self):
        return int.from_bytes(hashlib.sha256(f"{self.subject} {self.key}".encode()).digest()[:8], "big") | 1 << 62


def authority(subject, private, issuer=None, path_length=None, constraints=None, usage=AUTHORITY_USAGE, extensions=(),
              end=800 * DAY, **fields):
    constraints = constraints or basic_constraints(True, path_length)
    return Certificate(subject, private, issuer, [constraints, usage, *extensions], end=end, **fields)
