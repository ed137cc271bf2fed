"""TLS clients and origins: Python's ssl, with OpenSSL's own functions where it hides what a test is about."""

import contextlib
import ctypes
import itertools
import json
import select
import ssl

from cryptography import x509

from certificates import NAME
from network import ORIGIN
from peers import Server, connect, echo, receive_exactly
from weir import wait_for

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
CLIENT_HELLO_CONTEXT = 0x80  # SSL_EXT_CLIENT_HELLO

_LIBSSL = ctypes.CDLL("libssl.so.3")
_LIBCRYPTO = ctypes.CDLL("libcrypto.so.3")
_ADD_EXTENSION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint,
                                  ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t), ctypes.c_void_p,
                                  ctypes.c_size_t, ctypes.POINTER(ctypes.c_int), ctypes.c_void_p)
_CHOOSE_PROTOCOL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p),
                                    ctypes.POINTER(ctypes.c_ubyte), ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p)


# --- what Python does not give

def _context_pointer(context):
    return ctypes.c_void_p.from_address(id(context) + 16)  # PySSLContext: the object's head, then ctx


def _pointer(tls):
    return ctypes.c_void_p.from_address(id(tls._sslobj) + 24)  # PySSLSocket: head, Socket, then ssl


def set_server_name(tls, name):
    """Before the handshake: any bytes but NUL (SSL_set_tlsext_host_name)."""
    assert _LIBSSL.SSL_ctrl(_pointer(tls), 55, ctypes.c_long(0), ctypes.c_char_p(name)) == 1


def set_signature_algorithms(context, names):
    assert _LIBSSL.SSL_CTX_ctrl(_context_pointer(context), 98, ctypes.c_long(0), ctypes.c_char_p(names.encode())) == 1


def allow_early_data(context, size):
    assert _LIBSSL.SSL_CTX_set_max_early_data(_context_pointer(context), ctypes.c_uint32(size)) == 1


def update_keys(tls, answer=False):
    """A KeyUpdate goes out (RFC 8446, 4.6.3)."""
    assert _LIBSSL.SSL_key_update(_pointer(tls), int(answer)) == 1
    if _LIBSSL.SSL_do_handshake(_pointer(tls)) != 1:
        raise ConnectionError("the key update was not sent")


def send_ticket(tls):
    """One more (RFC 8446, 4.6.1)."""
    assert _LIBSSL.SSL_new_session_ticket(_pointer(tls)) == 1
    if _LIBSSL.SSL_do_handshake(_pointer(tls)) != 1:
        raise ConnectionError("the ticket was not sent")


def add_extension(context, number, value):
    """Of the ClientHello, one that OpenSSL does not know."""
    content = ctypes.create_string_buffer(value, len(value))

    def add(_ssl, _number, _where, out, size, *_):
        out[0] = ctypes.addressof(content)
        size[0] = len(value)
        return 1

    callback = _ADD_EXTENSION(add)
    context.kept = (callback, content)
    assert _LIBSSL.SSL_CTX_add_custom_ext(_context_pointer(context), number, CLIENT_HELLO_CONTEXT, callback, None, None,
                                          None, None) == 1


def always_choose_protocol(context, name):
    """Whatever the client offers (RFC 7301 does not allow it)."""
    chosen = ctypes.create_string_buffer(name, len(name))

    def choose(_ssl, out, size, *_):
        out[0] = ctypes.addressof(chosen)
        size[0] = len(name)
        return 0

    callback = _CHOOSE_PROTOCOL(choose)
    context.kept = (callback, chosen)
    _LIBSSL.SSL_CTX_set_alpn_select_cb(_context_pointer(context), callback, None)


# --- contexts

class TlsSocket(ssl.SSLSocket):
    """That tells an end by close_notify, whoever was first to send it, from one without."""

    def recv(self, *arguments):
        try:
            return super().recv(*arguments)
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            if error.reason == "UNEXPECTED_EOF_WHILE_READING":
                raise ssl.SSLEOFError(*error.args) from None
            raise


class Context(ssl.SSLContext):
    """With room for what OpenSSL needs kept."""
    sslsocket_class = TlsSocket
    kept = ()


def context(side, alpn=(), minimum=None, maximum=None, ciphers=None):
    made = Context(side)
    made.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # else an end without close_notify looks as one with it
    if ciphers:
        made.set_ciphers(ciphers)
    if alpn:
        made.set_alpn_protocols(alpn)
    made.minimum_version = minimum or TLS12
    if maximum:
        made.maximum_version = maximum
    return made


