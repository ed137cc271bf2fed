#!/usr/bin/python3
"""Origins' certificates, good ones and bad in every way that weir is to notice, all made at once.

certificates.py FOLDER writes them there:
  trusted.pem         the roots to trust
  bundle.pem          the same among 150 others
  untrusted.pem       a root not to
  KIND.chain.pem      what the origin sends, its leaf first
  KIND.key.pem        the leaf's key
  kinds.tsv           a line a kind: KIND, the name the client asks for, the faults to be found ("," between them)
"""

import dataclasses
import datetime
import functools
import hashlib
import ipaddress
import pathlib
import ssl
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

import der

NAME = "www.origin.test"
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
    return private.public_key().public_bytes(serialization.Encoding.DER,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)


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
UNKNOWN_CRITICAL = extension("1.3.6.1.4.1.32473.1", der.null(), critical=True)  # RFC 5612: an example's number


# --- certificates

@dataclasses.dataclass
class Certificate:
    """What one is to say; `to_der` makes it, whatever it says."""
    subject: str
    key: str
    issuer: "Certificate" = None  # itself where None
    extensions: list = dataclasses.field(default_factory=list)
    start: datetime.timedelta = -10 * DAY  # from now
    end: datetime.timedelta = 80 * DAY
    serial: int = None
    version: int = 3
    digest: str = "sha256"
    signed_by: str = None  # another key than the issuer's
    spoilt: bool = False
    raw_end: bytes = None
    identifiers: bool = True

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
            validity, name(self.subject), public_key(key(self.key)),
            der.tagged(3, der.sequence(*extensions)) if extensions else b"")

    def _extensions(self, issuer):
        if not self.identifiers:
            return self.extensions
        return [*self.extensions, subject_key(key(self.key)), authority_key(key(issuer.key))]

    def _serial(self):
        return int.from_bytes(hashlib.sha256(f"{self.subject} {self.key}".encode()).digest()[:8], "big") | 1 << 62


def name(common_name):
    return der.sequence(der.one_of_set(der.sequence(der.oid("2.5.4.3"), der.utf8(common_name))))


def authority(subject, private, issuer=None, path_length=None, extensions=(), **fields):
    return Certificate(subject, private, issuer, fields.pop("constraints", [basic_constraints(True, path_length)])
                       + fields.pop("usage", [AUTHORITY_USAGE]) + list(extensions), end=fields.pop("end", 800 * DAY),
                       **fields)


ROOT = authority("Trusted Root", "p256 root", start=-800 * DAY)
# As some public roots are: from before version 3 and SHA-256, with a serial of zero.
OLD_ROOT = Certificate("Old Trusted Root", "rsa2048", version=1, serial=0, digest="sha1", identifiers=False,
                       start=-4000 * DAY, end=800 * DAY)
INTERMEDIATE = authority("Intermediate", "p256 intermediate", ROOT)
UNTRUSTED = authority("Untrusted Root", "p256 untrusted")
UNTRUSTED_INTERMEDIATE = authority("Untrusted Intermediate", "p256 intermediate", UNTRUSTED)


def leaf(issuer=INTERMEDIATE, names=(NAME,), private="p256 leaf", usage=(DIGITAL_SIGNATURE,), purposes=(SERVER,),
         more=(), subject=NAME, alternatives=None, **fields):
    """`alternatives`: names of any type, in place of DNS `names`."""
    alternatives = map(dns, names) if alternatives is None else alternatives
    extensions = [key_usage(*usage), extended_key_usage(*purposes)]
    if alternatives := list(alternatives):
        extensions.append(alternative_names(*alternatives))
    return Certificate(subject, private, issuer, extensions + list(more), **fields)


# --- kinds

@dataclasses.dataclass
class Kind:
    chain: list
    asked: str = NAME
    faults: tuple = ()


def good(certificate, *rest, asked=NAME):
    return Kind([certificate, *(rest or [INTERMEDIATE])], asked)


def bad(faults, certificate, *rest, asked=NAME):
    return Kind([certificate, *(rest or [INTERMEDIATE])], asked, tuple(faults.split()))


