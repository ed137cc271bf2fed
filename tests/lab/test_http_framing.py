"""Where HTTP/1 messages end, and whose they are: a corpus of what two readers could understand differently, with nginx
as the second opinion. What weir forwards, nginx understands as weir did; what it refuses, nobody sees."""

import json
import re
import socket
import ssl
import threading

import pytest

from http_lab import INSPECTS, PLAIN1, TLS1, ways
from http_peers import Http1, text
from peers import connect
from tls_peers import end
from weir import wait_for

pytestmark = INSPECTS

HTTP1_WAYS = ways(PLAIN1, TLS1)
LINE = b"POST /first HTTP/1.1\r\n"
HOST = b"Host: h\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
BODY = b"5\r\nhello\r\n0\r\n\r\n"
REFUSALS = {400, 405, 408, 411, 413, 414, 417, 431, 501, 505}


def post(*fields, body=b"hello"):
    return LINE + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def get(line, fields=HOST):
    return line + b"\r\n" + fields + b"\r\n"


def chunked(body, *fields):
    return post(b"Transfer-Encoding: chunked", *fields, body=body)


def length(value):
    return post(b"Content-Length:" + value)


def coding(value, body=BODY):
    return post(b"Transfer-Encoding:" + value, body=body)


# Refused, and nothing of it forwarded.
REFUSED = {
    # two lengths
    "length_and_chunked": post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=BODY),
    "chunked_and_length": post(b"Transfer-Encoding: chunked", b"Content-Length: 15", body=BODY),
    "length_and_unknown_coding": post(b"Content-Length: 5", b"Transfer-Encoding: xchunked"),
    "two_lengths": post(b"Content-Length: 5", b"Content-Length: 6"),
    "two_lengths_apart": post(b"Content-Length: 6", b"X: y", b"content-length: 5"),
    "two_lengths_in_a_list": length(b" 5, 6"),
    # lengths that are no number
    "plus": length(b" +5"), "minus": length(b" -5"), "hexadecimal": length(b" 0x5"), "letters": length(b" five"),
    "space_inside": length(b" 5 5"), "semicolon": length(b" 5;"), "empty_length": length(b""), "point": length(b" 5.0"),
    "exponent": length(b" 1e1"), "underscore": length(b" 0_5"), "quoted_length": length(b' "5"'),
    "vertical_tab": length(b" \x0b5"), "nul_behind": length(b" 5\0"), "other_digits": length("\u0665".encode()),
    "overflow_64": length(b" 18446744073709551621"), "overflow_long": length(b" " + b"9" * 40),
    "above_63_bits": length(b" 9223372036854775813"),
    # transfer codings
    "chunked_is_not_last": coding(b" chunked, identity"), "identity": coding(b" identity"),
    "identity_and_chunked": coding(b" identity, chunked"), "xchunked": coding(b" xchunked"),
    "chunkedx": coding(b" chunkedx"), "chunked_twice": coding(b" chunked, chunked"), "gzip": coding(b" gzip"),
    "quoted_coding": coding(b' "chunked"'), "coding_with_parameter": coding(b" chunked;q=1"), "no_coding": coding(b""),
    "vertical_tab_coding": coding(b" \x0bchunked"), "nul_coding": coding(b" chunked\0"),
    "two_codings": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=BODY),
    "two_codings_hidden": post(b"Transfer-Encoding: x", b"Transfer-Encoding: chunked", body=BODY),
    "chunked_in_1_0": b"POST /first HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n" + BODY,
    # field lines
    "space_before_colon": post(b"Content-Length : 5"),
    "tab_before_colon": post(b"Transfer-Encoding\t: chunked", body=BODY),
    "no_colon": post(b"Content-Length: 5", b"X-Broken"), "empty_name": post(b"Content-Length: 5", b": x"),
    "space_in_name": post(b"Content-Length: 5", b"X Y: z"), "nul_in_name": post(b"Content-Length: 5", b"X\0: z"),
    "high_byte_in_name": post(b"Content-Length: 5", b"X\xc3\xa9: z"), "brackets_in_name": post(b"X(Y): z", body=b""),
    "folded": post(b"Content-Length: 5", b"X: y", b" folded"), "folded_length": post(b"Content-Length:", b" 5"),
    "folded_coding": post(b"Transfer-Encoding:", b"\tchunked", body=BODY),
    "folded_first": LINE + b" Content-Length: 5\r\n" + HOST + b"\r\nhello",
    "bare_lf": LINE + HOST + b"X: y\nContent-Length: 5\r\n\r\nhello",
    "bare_lf_everywhere": (LINE + HOST + b"Content-Length: 5\r\n\r\nhello").replace(b"\r", b""),
    "bare_lf_at_the_end": LINE + HOST + b"Content-Length: 5\r\n\nhello",
    "bare_cr": post(b"X: y\rContent-Length: 5"), "cr_cr_lf": LINE + HOST + b"Content-Length: 5\r\r\n\r\nhello",
    "lf_cr": LINE + HOST + b"X: y\n\rContent-Length: 5\r\n\r\nhello",
    "nul_in_value": post(b"Content-Length: 5", b"X: a\0b"),
    "control_in_value": post(b"Content-Length: 5", b"X: a\x01b"),
    "delete_in_value": post(b"Content-Length: 5", b"X: a\x7fb"),
    # Host
    "no_host": get(b"GET /first HTTP/1.1", b"X: y\r\n"),
    "two_hosts": get(b"GET /first HTTP/1.1", HOST + b"Host: i\r\n"),
    "same_host_twice": get(b"GET /first HTTP/1.1", HOST + HOST),
    "space_in_host": get(b"GET /first HTTP/1.1", b"Host: h i\r\n"),
    "path_in_host": get(b"GET /first HTTP/1.1", b"Host: h/i\r\n"),
    "hosts_in_a_list": get(b"GET /first HTTP/1.1", b"Host: h, i\r\n"),
    "user_in_host": get(b"GET /first HTTP/1.1", b"Host: u@h\r\n"),
    "port_of_letters": get(b"GET /first HTTP/1.1", b"Host: h:x\r\n"),
    "large_port": get(b"GET /first HTTP/1.1", b"Host: h:99999\r\n"),
    "open_bracket": get(b"GET /first HTTP/1.1", b"Host: [::1\r\n"),
    "query_in_host": get(b"GET /first HTTP/1.1", b"Host: h?i\r\n"),
    "other_host_in_target": get(b"GET http://i/first HTTP/1.1"),
    # the request's line
    "version_0_9": b"GET /first\r\n" + HOST + b"\r\n", "version_1_2": get(b"GET /first HTTP/1.2"),
    "version_2_0": get(b"GET /first HTTP/2.0"), "version_1_10": get(b"GET /first HTTP/1.10"),
    "version_in_lower_case": get(b"GET /first http/1.1"), "version_with_comma": get(b"GET /first HTTP/1,1"),
    "version_without_point": get(b"GET /first HTTP/11"), "space_behind": get(b"GET /first HTTP/1.1 "),
    "tabs": get(b"GET\t/first\tHTTP/1.1"), "two_spaces": get(b"GET  /first HTTP/1.1"),
    "space_in_target": get(b"GET /first x HTTP/1.1"), "no_target": get(b"GET HTTP/1.1"),
    "nul_in_target": get(b"GET /fi\0rst HTTP/1.1"), "control_in_target": get(b"GET /fi\x0brst HTTP/1.1"),
    "no_slash": get(b"GET first HTTP/1.1"), "star_for_get": get(b"GET * HTTP/1.1"),
    "brackets_in_method": get(b"GE(T /first HTTP/1.1"), "nul_in_method": get(b"GE\0T /first HTTP/1.1"),
    "bare_cr_in_line": get(b"GET /first\rHTTP/1.1"),
    "bare_lf_in_line": b"GET /first HTTP/1.1\n" + HOST + b"\r\n", "connect": get(b"CONNECT h:443 HTTP/1.1"),
}

