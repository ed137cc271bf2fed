"""The image: what is in it, and what it says to an operator who started it wrongly."""

import time

import pytest

from engine import ROOT, docker, inspect, run, sysctl_options, wait_for

MOST_BYTES = 120_000_000


def in_image(*words, **options):
    return docker("run", "--rm", "--network", "none", "--entrypoint", words[0], "weir", *words[1:], **options)


def test_it_is_small_and_says_what_it_is():
    image = inspect("weir")
    print(f"\nimage: {image['Size'] / 1e6:.1f} MB")
    assert image["Size"] < MOST_BYTES
    config = image["Config"]
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert labels["title"] == "weir" and labels["licenses"] == "Apache-2.0" and labels["description"]
    assert labels["version"] in in_image("weir", "version").stdout
    assert config["StopSignal"] == "SIGTERM" and config["Healthcheck"]["Test"] == ["CMD", "weir", "health"]
    assert config["Entrypoint"] == ["weir"] and config["Cmd"] == ["run"]
    assert list(config["Volumes"]) == ["/var/lib/weir"]


def test_nothing_is_in_it_that_weir_does_not_use():
    assert "not found" not in in_image("ldd", "/usr/bin/weir").stdout
    packages = in_image("dpkg-query", "-W", "-f", "${Package}\n").stdout.split()
    assert not [name for name in packages if name.endswith("-dev") or name.startswith(("g++", "cmake", "curl", "python3"))]
    assert "no symbols" in run("nm", extract("/usr/bin/weir"), check=False).stderr
    assert in_image("ls", "-A", "/var/lib/weir").stdout == ""  # no authority is shipped
    assert in_image("stat", "-c", "%u %g %a", "/var/lib/weir").stdout.split() == ["570", "570", "700"]
    assert in_image("cat", "/etc/weir/weir.toml").stdout == (ROOT / "conf" / "weir.toml").read_text()


def extract(path):
    file = ROOT / "build" / "image" / "extracted"
    name = docker("create", "weir").stdout.strip()
    try:
        docker("cp", f"{name}:{path}", file)
    finally:
        docker("rm", name)
    return file


def test_what_a_container_lacks_is_named_with_the_option_that_gives_it():
    refused = docker("run", "--rm", "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "weir", check=False)
    assert refused.returncode == 1 and "--sysctl net.ipv6.conf.all.forwarding=1" in refused.stderr
    doctor = docker("run", "--rm", "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "weir", "doctor", check=False)
    assert doctor.returncode == 1 and "--sysctl net.ipv6.conf.all.forwarding=1" in doctor.stdout
    given = docker("run", "--rm", "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", *sysctl_options(), "weir", "doctor",
                   check=False)
    assert "--sysctl" not in given.stdout and "CAP_NET_ADMIN is there" in given.stdout
    refused = docker("run", "--rm", "--cap-drop", "ALL", *sysctl_options(), "weir", check=False)
    assert refused.returncode == 1 and "NET_ADMIN" in refused.stderr


@pytest.fixture
def volume():
    name = docker("volume", "create", "--label", "weir-test").stdout.strip()
    yield name
    docker("volume", "rm", name)


def test_an_authority_is_made_once_and_never_over_another(volume):
    def ca(*words, **options):
        return docker("run", "--rm", "--read-only", "--network", "none", "--cap-drop", "ALL", "--user", "weir", "-v",
                      f"{volume}:/var/lib/weir", "weir", "ca", *words, **options)

    assert "made" in ca("init", "--if-missing").stdout
    first = ca("export").stdout
    assert "stay" in ca("init", "--if-missing").stdout
    assert ca("init", check=False).returncode == 1
    assert ca("export").stdout == first


def test_it_starts_at_once(container):
    started = time.monotonic()
    weir = container("--read-only", "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", *sysctl_options(), "weir")
    wait_for(lambda: " running: " in weir.logs(), "weir runs", timeout=10)
    print(f"\nfrom docker run to running: {time.monotonic() - started:.2f} s")