def signed_by(issuer, **fields):
    """A leaf and the intermediate it is about."""
    return leaf(issuer, **fields), issuer


def good_kinds():
    second = authority("Second Intermediate", "p256 second", INTERMEDIATE, path_length=0)
    limited = authority("Limited", "p256 other", ROOT, extensions=[name_constraints(["origin.test"])])
    return {
        "ecdsa": good(leaf()),
        "p384": good(leaf(private="p384")),
        "rsa": good(leaf(private="rsa2048 leaf", usage=(DIGITAL_SIGNATURE, KEY_ENCIPHERMENT))),
        "ed25519": good(leaf(private="ed25519")),
        "wildcard": good(leaf(names=["*.origin.test"])),
        "address": good(leaf(alternatives=[address("192.0.2.10")]), asked="192.0.2.10"),
        "address_v6": good(leaf(alternatives=[address("2001:db8::10")]), asked="2001:db8::10"),
        "two_intermediates": good(leaf(second), second, INTERMEDIATE),
        "unordered_chain": good(leaf(second), UNTRUSTED, INTERMEDIATE, second),
        "root_sent": good(leaf(), INTERMEDIATE, ROOT),
        "old_root": good(leaf(OLD_ROOT), OLD_ROOT),
        "permitted_name": good(*signed_by(limited)),
        "many_names": good(leaf(names=[NAME] + [f"n{i}.test" for i in range(999)])),
        "leaf_is_authority": good(leaf(more=[basic_constraints(True)])),
        "no_usages": good(Certificate(NAME, "p256 leaf", INTERMEDIATE, [alternative_names(dns(NAME))])),
    }


def date_kinds():
    return {
        "expired": bad("expired", leaf(start=-90 * DAY, end=-DAY)),
        "not_yet_valid": bad("not_yet_valid", leaf(start=DAY)),
        "expired_issuer": bad("issuer_not_valid", *signed_by(
            authority("Expired Intermediate", "p256 other", ROOT, start=-90 * DAY, end=-DAY))),
        "future_issuer": bad("issuer_not_valid", *signed_by(
            authority("Future Intermediate", "p256 other", ROOT, start=DAY))),
        "unreadable_date": bad("malformed", leaf(raw_end=der.element(0x18, b"20490101000000.5Z"))),
    }


def name_kinds():
    def wrong(names, asked=NAME, more=""):
        return bad("wrong_name" + more, leaf(names=names), asked=asked)
    return {
        "wrong_name": wrong(["other.test"]),
        "common_name_only": wrong([]),
        "partial_wildcard": wrong(["w*.origin.test"]),
        "inner_wildcard": wrong(["www.*.test"]),
        "wildcard_across_labels": wrong(["*.origin.test"], asked="a.b.origin.test"),
        "wildcard_for_top_level": wrong(["*.test"], asked="origin.test"),
        "wildcard_for_everything": wrong(["*"], asked="origin.test"),
        "wildcard_for_bare_domain": wrong(["*.origin.test"], asked="origin.test"),
        "address_not_named": wrong([NAME], asked="192.0.2.10"),
        "address_as_dns_name": wrong(["192.0.2.10"], asked="192.0.2.10"),
        "other_address": bad("wrong_name", leaf(alternatives=[address("192.0.2.11")]), asked="192.0.2.10"),
        "nul_in_name": wrong([f"{NAME}\0.evil.test"], more=" malformed"),
        "nul_in_other_name": bad("malformed", leaf(names=[NAME, "a\0b.test"])),
        "name_not_ascii": bad("malformed", leaf(names=[NAME, "b\u00fccher.test"])),
        "address_of_five_octets": bad("malformed", leaf(alternatives=[dns(NAME), der.tagged_octets(7, bytes(5))])),
        "too_many_names": bad("too_many_names", leaf(names=[NAME] + [f"n{i}.test" for i in range(2999)])),
        "hostile_names": wrong(["</td><script>\x1b[2J\n.test", "\"\\\r\n"]),
        "hostile_subject": bad("wrong_name", leaf(names=["\x1b" * 99, "\x07" * 99], subject="\x1b[2J" * 99)),
    }