# Refused in the midst: the origin may have heard of it, never to its end.
BROKEN = {
    "chunk_hexadecimal": chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), "chunk_plus": chunked(b"+5\r\nhello\r\n0\r\n\r\n"),
    "chunk_minus": chunked(b"-5\r\nhello\r\n0\r\n\r\n"), "chunk_letters": chunked(b"5g\r\nhello\r\n0\r\n\r\n"),
    "chunk_without_size": chunked(b"\r\nhello\r\n0\r\n\r\n"),
    "chunk_extension_alone": chunked(b";x\r\nhello\r\n0\r\n\r\n"),
    "chunk_space_before": chunked(b" 5\r\nhello\r\n0\r\n\r\n"),
    "chunk_overflow": chunked(b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk_all_bits": chunked(b"FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
    "chunk_nearly_all_bits": chunked(b"FFFFFFFFFFFFFFFB\r\nhello\r\n0\r\n\r\n"),
    "chunk_too_long": chunked(b"4\r\nhello\r\n0\r\n\r\n"), "chunk_too_short": chunked(b"6\r\nhello\r\n0\r\n\r\n"),
    "chunk_with_lf": chunked(b"5\nhello\r\n0\r\n\r\n"), "chunk_ended_by_lf": chunked(b"5\r\nhello\n0\r\n\r\n"),
    "chunk_ended_by_cr": chunked(b"5\r\nhello\r0\r\n\r\n"), "chunk_with_cr": chunked(b"5\rhello\r\n0\r\n\r\n"),
    "chunk_nul_in_extension": chunked(b"5;a\0b\r\nhello\r\n0\r\n\r\n"),
    "chunk_lf_in_extension": chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    "chunk_cr_in_extension": chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "chunk_line_in_quotes": chunked(b'5;a="\r\nb"\r\nhello\r\n0\r\n\r\n'),
    "last_chunk_with_lf": chunked(b"5\r\nhello\r\n0\n\r\n"),
    "trailer_length": chunked(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"),
    "trailer_coding": chunked(b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "trailer_host": chunked(b"5\r\nhello\r\n0\r\nHost: i\r\n\r\n"),
    "trailer_with_lf": chunked(b"5\r\nhello\r\n0\r\nX: y\n\r\n"),
    "trailer_folded": chunked(b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n"),
    "trailer_without_name": chunked(b"5\r\nhello\r\n0\r\n: y\r\n\r\n"),
    "trailer_nul": chunked(b"5\r\nhello\r\n0\r\nX: \0\r\n\r\n"),
}

# The client's end comes within it.
CUT = {
    "length_not_reached": post(b"Content-Length: 500"), "chunk_not_reached": chunked(b"1f4\r\nhello"),
    "no_last_chunk": chunked(b"5\r\nhello\r\n"), "no_end_of_trailers": chunked(b"5\r\nhello\r\n0\r\nX: y\r\n"),
    "half_a_head": LINE + HOST + b"Content-Le", "half_a_line": b"GET /fir",
}

# Odd, but there is only one way to read it, by the letter: forwarded, or refused all the same.
ODD = {
    "same_length_twice": post(b"Content-Length: 5", b"Content-Length: 5"), "same_length_in_a_list": length(b" 5, 5"),
    "leading_zeros": length(b" 005"), "blanks_around": length(b" \t 5 \t "), "no_blank": length(b"5"),
    "coding_in_capitals": coding(b" CHUNKED"), "blanks_around_coding": coding(b"   chunked\t "),
    "empty_element": coding(b" ,chunked"), "empty_element_behind": coding(b" chunked,"),
    "underscore_in_name": post(b"Content_Length: 5", body=b""),
    "underscore_in_coding": post(b"Transfer_Encoding: chunked", body=b""),
    "chunked_coding_twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=BODY),
    "chunk_extension": chunked(b"5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n"),
    "chunk_blank_behind": chunked(b"5 \r\nhello\r\n0\r\n\r\n"),
    "chunk_blank_extension": chunked(b"5 ; a = b\r\nhello\r\n0\r\n\r\n"),
    "chunk_zeros": chunked(b"0000005\r\nhello\r\n000\r\n\r\n"),
    "chunk_many_zeros": chunked(b"0" * 40 + b"5\r\nhello\r\n0\r\n\r\n"),
    "trailer": chunked(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "chunk_that_looks_like_a_request": chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(END), END)),
    "body_that_looks_like_a_request": post(b"Content-Length: %d" % len(END), body=END),
    "get_with_a_body": get(b"GET /first HTTP/1.1", HOST + b"Content-Length: 5\r\n") + b"hello",
    "get_with_chunks": get(b"GET /first HTTP/1.1", HOST + CHUNKED) + BODY,
    "delete_with_a_body": get(b"DELETE /first HTTP/1.1", HOST + b"Content-Length: 5\r\n") + b"hello",
    "head_with_a_body": get(b"HEAD /first HTTP/1.1", HOST + b"Content-Length: 5\r\n") + b"hello",
    "no_body": post(b"Content-Length: 0", body=b""), "post_without_length": post(body=b""),
    "empty_line_first": b"\r\n" + get(b"GET /first HTTP/1.1"),
    "many_empty_lines_first": b"\r\n" * 20 + get(b"GET /first HTTP/1.1"),
    "lf_first": b"\n" + get(b"GET /first HTTP/1.1"), "space_first": b" " + get(b"GET /first HTTP/1.1"),
    "empty_host": get(b"GET /first HTTP/1.1", b"Host:\r\n"),
    "host_with_port": get(b"GET /first HTTP/1.1", b"Host: h:80\r\n"),
    "host_without_port": get(b"GET /first HTTP/1.1", b"Host: h:\r\n"),
    "host_v6": get(b"GET /first HTTP/1.1", b"Host: [::1]:80\r\n"),
    "host_in_target": get(b"GET http://h/first HTTP/1.1"),
    "host_in_target_and_user": get(b"GET http://u:p@h/first HTTP/1.1"),
    "star_for_options": get(b"OPTIONS * HTTP/1.1"), "two_slashes": get(b"GET //first HTTP/1.1"),
    "dots": get(b"GET /a/../first HTTP/1.1"),
    "fragment": get(b"GET /first#x HTTP/1.1"), "backslash": get(b"GET \\first HTTP/1.1"),
    "high_byte_in_target": get(b"GET /fi\xc3\xa9rst HTTP/1.1"),
    "percent_nul": get(b"GET /first%00 HTTP/1.1"), "method_in_lower_case": get(b"get /first HTTP/1.1"),
    "unknown_method": get(b"MAKE /first HTTP/1.1"),
    "trace": get(b"TRACE /first HTTP/1.1"), "version_1_0": b"GET /first HTTP/1.0\r\n\r\n",
    "version_1_0_with_length": b"POST /first HTTP/1.0\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "version_1_0_kept": b"GET /first HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
    "length_named_by_connection": post(b"Connection: Content-Length", b"Content-Length: 5"),
    "coding_named_by_connection": post(b"Connection: Transfer-Encoding", b"Transfer-Encoding: chunked", body=BODY),
    "host_named_by_connection": get(b"GET /first HTTP/1.1", b"Connection: Host\r\n" + HOST),
    "close_and_more": get(b"GET /first HTTP/1.1", HOST + b"Connection: close\r\n"),
    "expect_with_the_body": post(b"Expect: 100-continue", b"Content-Length: 5"),
    "expect_something_else": post(b"Expect: 200-ok", b"Content-Length: 5"),
    "request_behind_an_upgrade": get(b"GET /first HTTP/1.1", HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    "request_behind_h2c": get(b"GET /first HTTP/1.1", HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                              b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    "upgrade_with_a_body": post(b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: 5"),
    "empty_value": post(b"X:", b"Content-Length: 5"), "high_bytes_in_value": post(b"X: \xff\xfe", b"Content-Length: 5"),
    "colon_in_value": post(b"X: a: b", b"Content-Length: 5"),
    "symbols_in_name": post(b"!#$%&'*+-.^_`|~9: x", b"Content-Length: 5"),
    "pipelined": post(b"Content-Length: 5") * 5, "pipelined_chunks": chunked(BODY) * 5,
    "long_method": get(b"A" * 300 + b" /first HTTP/1.1"), "gzip_and_chunked": coding(b" gzip, chunked"),
}


# In the clear, where it is the first line, none of these begins as a request: each is of some other protocol, and goes by
# its address.
NO_HTTP = {"brackets_in_method", "nul_in_method"}


def both_ways(names):
    return pytest.mark.parametrize("way, name", [(way, name) for way in (PLAIN1, TLS1) for name in names
                                                 if way == TLS1 or name not in NO_HTTP],
                                   ids=lambda value: str(value))


class Witness:
    """nginx: the requests it has had, as it understood them."""

    def __init__(self, web, folder):
        self.log = folder / "requests.log"
        # $request_body is there where nginx hands the body on.
        self.place = web.nginx(
            folder, f"access_log {self.log} all; location / {{ proxy_pass http://behind; proxy_http_version 1.1; "
                    "proxy_ignore_client_abort on; }",
            ahead='log_format all escape=json \'{"method":"$request_method","path":"$uri","status":$status,'
                  '"body":"$request_body","line":"$request"}\'; '
                  "client_body_buffer_size 1m; client_body_in_single_buffer on; "
                  f"upstream behind {{ server unix:{folder}/behind; }} "
                  f'server {{ listen unix:{folder}/behind; access_log off; location / {{ return 200 "fine"; }} }}')
        self.web = web
        self._number = 0
        self._seen = 0

    def requests(self):
        """What came since the last call; all of it, as nginx takes one event after the other."""
        self._number += 1
        mark = f"/mark-{self._number}"
        with Http1(connect(self.web.network.origin, (self.place.address, 80)), "mark") as client:
            client.ask(target=mark)
        lines = wait_for(lambda: self._lines_before(mark), what="nginx's log")
        new, self._seen = lines[self._seen:-1], len(lines)
        return [json.loads(line, strict=False) for line in new]

    def _lines_before(self, mark):
        lines = self.log.read_bytes().decode("latin-1").splitlines()
        return lines if lines and mark in lines[-1] else None


@pytest.fixture(scope="module")
def witness(web, tmp_path_factory):
    return Witness(web, tmp_path_factory.mktemp("witness"))


def answers(sock, when_silent):
    """To the end, however it comes."""
    data = b""
    sock.settimeout(3)
    while True:
        try:
            more = sock.recv(65536)
        except TimeoutError:
            when_silent()  # of what is right, none waits for more
            continue
        except (ConnectionResetError, ssl.SSLError):
            return data
        if not more:
            return data
        data += more


def send(sock, data):
    try:
        sock.sendall(data)
    except OSError:
        pass  # refused already


def no_more(sock, way):
    if way.tls:
        end(sock)
    else:
        sock.shutdown(socket.SHUT_WR)


def say(web, origin, way, data, cut=False):
    """All at once; what comes back. `cut`: the client's end is right behind."""
    with web.socket_to(origin, way) as sock:
        send(sock, data)
        if cut:
            no_more(sock, way)
        return answers(sock, lambda: no_more(sock, way))


def statuses(data):
    """Final ones. No body here has such a line."""
    found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})(?: [^\r\n]*)?\r\n", data)]
    return [status for status in found if status // 100 != 1]


def meet(web, witness, way, data, cut=False, least=0):
    """Statuses the client got, what nginx had, what weir has on record: of each, one after the other."""
    got = statuses(say(web, witness.place, way, data, cut))
    flow = web.record(web.at(witness.place, way))
    there = witness.requests()
    least = max(least, flow.get("requests", 0))
    wait_for(lambda: web.requests.read() or len(of_flow(web, flow)) >= least, what="the flow's records")
    return got, there, of_flow(web, flow)


def of_flow(web, flow):
    return sorted((record for record in web.requests.records if record["flow"] == flow["id"]),
                  key=lambda record: record["stream"])


def whole(there):
    """Those that nginx had to their end, and handed on."""
    return [(request["method"], len(request["body"])) for request in there if request["status"] < 400]


def finished(records):
    return [(record["method"], record["request_bytes"]) for record in records
            if record["end"] == "finished" and record["status"] < 400]


@both_ways(REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(web, witness, way, name):
    got, there, records = meet(web, witness, way, REFUSED[name] + END)
    assert len(got) == 1 and got[0] in REFUSALS, (got, there)
    assert there == [], there
    assert [record["end"] for record in records] in ([], ["malformed"])


@pytest.mark.parametrize("name", sorted(NO_HTTP))
def test_what_does_not_begin_as_a_request_passes_unread(web, witness, name):
    say(web, witness.place, PLAIN1, (REFUSED | ODD)[name] + END)
    flow = web.record(web.at(witness.place, PLAIN1))
    assert flow["disposition"] == "splice"
    witness.requests()
    web.requests.read()
    assert of_flow(web, flow) == []


@pytest.mark.parametrize("name", sorted(NO_HTTP))
def test_but_not_behind_a_request(web, witness, name):
    got, there, records = meet(web, witness, PLAIN1, ODD["get_with_a_body"] + REFUSED[name] + END)
    assert got[0] == 200 and len(got) == 2 and got[1] in REFUSALS, (got, there)
    assert [request["path"] for request in there] == ["/first"]
    assert [record["end"] for record in records] == ["finished", "malformed"]


@HTTP1_WAYS
@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_breaks_is_never_whole(web, witness, way, name):
    got, there, records = meet(web, witness, way, BROKEN[name] + END, least=1)
    assert whole(there) == [], there
    assert got == [] or len(got) == 1 and got[0] in REFUSALS, (got, there)
    assert [record["end"] for record in records] == ["malformed"] and records[0]["fault"]


@HTTP1_WAYS
@pytest.mark.parametrize("name", CUT)
def test_a_request_that_is_cut_off_is_never_whole(web, witness, way, name):
    got, there, records = meet(web, witness, way, CUT[name], cut=True)
    assert whole(there) == [] and all(status in REFUSALS for status in got), (got, there)
    assert finished(records) == []


@both_ways(ODD)
def test_what_is_odd_means_the_same_to_both(web, witness, way, name):
    got, there, records = meet(web, witness, way, ODD[name] + END)
    assert whole(there) == finished(records), (got, there, records)
    refused = [status for status in got if status in REFUSALS]
    assert whole(there) or refused, (got, there, records)


@pytest.mark.parametrize("name, size", [("pipelined", 5), ("chunk_that_looks_like_a_request", len(END)),
                                        ("body_that_looks_like_a_request", len(END)), ("get_with_a_body", 5),
                                        ("chunk_extension", 5), ("coding_in_capitals", 5), ("trailer", 5),
                                        ("no_blank", 5), ("coding_named_by_connection", 5), ("length_named_by_connection", 5)])
def test_what_is_well_formed_is_forwarded(web, witness, name, size):
    got, there, _ = meet(web, witness, PLAIN1, ODD[name] + END)
    assert set(got) == {200} and whole(there)[0][1] == size and there[-1]["path"] == "/end"


@HTTP1_WAYS
@pytest.mark.parametrize("sets", [REFUSED, BROKEN], ids=["refused", "broken"])
def test_a_byte_at_a_time_makes_no_difference(web, witness, way, sets):
    for name in [name for name in sets if name not in NO_HTTP][::9]:
        with web.socket_to(witness.place, way) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in sets[name] + END:
                send(sock, bytes([byte]))
            got = statuses(answers(sock, lambda: no_more(sock, way)))
        web.record(web.at(witness.place, way))
        assert whole(witness.requests()) == [] and len(got) <= 1 and set(got) <= REFUSALS, name


# --- responses

OK = b"HTTP/1.1 200 OK\r\n"
SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Mark: 1\r\n\r\nSMUGGLED"


def respond(*fields, body=b"hello", line=OK):
    return line + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


# The client is to have a 502, or a connection that ends within the response.
BAD_RESPONSES = {
    "length_and_chunked": respond(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=BODY),
    "two_lengths": respond(b"Content-Length: 5", b"Content-Length: 105", body=b"hello" + SMUGGLED),
    "lengths_in_a_list": respond(b"Content-Length: 5, 105", body=b"hello" + SMUGGLED),
    "plus": respond(b"Content-Length: +5"), "hexadecimal": respond(b"Content-Length: 0x5"),
    "minus": respond(b"Content-Length: -1"),
    "overflow": respond(b"Content-Length: 18446744073709551621"),
    "unknown_coding": respond(b"Transfer-Encoding: xchunked", body=BODY),
    "chunked_is_not_last": respond(b"Transfer-Encoding: chunked, identity", body=BODY),
    "two_codings": respond(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=BODY),
    "space_before_colon": respond(b"Content-Length : 5"), "no_colon": respond(b"Content-Length: 5", b"broken"),
    "nul": respond(b"Content-Length: 5", b"X: a\0b"), "bare_cr": respond(b"Content-Length: 5", b"X: a\rSet-Cookie: b"),
    "split_by_lf": respond(b"Content-Length: 5", b"X: a\n\nHTTP/1.1 200 OK\nContent-Length: 8\n\nSMUGGLED"),
    "empty_name": respond(b"Content-Length: 5", b": x"), "space_in_name": respond(b"Content-Length: 5", b"X Y: z"),
    "version_2": respond(b"Content-Length: 5", line=b"HTTP/2.0 200 OK\r\n"),
    "no_version": respond(b"Content-Length: 5", line=b"ICY 200 OK\r\n"),
    "short_status": respond(b"Content-Length: 5", line=b"HTTP/1.1 20 OK\r\n"),
    "long_status": respond(b"Content-Length: 5", line=b"HTTP/1.1 2000 OK\r\n"),
    "status_of_letters": respond(b"Content-Length: 5", line=b"HTTP/1.1 abc OK\r\n"),
    "garbage": b"\x16\x03\x01\x00\x05hello",
    "not_asked_101": respond(b"Upgrade: websocket", b"Connection: Upgrade", body=SMUGGLED,
                             line=b"HTTP/1.1 101 Switching\r\n"),
    "chunked_in_1_0": respond(b"Transfer-Encoding: chunked", body=BODY, line=b"HTTP/1.0 200 OK\r\n"),
    "informational_flood": b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" * 2000 + respond(b"Content-Length: 5"),
    "too_many_fields": respond(*[b"X-%d: y" % number for number in range(20_000)], b"Content-Length: 5"),
    "a_field_without_end": OK + b"X: " + b"y" * (1 << 20) + b"\r\nContent-Length: 5\r\n\r\nhello",
}

# It begins well, and must be seen to break.
TRUNCATED_RESPONSES = {
    "length_not_reached": respond(b"Content-Length: 500"),
    "chunk_not_reached": respond(b"Transfer-Encoding: chunked", body=b"1f4\r\nhello"),
    "no_last_chunk": respond(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n"),
    "no_end_of_trailers": respond(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\nX: y\r\n"),
    "bad_chunk_size": respond(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\nxyz\r\n\r\n"),
    "chunk_overflow": respond(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n10000000000000000\r\n\r\n"),
    "chunk_too_long": respond(b"Transfer-Encoding: chunked", body=b"4\r\nhello\r\n0\r\n\r\n"),
    "chunk_with_lf": respond(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\n\n"),
    "trailer_length": respond(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"),
}

# Each is whole, and what is behind it is nobody's answer.
LEFT_OVER = {
    "bytes_behind": (respond(b"Content-Length: 5") + SMUGGLED, "GET", b"hello"),
    "bytes_behind_chunks": (respond(b"Transfer-Encoding: chunked", body=BODY) + SMUGGLED, "GET", b"hello"),
    "body_on_204": (respond(line=b"HTTP/1.1 204 No\r\n", body=SMUGGLED), "GET", b""),
    "body_on_304": (respond(b"Content-Length: 5", line=b"HTTP/1.1 304 Not\r\n", body=SMUGGLED), "GET", b""),
    "body_on_head": (respond(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED), "HEAD", b""),
    "chunks_on_head": (respond(b"Transfer-Encoding: chunked", body=b"4a\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"), "HEAD",
                       b""),
}


def answering(web, way, response, first=b"", in_order=True):
    """An origin with one answer to its first request; to others a better one."""
    def serve(sock):
        connection = Http1(sock)
        sock.sendall(first)
        connection.request()
        sock.sendall(response)
        while True:
            connection.request()
            connection.respond(text("second"))

    def serve_once(sock):
        Http1(sock).request()
        sock.sendall(response)

    return web.origin_of(serve if in_order else serve_once, way)


def next_answer(client):
    """None where there is none to be had."""
    try:
        return client.ask(target="/second").body
    except (OSError, EOFError):
        return None


@HTTP1_WAYS
@pytest.mark.parametrize("name", BAD_RESPONSES)
def test_a_response_with_two_meanings_is_not_passed_on(web, way, name):
    origin = answering(web, way, BAD_RESPONSES[name])
    with web.client(origin, way) as client:
        try:
            response = client.ask(target="/first")
            assert response.status == 502 and b"SMUGGLED" not in response.body, response
            assert all(status == 103 for status, _ in response.informational)
            assert next_answer(client) in (None, b"second")
        except (OSError, EOFError):
            pass
    record = web.requested(origin, url=web.url(origin, way, "/first"))
    assert record["end"] in ("malformed", "aborted", "limit") and record["status"] in (None, 502)


@HTTP1_WAYS
@pytest.mark.parametrize("name", TRUNCATED_RESPONSES)
def test_a_broken_response_is_seen_to_break(web, way, name):
    origin = answering(web, way, TRUNCATED_RESPONSES[name], in_order=False)
    with web.client(origin, way) as client:
        try:
            response = client.ask(target="/first")
            assert response.status == 502, response
        except (OSError, EOFError):
            pass
    record = web.requested(origin, url=web.url(origin, way, "/first"))
    assert record["end"] in ("malformed", "aborted")


@HTTP1_WAYS
@pytest.mark.parametrize("name", LEFT_OVER)
def test_what_is_behind_a_response_answers_nothing(web, way, name):
    data, method, body = LEFT_OVER[name]
    origin = answering(web, way, data)
    with web.client(origin, way) as client:
        assert client.ask(method, "/first").body == body
        assert next_answer(client) in (None, b"second")
        assert b"SMUGGLED" not in client.buffer


@HTTP1_WAYS
def test_a_response_nobody_asked_for(web, way):
    """It must not become the next request's answer: there is none any more on this connection."""
    asked_once = threading.Event()

    def serve(sock):
        connection = Http1(sock)
        connection.request()
        connection.respond(text("first"))
        assert asked_once.wait(20)
        sock.sendall(SMUGGLED)
        return connection.rest()

    origin = web.origin_of(serve, way)
    with web.client(origin, way) as client:
        assert client.ask(target="/first").body == b"first"
        asked_once.set()
        assert client.is_at_end()
    wait_for(lambda: origin.server.results, what="the end at the origin")


@HTTP1_WAYS
def test_a_body_until_the_end_is_whole_where_the_end_is(web, way):
    def serve(sock):
        Http1(sock).request()
        sock.sendall(respond(body=b"until the end"))

    origin = web.origin_of(serve, way)
    with web.client(origin, way) as client:
        assert client.ask().body == b"until the end"
    assert web.requested(origin)["end"] == "finished"


def test_and_truncated_where_tls_does_not_end(web):
    """RFC 9112, 9.8: without close_notify."""
    def serve(sock):
        Http1(sock).request()
        sock.sendall(respond(body=b"half of it"))

    origin = web.origin_of(serve, TLS1, in_order=False)
    with web.client(origin, TLS1) as client, pytest.raises((OSError, EOFError)):
        assert client.ask().body != b"half of it"
    assert web.requested(origin)["end"] in ("malformed", "aborted")


@HTTP1_WAYS
@pytest.mark.parametrize("status", [401, 413, 500])
def test_an_answer_before_the_body_is_over(web, way, status):
    """The origin answers and closes; the client hears it, whatever became of its upload."""
    def serve(sock):
        connection = Http1(sock)
        connection.request_head()
        connection.take(1000)
        connection.respond(text("enough", status, closes=True))

    origin = web.origin_of(serve, way)
    with web.client(origin, way) as client:
        client.head("POST / HTTP/1.1", [("Host", "h"), ("Content-Length", 100_000)])
        client.sock.sendall(b"x" * 1000)
        response = client.response()
        assert response.status == status and response.body == b"enough"
    assert web.requested(origin)["status"] == status


# --- limits

@HTTP1_WAYS
@pytest.mark.parametrize("fields", [[b"X-Long: " + b"y" * (1 << 20)], [b"X-%d: y" % number for number in range(10_000)],
                                    [b"X" * 70_000 + b": y"]], ids=["a_mebibyte", "10000_fields", "long_name"])
def test_heads_that_are_too_large(web, witness, way, fields):
    got, there, records = meet(web, witness, way, get(b"GET /first HTTP/1.1", HOST + b"\r\n".join(fields) + b"\r\n"))
    assert got == [431] and there == []
    assert [record["end"] for record in records] in ([], ["malformed"], ["limit"])


@HTTP1_WAYS
def test_a_target_that_is_too_long(web, witness, way):
    got, there, _ = meet(web, witness, way, get(b"GET /" + b"x" * 100_000 + b" HTTP/1.1"))
    assert got in ([414], [431]) and there == []
