"""DER (X.690), as much of it as certificates take: made by hand, so that they may be wrong where a library refuses."""

import datetime


def element(tag, *contents):
    content = b"".join(contents)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(*contents):
    return element(0x30, *contents)


def one_of_set(content):
    return element(0x31, content)


def boolean(value):
    return element(0x01, b"\xff" if value else b"\0")


def integer(value):
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def bits(octets, unused=0):
    return element(0x03, bytes([unused]), octets)


def named_bits(*positions):
    """A BIT STRING of single flags: without trailing zeros."""
    if not positions:
        return bits(b"")
    size = max(positions) + 1
    padded = (size + 7) // 8 * 8
    value = sum(1 << (padded - 1 - position) for position in positions)
    return bits(value.to_bytes(padded // 8, "big"), padded - size)


def octets(content):
    return element(0x04, content)


def null():
    return element(0x05)


def oid(dotted):
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = b""
    for number in [40 * first + second, *rest]:
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(0x80 | number & 0x7F)
        content += bytes(reversed(septets))
    return element(0x06, content)


def utf8(text):
    return element(0x0C, text.encode() if isinstance(text, str) else text)


def time(moment):
    """RFC 5280, 4.1.2.5: UTCTime before 2050."""
    moment = moment.astimezone(datetime.timezone.utc)
    if moment.year < 2050:
        return element(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())
    return element(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def tagged(number, *contents):
    """[number], constructed: explicit, or implicit of a sequence."""
    return element(0xA0 | number, *contents)


def tagged_octets(number, content):
    """[number] IMPLICIT of a string."""
    return element(0x80 | number, content)