def issuer_kinds():
    plain = [basic_constraints(False)]
    no_authority = Certificate("No Authority", "p256 other", ROOT, plain + [AUTHORITY_USAGE])
    other_leaf = leaf(INTERMEDIATE, names=["other.test"], subject="other.test", private="p256 other")
    second = authority("Second Intermediate", "p256 second", authority("Short", "p256 other", ROOT, path_length=0))
    v1 = Certificate("Version 1", "p256 other", ROOT, version=1, identifiers=False)
    namesake = authority("Intermediate", "p256 namesake", ROOT, identifiers=False)
    ladder = [ROOT]
    for i in range(12):
        ladder.append(authority(f"Step {i}", "p256 other", ladder[-1]))
    itself = leaf(None, private="p256 itself")
    return {
        "self_signed": bad("self_signed", itself, itself),
        "self_signed_authority": bad("self_signed", *[leaf(None, more=[basic_constraints(True)])] * 2),
        "unknown_root": bad("unknown_issuer", leaf(UNTRUSTED_INTERMEDIATE), UNTRUSTED_INTERMEDIATE, UNTRUSTED),
        "unknown_root_not_sent": bad("unknown_issuer", leaf(UNTRUSTED_INTERMEDIATE), UNTRUSTED_INTERMEDIATE),
        "missing_intermediate": Kind([leaf()], NAME, ("unknown_issuer",)),
        "wrong_intermediate": bad("unknown_issuer", leaf(), UNTRUSTED_INTERMEDIATE),
        "namesake_intermediate": bad("bad_signature", leaf(identifiers=False), namesake),
        "chain_too_long": bad("unknown_issuer", leaf(ladder[-1]), *reversed(ladder[1:])),
        "no_authority": bad("not_an_authority", *signed_by(no_authority)),
        "signed_by_leaf": bad("not_an_authority", leaf(other_leaf), other_leaf, INTERMEDIATE),
        "issuer_may_not_sign": bad("not_an_authority", *signed_by(
            authority("May Not Sign", "p256 other", ROOT, usage=[key_usage(DIGITAL_SIGNATURE)]))),
        "path_length": bad("not_an_authority", leaf(second), second, second.issuer),
        "version_1_issuer": bad("not_an_authority", *signed_by(v1)),
        "name_not_permitted": bad("name_constraints", *signed_by(
            authority("Other Names", "p256 other", ROOT, extensions=[name_constraints(["other.test"])]))),
        "name_excluded": bad("name_constraints", *signed_by(
            authority("Not Origin", "p256 other", ROOT, extensions=[name_constraints(excluded=["origin.test"])]))),
    }


def usage_kinds():
    client_only = authority("Clients Only", "p256 other", ROOT, extensions=[extended_key_usage(CLIENT)])
    return {
        "client_only": bad("wrong_usage", leaf(purposes=[CLIENT])),
        "issuer_client_only": bad("wrong_usage", *signed_by(client_only)),
        "usage_without_tls": bad("wrong_usage", leaf(usage=[KEY_CERT_SIGN], private="rsa2048 leaf")),
        "usage_without_signature": bad("wrong_usage", leaf(usage=[KEY_ENCIPHERMENT])),
    }


def strength_kinds():
    sha1_issuer = authority("SHA-1 Intermediate", "p256 other", OLD_ROOT, digest="sha1")
    return {
        "sha1": bad("weak_signature", *signed_by(INTERMEDIATE, digest="sha1")),
        "md5": bad("weak_signature", leaf(OLD_ROOT, digest="md5"), OLD_ROOT),
        "sha1_issuer": bad("weak_signature", *signed_by(sha1_issuer)),
        "sha1_missing_intermediate": Kind([leaf(digest="sha1")], NAME, ("unknown_issuer", "weak_signature")),
        "rsa1024": bad("weak_key", leaf(private="rsa1024")),
        "rsa1024_issuer": bad("weak_key", *signed_by(authority("Weak", "rsa1024", ROOT))),
        "p192": bad("weak_key", leaf(private="p192")),
        "bad_signature": bad("bad_signature", leaf(spoilt=True)),
        "bad_signature_of_issuer": bad("bad_signature", *signed_by(
            authority("Forged", "p256 other", ROOT, signed_by="p256 untrusted"))),
    }


