"""Signals, reload, what the operator asks and is told, and every start that must not succeed."""

import json
import os
import signal
import struct

import pytest

from network import ORIGIN
from peers import connect, download, receive_all, receive_exactly, stream_hash
from test_network import state
from weir import wait_for


def ask(sock, size):
    sock.sendall(struct.pack("!Q", size))


def is_refused(network):
    try:
        with connect(network.client, (ORIGIN, 80), timeout=2):
            return False
    except OSError:
        return True


def test_sigterm_lets_flows_end_and_takes_no_new_ones(network, weir, origin):
    with connect(network.client, (ORIGIN, 5001)) as sock, connect(network.client, (ORIGIN, 80), mptcp=True) as big:
        sock.sendall(b"ping")
        assert receive_exactly(sock, 4) == b"ping"
        weir.signal(signal.SIGTERM)
        weir.log.until(lambda line: '"drain"' in line)
        status, _, _ = weir.http("GET", "/readyz")
        assert status == 503 and weir.http("GET", "/healthz")[0] == 200
        wait_for(lambda: is_refused(network), what="every worker's last accept")
        ask(big, 20 << 20)
        assert receive_all(big) == (20 << 20, stream_hash(20 << 20))
        sock.sendall(b"pong")
        assert receive_exactly(sock, 4) == b"pong"
    assert weir.process.wait(20) == 0
    assert network.gateway.output("nft list ruleset") == ""


def test_a_second_sigterm_ends_at_once(network, weir, origin):
    with connect(network.client, (ORIGIN, 5001)) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        weir.signal(signal.SIGTERM)
        weir.log.until(lambda line: '"drain"' in line)
        weir.signal(signal.SIGTERM)
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert weir.process.wait(20) == 0
    assert weir.record()["end"] == {"stage": "relay", "side": "weir", "code": "drained"}


def test_drain_timeout_ends_what_is_left(network, make_weir, origin):
    weir = make_weir(network, gateway={"drain_timeout": "1s"}).start()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        weir.signal(signal.SIGTERM)
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert weir.process.wait(20) == 0


def test_sighup_takes_a_good_file_and_drops_nothing(network, make_weir, origin):
    weir = make_weir(network, gateway={"intercept_ports": [443, 5001]}).start()
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        weir.change("gateway", intercept_ports=[80, 5001])
        assert '"reload"' in weir.reload()
        sock.sendall(b"pong")
        assert receive_exactly(sock, 4) == b"pong"
        port = download(network.client, (ORIGIN, 80), 1000)
        assert weir.record(client_port=port)["bytes_to_client"] == 1000
        weir.change("mptcp", on_syn="deny")
        assert '"reload"' in weir.reload()
        with pytest.raises(ConnectionRefusedError):
            connect(network.client, (ORIGIN, 5001), mptcp=True)
        sock.sendall(b"more")
        assert receive_exactly(sock, 4) == b"more"


def test_sighup_refuses_a_bad_file_and_says_why(network, weir, origin):
    before = state(network.gateway)
    weir.write_configuration("[gateway]\nclient_interfaces = ['lan0']\nintercept_port = [80]\n")
    assert '"reload_refused"' in weir.reload()
    assert any("weir.toml:3:1: error: unknown key 'intercept_port'" in line for line in weir.log.seen)
    assert "unknown key 'intercept_port'" in weir.get("/api/v1/status")["reload_refused"]
    assert "REFUSED: " in weir.cli("status", "--admin", "127.0.0.1:9080").stdout
    assert weir.metric("weir_last_reload_refused") == 1
    assert state(network.gateway) == before
    download(network.client, (ORIGIN, 80), 1000)
    weir.file.unlink()
    weir.signal(signal.SIGHUP)
    weir.log.until(lambda line: '"event":"reload_refused"' in line and "the file cannot be read" in line)
    download(network.client, (ORIGIN, 80), 1000)
    weir.change("gateway", intercept_ports=[80, 443, 5001])
    assert '"event":"reload"' in weir.reload()
    assert "reload_refused" not in weir.get("/api/v1/status") and weir.metric("weir_last_reload_refused") == 0


def test_reload_onto_a_port_in_use_changes_nothing(network, weir, serve, origin):
    serve(network.gateway, 8080, receive_all)
    weir.change("gateway", intercept_ports=[80, 443, 5001, 8080])
    assert '"reload_refused"' in weir.reload()
    assert any("8080" in line and "in use" in line for line in weir.log.seen)
    download(network.client, (ORIGIN, 80), 1000)


