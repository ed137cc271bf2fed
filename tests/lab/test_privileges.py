"""What the running process may do, what it may not, and what it tells its service manager."""

import errno
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from network import ORIGIN
from peers import connect, download, receive_exactly
from privileged import call, held, threads
from test_network import state
from tls_peers import TlsLab
from weir import PROGRAM, Weir, wait_for

ACCOUNT = "daemon"  # on every Debian
NOTHING = "0000000000000000"
NET_ADMIN, NET_BIND_SERVICE = 1 << 12, 1 << 10
EXECVE, BPF = 59, 321  # of x86-64


@pytest.fixture
def folder():
    """That any account may enter; pytest's own are root's."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="weir-lab-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start(folder):
    made = []

    def start(network, wrap=(), ready=True, extra="", gateway=None, **sections):
        made.append(Weir(network, folder, wrap=wrap, extra=extra, gateway={"user": ACCOUNT} | (gateway or {}),
                         **sections))
        return made[-1].start(ready)

    yield start
    for weir in made:
        weir.close()


def give(path, account=ACCOUNT, mode=None):
    entry = pwd.getpwnam(account)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    if mode is not None:
        path.chmod(mode)


def assert_confined(weir, account=ACCOUNT, capabilities=NET_ADMIN | NET_BIND_SERVICE, bounding=NOTHING):
    user = str(pwd.getpwnam(account).pw_uid)
    seen = threads(weir.process.pid)
    assert len(seen) >= 3, seen  # control, log, workers
    for told in seen.values():
        assert told["Uid"].split() == [user] * 4, told
        assert told["Groups"] == "", told
        assert int(told["CapPrm"], 16) == int(told["CapEff"], 16) == capabilities, told
        assert told["CapInh"] == told["CapAmb"] == NOTHING and told["CapBnd"] == bounding, told
        assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2"), told


def ca(folder, *words):
    files = {"ca_certificate": str(folder / "ca.crt"), "ca_key": str(folder / "ca.key")}
    subprocess.run([PROGRAM, "ca", "init", "--certificate", files["ca_certificate"], "--key", files["ca_key"], *words],
                   check=True, capture_output=True)
    return files


# --- whom it is, with what

def test_every_thread_is_the_account_with_two_capabilities(network, start, origin):
    weir = start(network)
    download(network.client, (ORIGIN, 80), 1000)
    assert_confined(weir)
    assert "CapEff" in (weir.network.gateway.output(["cat", f"/proc/{weir.process.pid}/status"]))
    before = state(network.gateway)
    assert "tproxy" in str(before)
    assert weir.stop() == 0
    assert network.gateway.output("nft list ruleset") == ""


def test_root_that_stays_root_has_no_more(network, start, origin):
    weir = start(network, gateway={"user": "root"})
    assert_confined(weir, "root")
    port = download(network.client, (ORIGIN, 80), 1000, mptcp=True)
    assert weir.record(client_port=port)["transport"] == "mptcp"


def test_started_as_an_account_with_ambient_capabilities(network, start, origin):
    """As systemd does it: User= and AmbientCapabilities=."""
    wrap = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups",
            "--inh-caps=-all,+net_admin,+net_bind_service", "--ambient-caps=-all,+net_admin,+net_bind_service",
            "--bounding-set=-all,+net_admin,+net_bind_service"]
    weir = start(network, wrap=wrap, gateway={"user": ""})
    assert_confined(weir, bounding=f"{NET_ADMIN | NET_BIND_SERVICE:016x}")  # CAP_SETPCAP would be needed
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.stop() == 0 and network.gateway.output("nft list ruleset") == ""


def test_root_as_in_a_container(network, start, origin):
    """Without the capabilities to pass over files' modes, to be anybody, to lock itself in."""
    kept = "-all,+net_admin,+net_bind_service,+setuid,+setgid"
    bounding = NET_ADMIN | NET_BIND_SERVICE | 1 << 6 | 1 << 7
    weir = start(network, wrap=["setpriv", f"--bounding-set={kept}", "--inh-caps=-all"])
    assert_confined(weir, bounding=f"{bounding:016x}")
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.stop() == 0 and network.gateway.output("nft list ruleset") == ""


