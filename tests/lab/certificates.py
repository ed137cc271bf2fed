#!/usr/bin/python3
"""Origins' certificates, good ones and bad in every way that weir is to notice, all made at once.

certificates.py FOLDER writes them there:
  trusted.pem         the roots to trust
  bundle.pem          the same among 150 others
  untrusted.pem       a root not to
  revocations.pem     no certificate, but a list of revoked ones
  KIND.chain.pem      what the origin sends, its leaf first
  KIND.key.pem        the leaf's key
  kinds.tsv           a line a kind: KIND, the name the client asks for, the faults to be found ("," between them)
"""

import base64
import dataclasses
import datetime
import pathlib
import ssl
import sys

import der
from certificate_maker import (AUTHORITY_USAGE, CLIENT, DAY, DIGITAL_SIGNATURE, KEY_CERT_SIGN, KEY_ENCIPHERMENT, SERVER,
                               SIGNATURES, UNKNOWN_CRITICAL, UNKNOWN_KEY, Certificate, address, alternative_names,
                               authority, basic_constraints, dns, extended_key_usage, extension, key, key_to_pem,
                               key_usage, name, name_constraints, sign)

NAME = "www.origin.test"

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
        "wildcard_for_underscore": good(leaf(names=["*.Origin.test"]), asked="my_shop.origin.test"),
        "wildcard_before_underscore": good(leaf(names=["*.my_shop.test"]), asked="www.my_shop.test"),
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
        "wildcard_across_underscores": wrong(["*.origin.test"], asked="a.b_c.origin.test"),
        "wildcard_for_top_level_underscore": wrong(["*.test"], asked="my_shop.test"),
        "letter_for_underscore": wrong(["x.origin.test"], asked="my_shop.origin.test"),
        "partial_wildcard_with_underscore": wrong(["*_shop.origin.test", "my-shop.origin.test"],
                                                  asked="my_shop.origin.test"),
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
            authority("May Not Sign", "p256 other", ROOT, usage=key_usage(DIGITAL_SIGNATURE)))),
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
        "sha1_self_signed": bad("self_signed", leaf(None, digest="sha1")),
        "rsa1024": bad("weak_key", leaf(private="rsa1024")),
        "rsa1024_issuer": bad("weak_key", *signed_by(authority("Weak", "rsa1024", ROOT))),
        "p192": bad("weak_key", leaf(private="p192")),
        "bad_signature": bad("bad_signature", leaf(spoilt=True)),
        "bad_signature_of_issuer": bad("bad_signature", *signed_by(
            authority("Forged", "p256 other", ROOT, signed_by="p256 untrusted"))),
    }


def form_kinds():
    unreadable = extension("2.5.29.19", b"\x30\x05\x01")
    return {
        "negative_serial": bad("malformed", leaf(serial=-5)),
        "zero_serial": bad("malformed", leaf(serial=0)),
        "long_serial": bad("malformed", leaf(serial=1 << 159)),
        "zero_serial_of_issuer": bad("malformed", *signed_by(authority("Zero", "p256 other", ROOT, serial=0))),
        "version_1_with_extensions": bad("malformed", leaf(version=1)),
        "version_4": bad("malformed", leaf(version=4)),
        "version_4_without_extensions": bad("wrong_name malformed", Certificate(
            NAME, "p256 leaf", INTERMEDIATE, version=4, identifiers=False)),
        "unreadable_extension": bad("malformed", leaf(more=[unreadable])),
        "unreadable_extension_self_signed": bad("malformed", leaf(None, more=[unreadable])),
        "unreadable_extension_of_issuer": bad("unknown_issuer", *signed_by(
            authority("Unreadable", "p256 other", ROOT, constraints=unreadable))),
        "unknown_key": bad("malformed other", leaf(raw_key=UNKNOWN_KEY)),
        "extension_twice": bad("malformed", leaf(more=[extended_key_usage(SERVER)])),
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


KINDS = {**good_kinds(), **date_kinds(), **name_kinds(), **issuer_kinds(), **usage_kinds(), **strength_kinds(),
         **form_kinds(), **mixed_kinds()}
# OpenSSL's own servers refuse to show these.
NOT_SERVABLE = {"unreadable_extension", "unreadable_extension_self_signed", "extension_twice", "unknown_key"}


# --- files

@dataclasses.dataclass
class Origin:
    """One kind, as files."""
    chain: pathlib.Path
    key: pathlib.Path
    asked: str
    faults: frozenset

    def server_context(self):
        """To serve it with Python, at a level at which OpenSSL shows weak keys and signatures too; an ssl.SSLError of
        those that are NOT_SERVABLE."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(self.chain, self.key)
        return context


def to_pem(*certificates):
    return "".join(ssl.DER_cert_to_PEM_cert(certificate.encoded) for certificate in certificates)


def revocations():
    """Of ROOT, empty (RFC 5280, 5.1)."""
    algorithm = der.sequence(SIGNATURES["ec", "sha256"])
    content = der.sequence(algorithm, name(ROOT.subject), der.time(datetime.datetime.now(datetime.timezone.utc)))
    whole = der.sequence(content, algorithm, der.bits(sign(key(ROOT.key), content, "sha256")))
    return f"-----BEGIN X509 CRL-----\n{base64.encodebytes(whole).decode()}-----END X509 CRL-----\n"


def make(folder):
    """Writes all of them; Origins by their kind."""
    folder = pathlib.Path(folder)
    (folder / "trusted.pem").write_text(to_pem(ROOT, OLD_ROOT))
    others = [authority(f"Root {i}", "p256 other") for i in range(150)]
    (folder / "bundle.pem").write_text(to_pem(*others, ROOT, OLD_ROOT))
    (folder / "untrusted.pem").write_text(to_pem(UNTRUSTED))
    (folder / "revocations.pem").write_text(revocations())
    origins, lines = {}, []
    for word, kind in KINDS.items():
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