def test_who_only_asks_need_not_read_all_of_the_file(network, weir, origin):
    """A file that was mistyped since is no reason to call the gateway unhealthy."""
    good = weir.file.read_text()
    weir.write_configuration(good + '\n[[rule]]\nname = "x"\nwhen.domains = ["file:missing.txt"]\naction = "block"\n')
    for command in ("health", "status", "flows"):
        assert weir.cli(command, "-c", str(weir.file)).returncode == 0
    refused = weir.cli("reload", "-c", str(weir.file), check=False)
    assert refused.returncode == 1 and "missing.txt cannot be read" in refused.stderr
    weir.log.until(lambda line: '"event":"reload_refused"' in line)
    weir.write_configuration("no TOML")
    assert weir.cli("health", "-c", str(weir.file)).returncode == 0
    checked = weir.cli("status", "-c", str(weir.file), check=False)
    assert checked.returncode == 1 and "weir.toml:1:" in checked.stderr


def test_check_looks_at_the_logs_too(network, weir, tmp_path):
    weir.change("log", flows=str(tmp_path / "none" / "flows"))
    checked = weir.cli("check", "-c", str(weir.file), check=False)
    assert checked.returncode == 1 and "log.flows: " in checked.stderr and "cannot be made" in checked.stderr


def test_records_that_a_full_disk_does_not_take_are_told(network, make_weir, origin):
    weir = make_weir(network, log={"flows": "/dev/full"}).start()
    download(network.client, (ORIGIN, 80), 10)
    weir.log.until(lambda line: "records cannot be written" in line and "No space left" in line)
    assert weir.metric("weir_records_dropped_total") == 1
    assert weir.get("/api/v1/status")["counters"]["records_dropped"] == 1


def test_a_refused_reload_leaves_the_logs_as_they_were(network, weir, origin, tmp_path):
    weir.change("log", flows="off", requests=str(tmp_path / "none" / "requests"))
    assert '"reload_refused"' in weir.reload()
    download(network.client, (ORIGIN, 80), 10)
    assert weir.record()["destination"] == f"{ORIGIN}:80"


def test_a_rotated_record_file_is_made_anew(network, make_weir, origin, tmp_path):
    flows = tmp_path / "flows.json"
    weir = make_weir(network, log={"flows": str(flows)}).start()
    download(network.client, (ORIGIN, 80), 10)
    wait_for(lambda: flows.read_text().count("\n") == 1, what="the first record")
    flows.rename(tmp_path / "flows.json.1")
    weir.reload()
    download(network.client, (ORIGIN, 80), 10)
    wait_for(lambda: flows.exists() and flows.read_text().count("\n") == 1, what="a record in the new file")


def refused_start(network, make_weir, code=1, **options):
    """What a start that must fail says: one sentence, the exit code, and nothing left."""
    before = state(network.gateway)
    weir = make_weir(network, **options)
    weir.start(ready=False)
    assert weir.process.wait(20) == code
    assert state(network.gateway) == before
    errors = [line for line in weir.log.rest() if "error" in line]
    assert len(errors) == 1, errors
    return errors[0]


def test_a_port_in_use(network, make_weir, serve):
    serve(network.gateway, 443, receive_all)
    assert "443" in refused_start(network, make_weir)


def test_the_admin_port_in_use(network, make_weir, serve):
    serve(network.gateway, 9080, receive_all)
    assert "9080" in refused_start(network, make_weir)


def test_a_second_weir(network, weir, make_weir, tmp_path):
    before = state(network.gateway)
    second = tmp_path / "second.toml"
    second.write_text(weir.file.read_text() + '\n[admin]\nlisten = "127.0.0.1:9081"\n')
    done = weir.cli("run", "-c", str(second), check=False)
    assert done.returncode == 1 and f"another weir (process {weir.process.pid})" in done.stderr
    assert state(network.gateway) == before


def test_no_cap_net_admin(network, make_weir):
    error = refused_start(network, make_weir, wrap=["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"])
    assert "CAP_NET_ADMIN" in error


def test_a_missing_interface_is_a_warning(network, make_weir, origin):
    weir = make_weir(network, gateway={"client_interfaces": ["lan0", "wlan7"]}).start()
    assert any("wlan7" in line for line in weir.log.seen)
    download(network.client, (ORIGIN, 80), 10)


def test_without_mptcp_weir_carries_tcp_and_says_so(network, make_weir, origin):
    weir = make_weir(network, wrap=[os.path.join(os.path.dirname(__file__), "without_mptcp")]).start()
    assert any("MPTCP" in line and "warn" in line for line in weir.log.seen)
    assert weir.get("/api/v1/status")["mptcp"] is False
    port = download(network.client, (ORIGIN, 80), 100_000, mptcp=True)
    assert weir.record(client_port=port)["transport"] == "tcp"