def test_net_admin_alone_serves_high_ports_as_whoever_started_it(network, start, origin):
    weir = start(network, wrap=["setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all"],
                 gateway={"user": "", "intercept_ports": [5001]})
    assert_confined(weir, "root", NET_ADMIN, f"{NET_ADMIN:016x}")
    with connect(network.client, (ORIGIN, 5001)) as sock:
        sock.sendall(b"ping")
        assert receive_exactly(sock, 4) == b"ping"


@pytest.mark.parametrize("user,wrap,wanted", [
    ("no-such-account", [], "gateway.user: there is no account 'no-such-account' here; make it"),
    (ACCOUNT, ["setpriv", "--bounding-set=-setuid", "--inh-caps=-all"], f"cannot become '{ACCOUNT}'"),
])
def test_an_account_that_cannot_be_had_stops_the_start(network, start, user, wrap, wanted):
    before = state(network.gateway)
    weir = start(network, wrap=wrap, ready=False, gateway={"user": user})
    assert weir.process.wait(20) == 1
    errors = [line for line in weir.log.rest() if "error" in line]
    assert len(errors) == 1 and wanted in errors[0]
    assert state(network.gateway) == before
    if not wrap:
        done = weir.cli("check", "-c", str(weir.file), check=False)
        assert done.returncode == 1 and wanted in done.stderr


# --- all that weir does goes on

def test_a_reload_to_a_new_port_below_1024_with_new_lists_and_logs(network, start, serve, origin, folder):
    logs = folder / "logs"
    logs.mkdir()
    give(logs)
    (folder / "names").write_text("*.blocked.test\n")
    rule = '[[rule]]\nname = "list"\nwhen = { domains = ["file:names"] }\naction = "reset"\n'
    weir = start(network, gateway={"intercept_ports": [443, 5001]}, log={"flows": str(logs / "flows")}, extra=rule)
    weir.change("gateway", intercept_ports=[80, 443, 5001])
    (folder / "names.new").write_text("*.other.test\n")
    (folder / "names.new").rename(folder / "names")
    (logs / "flows").rename(logs / "flows.1")
    assert '"reload"' in weir.reload()
    download(network.client, (ORIGIN, 80), 1000)
    wait_for(lambda: (logs / "flows").exists() and "10.9.0.2:80" in (logs / "flows").read_text(), what="a record")
    assert (logs / "flows").owner() == ACCOUNT
    asked = ["explain", "-c", str(weir.file), "--from", "10.1.0.2", "--to", f"{ORIGIN}:80", "--domain", "x.other.test"]
    assert "by rule list" in weir.cli(*asked, check=False).stdout
    assert weir.stop() == 0 and network.gateway.output("nft list ruleset") == ""


def test_a_bypass_at_run_time_and_rules_put_back(network, start, origin):
    weir = start(network)
    weir.cli("bypass", "add", "-c", str(weir.file), "--for", "1h", "--flows", "any", ORIGIN)
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.metric("weir_flows_accepted_total") == 0
    network.gateway.run("nft delete table inet weir")
    weir.log.until(lambda line: '"rules_restored"' in line)
    weir.cli("bypass", "remove", "-c", str(weir.file), ORIGIN)
    download(network.client, (ORIGIN, 80), 1000)
    assert weir.metric("weir_flows_accepted_total") == 1


def test_decrypting_with_a_ca_that_root_made_for_it(network, start, folder, certificates):
    state_folder = folder / "state"
    state_folder.mkdir()
    give(state_folder, mode=0o700)
    files = ca(state_folder)
    assert pathlib.Path(files["ca_key"]).owner() == pathlib.Path(files["ca_certificate"]).owner() == ACCOUNT
    shutil.copy(certificates["ecdsa"].chain.parent / "trusted.pem", folder / "trusted.pem")
    weir = start(network, tls={"decrypt": True, "upstream_trust": str(folder / "trusted.pem"), **files})
    doctor = weir.cli("doctor", "-c", str(weir.file), check=False).stdout
    assert "fine     CA" in doctor and f"fine     account        weir runs as '{ACCOUNT}'" in doctor
    lab = TlsLab(network, weir, files["ca_certificate"], certificates)
    with lab.open(lab.origin()) as tls:
        tls.sendall(b"ping")
        assert receive_exactly(tls, 4) == b"ping"
    assert '"reload"' in weir.reload()
    with lab.open(lab.origin()) as tls:
        tls.sendall(b"ping")
        assert receive_exactly(tls, 4) == b"ping"
    lab.close()