def server_context(origin, client_authority=None, **options):
    """Of one of certificates.make's origins."""
    made = context(ssl.PROTOCOL_TLS_SERVER, **options)
    if "ciphers" not in options:
        made.set_ciphers("ALL:@SECLEVEL=0")  # shows weak keys and signatures too
    made.load_cert_chain(origin.chain, origin.key)
    if client_authority:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(client_authority)
    return made


def client_context(authority, **options):
    """That trusts `authority` alone; nobody is verified where it is None."""
    made = context(ssl.PROTOCOL_TLS_CLIENT, **options)
    if authority is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_verify_locations(authority)
    return made


# --- ends and flights

def end(tls):
    """close_notify goes out; the other direction stays open, as does the socket. (Python's unwrap reads on as well, and
    breaks the connection where there is data.)"""
    while (result := _LIBSSL.SSL_shutdown(_pointer(tls))) < 0:
        why = _LIBSSL.SSL_get_error(_pointer(tls), result)
        _LIBCRYPTO.ERR_clear_error()
        if why != ssl.SSL_ERROR_WANT_WRITE:
            return
        select.select([], [tls], [], tls.gettimeout())


def over_tls(made, handler, in_order=True):
    """A Server's handler that speaks TLS; `made` is a context, or makes one for each connection."""
    def serve(sock):
        chosen = made if isinstance(made, ssl.SSLContext) else made()
        with chosen.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as tls:
            result = handler(tls)
            if in_order and tls._sslobj:
                end(tls)
            return result

    return serve