@pytest.mark.parametrize("text,wanted", [
    ("[gateway]\nclient_interfaces = [\"lan0\"]\nonfailure = \"open\"\n", "weir.toml:3:1: error: unknown key 'onfailure' in [gateway]; did you mean 'on_failure'?"),
    ("[gateway]\nclient_interfaces = \"lan0\"\n", "weir.toml:2:21: error: client_interfaces must be an array, not a string"),
    ("[gateway\n", "weir.toml:1:9: error:"),
    ("", "client_interfaces is missing"),
])
def test_check_names_the_place_and_the_remedy(network, make_weir, text, wanted):
    weir = make_weir(network)
    weir.write_configuration(text)
    done = weir.cli("check", "-c", str(weir.file), check=False)
    assert done.returncode == 1 and wanted in done.stderr
    assert weir.cli("run", "-c", str(weir.file), check=False).returncode == 1


def test_wrong_calls_exit_with_2(network, make_weir):
    weir = make_weir(network)
    for words in (["frobnicate"], ["run", "--no-such"], [], ["flow"]):
        assert weir.cli(*words, check=False).returncode == 2
    assert "run" in weir.cli("--help").stdout


def test_running_out_of_descriptors_pauses_accepting(network, make_weir, origin):
    weir = make_weir(network, wrap=["prlimit", "--nofile=128:128"]).start()
    most = weir.get("/api/v1/status")["max_flows"]
    first = connect(network.client, (ORIGIN, 5001))
    first.sendall(b"ping")
    assert receive_exactly(first, 4) == b"ping"
    weir.signal(signal.SIGSTOP)  # so that all the others wait in the kernel's queue, and are accepted in one burst
    rest = [connect(network.client, (ORIGIN, 5001)) for _ in range(most + 20)]
    weir.signal(signal.SIGCONT)
    wait_for(lambda: weir.metric("weir_accept_paused_total") > 0, what="a pause")
    first.sendall(b"ping")
    assert receive_exactly(first, 4) == b"ping"
    assert weir.live() == most
    for sock in rest[:40]:
        sock.close()
    last = rest[-1]
    last.sendall(b"late")
    assert receive_exactly(last, 4) == b"late"
    for sock in [first, *rest[40:]]:
        sock.close()
    wait_for(lambda: weir.live() == 0, what="the end of all flows")


def test_what_the_operator_sees(network, weir, origin):
    with connect(network.client, (ORIGIN, 5001), mptcp=True) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        flow = weir.live_flow()
        assert flow["client"].startswith("10.1.0.2:") and flow["destination"] == f"{ORIGIN}:5001"
        assert weir.get(f"/api/v1/flows/{flow['id']}")["id"] == flow["id"]
        for words in (["status"], ["flows"], ["flow", flow["id"]]):
            assert weir.cli(*words, "-c", str(weir.file)).stdout
        assert json.loads(weir.cli("flow", flow["id"], "--json", "-c", str(weir.file)).stdout)["id"] == flow["id"]
        assert flow["id"] in weir.cli("flows", "-c", str(weir.file)).stdout
        assert weir.cli("flow", "0" * 16, "-c", str(weir.file), check=False).returncode == 1
        assert weir.metric("weir_flows_live") == 1
        assert weir.http("GET", "/")[0] == 200 and weir.http("GET", "/readyz")[0] == 200


def test_reload_and_drain_by_command(network, weir, origin):
    assert weir.cli("reload", "-c", str(weir.file)).returncode == 0
    weir.write_configuration("[gateway]\nclient_interfaces = 3\n")
    done = weir.cli("reload", "--admin", "127.0.0.1:9080", check=False)
    assert done.returncode == 1 and "client_interfaces must be an array" in done.stderr + done.stdout
    assert weir.cli("drain", "--admin", "127.0.0.1:9080").returncode == 0
    assert weir.process.wait(20) == 0
    done = weir.cli("status", "--admin", "127.0.0.1:9080", check=False)
    assert done.returncode == 1


def test_doctor(network, make_weir):
    weir = make_weir(network)
    done = weir.cli("doctor", "-c", str(weir.file))
    assert "mptcp" in done.stdout and "tproxy" in done.stdout
    weir.change("gateway", client_interfaces=["nosuch0"])
    assert "nosuch0" in weir.cli("doctor", "-c", str(weir.file), check=False).stdout


def test_records_to_a_reader_that_went_away_harm_nobody(network, make_weir, origin):
    weir = make_weir(network, wrap=["bash", "-c", 'exec "$0" "$@" > >(exec true)']).start()
    for _ in range(20):
        download(network.client, (ORIGIN, 80), 1000)
    assert weir.stop() == 0