def test_killed_it_is_cleaned_up_after(network, start, origin):
    weir = start(network)
    weir.process.kill()
    weir.process.wait()
    assert "table inet weir" in network.gateway.output("nft list ruleset")
    weir.start()
    download(network.client, (ORIGIN, 80), 1000)
    weir.process.kill()
    weir.process.wait()
    weir.cli("net", "down", "-c", str(weir.file))
    assert network.gateway.output("nft list ruleset") == ""


# --- what it may not open

def refused(weir, *wanted):
    assert '"reload_refused"' in weir.reload()
    told = "\n".join(weir.log.seen)
    for text in wanted:
        assert text in told, told


def test_a_reload_from_a_file_of_roots_is_refused_with_the_remedy(network, start, origin):
    weir = start(network)
    weir.file.chmod(0o600)
    refused(weir, "the file cannot be read: Permission denied", f"this is the account '{ACCOUNT}': give it the file",
            f"chown {ACCOUNT} {weir.file}")
    download(network.client, (ORIGIN, 80), 1000)
    give(weir.file)
    assert '"reload"' in weir.reload()


def test_a_list_of_roots_is_refused_with_the_remedy(network, start, origin, folder):
    (folder / "names").write_text("*.blocked.test\n")
    weir = start(network, extra='[[rule]]\nname = "l"\nwhen = { domains = ["file:names"] }\naction = "reset"\n')
    (folder / "names").chmod(0o600)
    refused(weir, "the list", f"chown {ACCOUNT} {folder / 'names'}")
    download(network.client, (ORIGIN, 80), 1000)


def test_a_ca_key_of_roots_stops_the_start_and_check_says_so(network, start, folder):
    files = ca(folder)
    weir = start(network, ready=False, tls={"decrypt": True, **files})
    assert weir.process.wait(20) == 1
    wanted = f"give it the file, as by chown {ACCOUNT} {files['ca_key']}"
    assert any("error: [tls]" in line and wanted in line for line in weir.log.rest())
    done = weir.cli("check", "-c", str(weir.file), check=False)
    assert done.returncode == 1 and wanted in done.stderr


def test_a_log_where_the_account_may_not_write_stops_the_start(network, start, folder):
    weir = start(network, ready=False, log={"flows": str(folder / "flows")})
    assert weir.process.wait(20) == 1
    assert any(f"let it make files in {folder}, as by chown {ACCOUNT} {folder}" in line for line in weir.log.rest())


def test_outside_the_folders_of_the_start_a_restart_is_the_remedy(network, start, origin, folder):
    with tempfile.TemporaryDirectory() as elsewhere:
        os.chmod(elsewhere, 0o755)
        names = pathlib.Path(elsewhere) / "names"
        names.write_text("*.blocked.test\n")
        weir = start(network)
        weir.extra = f'[[rule]]\nname = "l"\nwhen = {{ domains = ["file:{names}"] }}\naction = "reset"\n'
        weir.write_configuration()
        refused(weir, f"restart it to have it open {names}")
        weir.stop()
        weir.start()
        assert '"reload"' in weir.reload()


def test_user_and_fence_change_only_at_a_restart(network, start):
    weir = start(network)
    weir.change("gateway", fence=False)
    refused(weir, "gateway.user, gateway.fence and [admin] change only at a restart")


# --- what it may not call

def worker_of(weir):
    """A thread names itself, when it comes to run."""
    def named():
        return [thread for thread, told in threads(weir.process.pid).items() if told["Name"] == "weir-worker"]

    return wait_for(named, what="a worker's thread")[0]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="registers of x86-64")