class Handshake:
    """One side as bytes: what it says when it is told something. And over a socket that it knows nothing of."""

    def __init__(self, made, server_side=False, name=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = made.wrap_bio(self.incoming, self.outgoing, server_side=server_side, server_hostname=name)
        self.done = False

    def answer(self):
        try:
            self.tls.do_handshake()
            self.done = True
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def shake(self, sock):
        sock.sendall(self.answer())
        while not self.done:
            sock.sendall(self.hear(sock))

    def say(self, sock, data):
        self.tls.write(data)
        sock.sendall(self.outgoing.read())

    def read(self, sock):
        """Of one record of application data, all."""
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._take(sock)

    def _take(self, sock):
        if data := sock.recv(65536):
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def hear(self, sock):
        """Reads what the peer says until there is an answer."""
        answer = b""
        while not answer and not self.done:
            self._take(sock)
            answer = self.answer()
        return answer


def client_hello(name=NAME, **options):
    return Handshake(client_context(None, **options), name=name).answer()


def answer_http(body=b"from the origin", status="200 OK"):
    """A handler: one answer, whatever the request."""
    def serve(sock):
        read_to(sock, b"\r\n\r\n")
        sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    return serve


def read_to(sock, end_of_it):
    data = b""
    while not data.endswith(end_of_it):
        data += receive_exactly(sock, 1)
    return data


def read_all(sock):
    data = b""
    while more := sock.recv(65536):
        data += more
    return data


# --- the lab

class TlsOrigin:
    """At an address of its own, under a name of its own."""

    def __init__(self, address, name, port):
        self.address, self.name, self.port = address, name, port
        self.server = None

    @property
    def endpoint(self):
        return self.address, self.port

    @property
    def url(self):
        return f"https://{self.name}:{self.port}/"

    @property
    def resolve(self):
        """Options of curl."""
        return ["--resolve", f"{self.name}:{self.port}:[{self.address}]"]


class TlsLab:
    """A weir that decrypts, and origins as asked for. What weir learned of one means nothing to the next, which
    has another address and another name."""

    def __init__(self, network, weir, authority, certificates):
        self.network, self.weir = network, weir
        self.authority = authority
        self.certificates = certificates
        self.trusted = certificates["ecdsa"].chain.parent / "trusted.pem"  # whom weir trusts
        self.places = []
        self._numbers = itertools.count(1)
        self._servers = []
        self._told = set()
        network.origin.run("ip route add local 10.10.0.0/16 dev lo")
        network.gateway.run(f"ip route add 10.10.0.0/16 via {ORIGIN}")
        network.add_subflow_endpoints()

    def place(self, port=443, address=None):
        """Where there is no origin yet."""
        number = next(self._numbers)
        self.places.append(TlsOrigin(address or f"10.10.{number // 250}.{number % 250 + 1}", f"t{number}.origin.test",
                                     port))
        return self.places[-1]

    def origin(self, handler=echo, kind="wildcard", in_order=True, mptcp=False, address=None, made=None, **options):
        """TLS around a handler of peers.Server. `kind` of certificate: "wildcard" is for every origin's name."""
        made = made or server_context(self.certificates[kind], **options)
        return self.raw_origin(over_tls(made, handler, in_order), mptcp=mptcp, address=address)

    def raw_origin(self, handler, port=443, mptcp=False, address=None):
        place = self.place(port, address)
        where = place.address if ":" in place.address else f"::ffff:{place.address}"
        place.server = Server(self.network.origin, port, handler, mptcp=mptcp, address=where)
        self._servers.append(place.server)
        return place

    def program(self, command, port=443):
        """Another's server, by `command(place)` in words; returns once its port is open."""
        place = self.place(port)
        words = command(place)
        self.network.origin.start(words)
        wait_for(lambda: self._is_open(place), what=f"{words[0]} on its port")
        return place

    def _is_open(self, place):
        try:
            with connect(self.network.origin, place.endpoint):
                return True
        except OSError:
            return False

    def connect(self, origin, mptcp=False, source=None):
        return connect(self.network.client, origin.endpoint, mptcp=mptcp, source=source)

    def open(self, origin, name=None, sni=None, made=None, mptcp=False, session=None, source=None, over=None,
             **options):
        """A TLS client. `name`: what it asks for and verifies; `sni`: other bytes to say it in; `over`: a connection that
        is there."""
        made = made or client_context(self.authority, **options)
        sock = over or self.connect(origin, mptcp, source)
        try:
            tls = made.wrap_socket(sock, server_hostname=name or origin.name, suppress_ragged_eofs=False,
                                   do_handshake_on_connect=False, session=session)
        except BaseException:
            sock.close()
            raise
        try:
            if sni is not None:
                set_server_name(tls, sni)
            tls.do_handshake()
        except BaseException:
            tls.close()
            raise
        return tls

    def is_echoed(self, origin, **options):
        """One flow with a word there and back; its record."""
        with self.open(origin, **options) as tls:
            says_back(tls)
            end(tls)
        return self.record(origin)

    def curl(self, origin, *words, check=True, authority=None, wrap=()):
        command = [*wrap, "curl", "-sS", "--max-time", "20", "--cacert", authority or self.authority, *origin.resolve,
                   *words, origin.url]
        return self.network.client.run(command, check=check)

    def s_client(self, origin, *words, text="", check=False, **options):
        """openssl s_client, which ends with its input."""
        command = ["openssl", "s_client", "-connect", f"{origin.address}:{origin.port}", *words]
        done = self.network.client.run(command, check=check, input=text, **options)
        return done.stdout + done.stderr

    def record(self, origin, **wanted):
        """The next record of a flow to that origin: each is told once."""
        host = f"[{origin.address}]" if ":" in origin.address else origin.address
        destination = f"{host}:{origin.port}"

        def matches(line):
            if destination not in line:
                return False
            record = json.loads(line)
            return (record["destination"] == destination and record["id"] not in self._told
                    and all(record.get(key) == value for key, value in wanted.items()))

        record = json.loads(self.weir.records.until(matches))
        self._told.add(record["id"])
        return record

    def learned(self, origin, cause):
        """weir's word that it has learned not to decrypt."""
        def matches(line):
            return '"event":"tls_exception"' in line and f'"cause":"{cause}"' in line and f'"{origin.name}"' in line

        return self.weir.log.until(matches)

    def has_learned(self, origin):
        return any('"event":"tls_exception"' in line and f'"{origin.name}"' in line
                   for line in self.weir.log.rest_so_far())

    @contextlib.contextmanager
    def configured(self, extra="", gateway=None, **tls):
        """Other values of [tls], or [gateway], for a while."""
        sections = self.weir.sections
        sections = sections | {"tls": sections["tls"] | tls, "gateway": sections["gateway"] | (gateway or {})}
        with self.changed(sections, extra):
            yield

    @contextlib.contextmanager
    def changed(self, sections, extra):
        before = self.weir.sections, self.weir.extra
        try:
            self._reload(sections, extra)
            yield
        finally:
            self._reload(*before)

    def _reload(self, sections, extra):
        self.weir.sections, self.weir.extra = sections, extra
        self.weir.write_configuration()
        told = self.weir.reload()
        assert '"event":"reload"' in told, told

    def close(self):
        for server in self._servers:
            server.close()


def says_back(tls, word=b"\x01hello"):
    """No HTTP, as its first byte shows."""
    tls.sendall(word)
    assert receive_exactly(tls, len(word)) == word


def shown_to(tls):
    """What the client was shown."""
    return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