def form_kinds():
    twice = [extended_key_usage(SERVER)]
    return {
        "negative_serial": bad("malformed", leaf(serial=-5)),
        "zero_serial": bad("malformed", leaf(serial=0)),
        "long_serial": bad("malformed", leaf(serial=1 << 159)),
        "zero_serial_of_issuer": bad("malformed", *signed_by(authority("Zero", "p256 other", ROOT, serial=0))),
        "version_1_with_extensions": bad("malformed", leaf(version=1)),
        "version_4": bad("malformed", leaf(version=4)),
        "unreadable_extension": bad("malformed", leaf(more=[extension("2.5.29.19", b"\x30\x05\x01")])),
        "extension_twice": bad("malformed", leaf(more=twice)),
        "critical_extension": bad("critical_extension", leaf(more=[UNKNOWN_CRITICAL])),
        "critical_extension_of_issuer": bad("critical_extension", *signed_by(
            authority("Critical", "p256 other", ROOT, extensions=[UNKNOWN_CRITICAL]))),
    }


def mixed_kinds():
    past = {"start": -90 * DAY, "end": -DAY}
    expired_itself = leaf(None, private="p256 itself", **past)
    return {
        "expired_and_wrong_name": bad("expired wrong_name", leaf(names=["other.test"], **past)),
        "expired_self_signed": bad("expired self_signed", expired_itself),
        "expired_missing_intermediate": Kind([leaf(**past)], NAME, ("expired", "unknown_issuer")),
        "expired_bad_signature": bad("expired bad_signature", leaf(spoilt=True, **past)),
        "expired_all": bad("expired issuer_not_valid", *signed_by(
            authority("Expired Intermediate", "p256 other", ROOT, **past), **past)),
        "expired_client_only": bad("expired wrong_usage", leaf(purposes=[CLIENT], **past)),
    }


@functools.cache
def kinds():
    """Every kind by its name."""
    return {**good_kinds(), **date_kinds(), **name_kinds(), **issuer_kinds(), **usage_kinds(), **strength_kinds(),
            **form_kinds(), **mixed_kinds()}


# --- files

@dataclasses.dataclass
class Origin:
    """One kind, as files."""
    chain: pathlib.Path
    key: pathlib.Path
    asked: str
    faults: frozenset

    def server_context(self):
        """To serve it with Python: at a level at which OpenSSL shows weak keys and signatures too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(self.chain, self.key)
        return context


def to_pem(*certificates):
    return "".join(ssl.DER_cert_to_PEM_cert(certificate.encoded) for certificate in certificates)


def key_to_pem(private):
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())


def make(folder):
    """Writes all of them; Origins by their kind."""
    folder = pathlib.Path(folder)
    (folder / "trusted.pem").write_text(to_pem(ROOT, OLD_ROOT))
    others = [authority(f"Root {i}", "p256 other") for i in range(150)]
    (folder / "bundle.pem").write_text(to_pem(*others, ROOT, OLD_ROOT))
    (folder / "untrusted.pem").write_text(to_pem(UNTRUSTED))
    origins, lines = {}, []
    for word, kind in kinds().items():
        origin = Origin(folder / f"{word}.chain.pem", folder / f"{word}.key.pem", kind.asked, frozenset(kind.faults))
        origin.chain.write_text(to_pem(*kind.chain))
        origin.key.write_bytes(key_to_pem(key(kind.chain[0].key)))
        origins[word] = origin
        lines.append(f"{word}\t{kind.asked}\t{','.join(kind.faults)}\n")
    (folder / "kinds.tsv").write_text("".join(lines))
    return origins


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: certificates.py FOLDER")
    make(sys.argv[1])