def test_a_refused_call_fails_and_execve_ends_the_process(network, start, origin):
    weir = start(network)
    assert call(worker_of(weir), BPF) == -errno.EPERM
    download(network.client, (ORIGIN, 80), 1000)  # it goes on
    status = call(worker_of(weir), EXECVE)
    assert weir.process.wait(20) == -signal.SIGSYS, status
    weir.start()  # and the next one cleans up
    download(network.client, (ORIGIN, 80), 1000)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="registers of x86-64")
def test_without_the_fence_the_kernel_judges_the_call(network, start, origin):
    weir = start(network, gateway={"fence": False})
    assert any("gateway.fence = false" in line for line in weir.log.seen)
    assert call(worker_of(weir), EXECVE) == -errno.EFAULT  # it looked for a path at address 0
    assert threads(weir.process.pid)[weir.process.pid]["Seccomp"] == "0"
    download(network.client, (ORIGIN, 80), 1000)


# --- what it tells its service manager

class Manager:
    """At $NOTIFY_SOCKET, as systemd: takes what is told, as dictionaries."""

    def __init__(self, network, address):
        self.sock = network.gateway.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # abstract names are a namespace's own
        self.sock.bind(address)
        if not address.startswith("\0"):
            os.chmod(address, 0o777)
        self.environment = "NOTIFY_SOCKET=" + address.replace("\0", "@")

    def next(self, key, timeout=20):
        """What came first with that key, others passed over."""
        end = time.monotonic() + timeout
        while True:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            told = dict(line.split("=", 1) for line in self.sock.recv(4096).decode().splitlines())
            if key in told:
                return told

    def silent_for(self, seconds):
        """Nothing but what was sent already; then nothing for so long."""
        self.sock.settimeout(seconds)
        try:
            while True:
                told = self.sock.recv(4096)
                assert told != b"", "closed"
        except TimeoutError:
            return


@pytest.fixture(params=["path", "abstract"])
def manager(request, network, folder):
    made = Manager(network, str(folder / "notify") if request.param == "path" else f"\0weir-lab-{os.getpid()}")
    yield made
    made.sock.close()


def test_ready_reload_and_end_are_told(network, start, origin, manager):
    weir = start(network, wrap=["env", manager.environment])
    ready = manager.next("READY")
    assert ready == {"READY": "1", "STATUS": f"running: {os.cpu_count()} workers, port 80, 443, 5001"}
    download(network.client, (ORIGIN, 80), 1000)  # it was true
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert '"reload"' in weir.reload()
    reloading = manager.next("RELOADING")
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.next("READY")["STATUS"].startswith("running: ")
    weir.write_configuration("[gateway]\nnothing = 'a\\nREADY=0'\n")
    refused(weir)
    assert manager.next("RELOADING") and "a reload was refused: " in manager.next("READY")["STATUS"]
    with connect(network.client, (ORIGIN, 5001)) as sock:
        sock.sendall(b"ping")
        receive_exactly(sock, 4)
        weir.signal(signal.SIGTERM)
        assert manager.next("STOPPING")["STOPPING"] == "1"
        assert weir.process.poll() is None
    assert weir.process.wait(20) == 0
    manager.silent_for(0.1)


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_the_watchdog_hears_of_it_while_every_worker_answers(network, start, origin, manager):
    weir = start(network, wrap=["env", manager.environment, "WATCHDOG_USEC=400000"])
    for _ in range(3):
        assert manager.next("WATCHDOG", timeout=5)
    with held(worker_of(weir)):
        manager.silent_for(1.5)  # the other worker and the control thread go on
        assert weir.http("GET", "/healthz")[0] == 200
    assert manager.next("WATCHDOG", timeout=5)


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_no_watchdog_without_its_variable(network, start, manager):
    start(network, wrap=["env", manager.environment])
    manager.next("READY")
    manager.silent_for(1)


def test_doctor_tells_account_and_fence(network, start):
    weir = start(network)
    told = {line["name"]: line for line in json.loads(weir.cli("doctor", "--json", "-c", str(weir.file),
                                                               check=False).stdout)}
    assert told["account"]["text"] == f"weir runs as '{ACCOUNT}' once it has started"
    assert "Landlock" in told["fence"]["text"] and "seccomp" in told["fence"]["text"]
    assert told["ports"]["level"] == "fine"
