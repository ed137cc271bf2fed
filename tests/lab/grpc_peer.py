#!/usr/bin/python3
"""A gRPC server and client without generated code: messages are bytes.

grpc_peer.py serve ADDRESS:PORT [CHAIN KEY]
grpc_peer.py call ADDRESS:PORT NAME [AUTHORITY]     calls each kind of method, prints what it met as JSON

With certificates over TLS, without in the clear.
"""

import concurrent.futures
import json
import queue
import sys
import threading

import grpc

SERVICE = "lab.Echo"
LARGE = 3 << 20  # bytes of a message; gRPC itself allows 4 MiB
STREAMED = 50


# --- server

def once(request, context):
    context.send_initial_metadata((("met-first", dict(context.invocation_metadata()).get("asked", "")),))
    context.set_trailing_metadata((("met-last-bin", b"\0\1\xff"),))
    return request


def many(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def count(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def converse(requests, context):
    for request in requests:
        yield b"heard " + request


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: \N{SNOWMAN} 100%")


class Endless:
    """Yields without end until the client is seen to have gone."""

    def __init__(self):
        self.gone = threading.Event()

    def stream(self, request, context):
        self.gone.clear()
        context.add_callback(self.gone.set)
        yield b"first"
        self.gone.wait(20)

    def is_gone(self, request, context):
        return b"%d" % self.gone.wait(20)


def serve(where, chain=None, key=None):
    endless = Endless()
    handlers = {
        "Once": grpc.unary_unary_rpc_method_handler(once), "Many": grpc.unary_stream_rpc_method_handler(many),
        "Count": grpc.stream_unary_rpc_method_handler(count), "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Converse": grpc.stream_stream_rpc_method_handler(converse),
        "Endless": grpc.unary_stream_rpc_method_handler(endless.stream),
        "IsGone": grpc.unary_unary_rpc_method_handler(endless.is_gone)}
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    if chain:
        with open(key, "rb") as key_file, open(chain, "rb") as chain_file:
            pair = key_file.read(), chain_file.read()
        server.add_secure_port(where, grpc.ssl_server_credentials([pair]))
    else:
        server.add_insecure_port(where)
    server.start()
    server.wait_for_termination()


# --- client

def in_turn(method):
    """Of a bidirectional stream, the next message goes out once the last was answered."""
    to_send, heard = queue.Queue(), []
    to_send.put(b"0")
    for answer in method(iter(to_send.get, None), timeout=20):
        heard.append(answer.decode())
        to_send.put(b"%d" % len(heard) if len(heard) < STREAMED else None)
    return heard


def refusal(call):
    try:
        call()
        return None
    except grpc.RpcError as error:
        return [error.code().name, error.details()]


def abandon(method):
    call = method(b"", timeout=20)
    next(call)
    call.cancel()


def call(where, name, authority=None):
    options = [("grpc.default_authority", name), ("grpc.enable_http_proxy", 0)]
    if authority:
        with open(authority, "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        channel = grpc.secure_channel(f"ipv4:{where}", credentials, options + [("grpc.ssl_target_name_override", name)])
    else:
        channel = grpc.insecure_channel(f"ipv4:{where}", options)
    with channel:
        path = f"/{SERVICE}/"
        large, last = channel.unary_unary(path + "Once").with_call(
            bytes(range(256)) * (LARGE // 256), metadata=(("asked", "this"),), timeout=20)
        met = {
            "large": large == bytes(range(256)) * (LARGE // 256),
            "first": dict(last.initial_metadata()).get("met-first"),
            "last": list(dict(last.trailing_metadata()).get("met-last-bin", b"")),
            "many": [int(answer) for answer in channel.unary_stream(path + "Many")(b"%d" % STREAMED, timeout=20)],
            "counted": int(channel.stream_unary(path + "Count")((b"x" * 1000 for _ in range(STREAMED)), timeout=20)),
            "conversed": in_turn(channel.stream_stream(path + "Converse")),
            "failed": refusal(lambda: channel.unary_unary(path + "Fail")(b"", timeout=20)),
            "unknown": refusal(lambda: channel.unary_unary(path + "Nothing")(b"", timeout=20))[:1],
        }
        abandon(channel.unary_stream(path + "Endless"))
        met["gone"] = channel.unary_unary(path + "IsGone")(b"", timeout=20) == b"1"
        print(json.dumps(met))


{"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
