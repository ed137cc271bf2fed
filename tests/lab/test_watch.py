"""`weir status --watch`: a glance in a terminal that renews itself, and gives the terminal back."""

import re
import signal
import subprocess
import termios

import pytest

from admin_peers import Terminal
from network import ORIGIN
from peers import connect, download, receive_exactly
from test_admin import RULES, http_origin, request
from weir import wait_for


@pytest.fixture
def watch(network):
    made = []

    def start(weir, *words, **options):
        made.append(Terminal(network.gateway, [weir.program, "status", "--watch", "-c", weir.file, *words], **options))
        return made[-1]

    yield start
    for terminal in made:
        terminal.close()


def assert_given_back(terminal):
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert terminal.written.endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l")


def test_a_glance_renews_itself_and_ends_at_q(network, weir, watch, origin):
    terminal = watch(weir)
    frame = terminal.until(lambda text: "live of at most" in text, "the first glance")
    assert re.match(r"weir \S+, running, up ", frame[0])
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        terminal.until(lambda text: "1 live of at most" in text and "(1 MPTCP)" in text, "a flow")
    terminal.until(lambda text: re.search(r"finished +client +relay +1\b", text), "its end")
    terminal.press(b"q")
    assert terminal.end() == 0
    wait_for(lambda: terminal.written.endswith(b"l"), what="the last of it")
    assert_given_back(terminal)


@pytest.mark.parametrize("end", [b"\x03", signal.SIGINT, signal.SIGTERM], ids=["^C", "SIGINT", "SIGTERM"])
def test_a_glance_ends_in_order(weir, watch, end):
    terminal = watch(weir)
    terminal.until(lambda text: "live of at most" in text, "the first glance")
    if isinstance(end, bytes):
        terminal.press(end)
    else:
        terminal.process.send_signal(end)
    assert terminal.end() == 0
    wait_for(lambda: terminal.written.endswith(b"1049l"), what="the last of it")
    assert_given_back(terminal)


def test_a_glance_fits_the_terminal_as_it_changes(network, make_weir, serve, watch):
    serve(network.origin, 80, http_origin)
    weir = make_weir(network, extra=RULES).start()
    for i in range(30):
        assert request(network, f"{'x' * 50}.{i}.example") == 200
    terminal = watch(weir, columns=70, rows=20)
    frame = terminal.until(lambda text: "TOP DOMAINS" in text and "xxxxx" in text, "names")
    assert len(frame) <= 20 and max(len(line) for line in frame) <= 70
    terminal.resize(30, 8)
    frame = terminal.until(lambda text: "weir" in text, "a smaller one")
    assert len(frame) <= 8 and max(len(line) for line in frame) <= 30
    terminal.resize(200, 60)
    frame = terminal.until(lambda text: "BYPASSES" in text and "media" in text, "a larger one")
    assert sum(".example" in line for line in frame) == 20


def test_a_terminal_obeys_nothing_of_the_network(network, make_weir, serve, watch):
    serve(network.origin, 80, http_origin)
    weir = make_weir(network, extra=RULES).start()
    with connect(network.client, (ORIGIN, 80)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\xc2\x9b31m\xe2\x80\xaeb.example\r\nConnection: close\r\n\r\n")
        sock.recv(4096)
    with connect(network.client, (ORIGIN, 80)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: 1.2.3.4;echo\r\nConnection: close\r\n\r\n")
        sock.recv(4096)
    terminal = watch(weir, columns=200)
    terminal.until(lambda text: re.search(r"FLOWS ENDED", text), "their ends")
    terminal.press(b"q")
    assert terminal.end() == 0
    wait_for(lambda: terminal.written.endswith(b"1049l"), what="the last of it")
    own = rb"\x1b\[(H|J|K|0m|1m|\?1049[hl]|\?25[hl]|\?7[hl])"
    assert re.fullmatch(rb"[ -~\r\n]*", re.sub(own, b"", terminal.written))


def test_a_glance_waits_for_a_weir_that_is_away(network, make_weir, watch, origin):
    weir = make_weir(network)
    terminal = watch(weir)
    terminal.until(lambda text: "no weir answers at 127.0.0.1:9080: Connection refused; is it running?" in text, "why")
    weir.start()
    terminal.until(lambda text: "running, up" in text and "no weir" not in text, "a glance")
    assert weir.stop() == 0
    terminal.until(lambda text: "no weir answers" in text and "live of at most" in text, "what was last, and why")
    weir.start()
    download(network.client, (ORIGIN, 80), 100)
    terminal.until(lambda text: "no weir" not in text and "finished" in text, "the next")
    terminal.press(b"Q")
    assert terminal.end() == 0


def test_elsewhere_it_is_plain_text_again_and_again(network, make_weir, watch):
    weir = make_weir(network)
    process = subprocess.Popen(network.gateway.command([weir.program, "status", "--watch", "-c", weir.file]),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == (
        "weir: no weir answers at 127.0.0.1:9080: Connection refused; is it running? (asking again)\n")
    weir.start()
    seen = [process.stdout.readline() for _ in range(30)]
    assert sum(line.startswith("weir ") and ", running, up " in line for line in seen) >= 2
    assert "\x1b" not in "".join(seen) and "\n" in seen
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert process.stderr.read() == ""
    process.stdout.close()
    process.stderr.close()
    # Whoever reads no more ends it.
    head = network.gateway.run(["sh", "-c", f"{weir.program} status --watch -c {weir.file} | head -n 1"])
    assert head.stdout.startswith("weir ")


def test_what_cannot_come_right_by_waiting_ends_it(network, make_weir, tmp_path):
    file = tmp_path / "token"
    file.write_text("right\n")
    file.chmod(0o600)
    weir = make_weir(network, admin={"token_file": str(file)}).start()
    told = weir.cli("status", "--watch", "--admin", "127.0.0.1:9080", check=False)
    assert told.returncode == 1 and "admin.token_file" in told.stderr
    told = weir.cli("status", "--watch", "-c", "/nonexistent", check=False)
    assert told.returncode == 1 and "error" in told.stderr
    assert weir.cli("status", "--watch", "--json", check=False).returncode == 2
