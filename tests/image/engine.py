"""The Docker engine and the compose network, by their own commands; scripts/test-image has started the engine."""

import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = os.environ.get("WEIR_DOCKER", "docker")
COMPOSE = os.environ.get("WEIR_COMPOSE", "docker compose").split()
PROJECT = "weir-test"
NETWORKS = {"lan0": "10.77.1.2", "lan1": "10.77.2.2", "internet": "10.77.9.2"}
SYSCTLS = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1}
CAPABILITIES = ["NET_ADMIN", "NET_BIND_SERVICE", "SETUID", "SETGID"]


def run(*words, check=True, timeout=120, env=None, text=True):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=text, timeout=timeout,
                          env={**os.environ, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def docker(*words, **options):
    return run(DOCKER, *words, **options)


def compose(*words, image="weir", **options):
    return run(*COMPOSE, "-p", PROJECT, "-f", ROOT / "docker" / "compose.yaml", *words,
               env={"WEIR_IMAGE": image}, **options)


def wait_for(condition, what, timeout=60):
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, f"{what}: not within {timeout} s"
        time.sleep(0.1)
    return value


def inspect(name):
    return json.loads(docker("inspect", name).stdout)[0]


class Container:
    def __init__(self, name):
        self.name = name

    def state(self):
        return inspect(self.name)["State"]

    def healthy(self):
        return self.state().get("Health", {}).get("Status") == "healthy"

    def pid(self):
        return self.state()["Pid"]

    def logs(self):
        done = docker("logs", self.name)
        return done.stdout + done.stderr

    def records(self):
        """Flows' records; standard output has nothing else."""
        return [json.loads(line) for line in docker("logs", self.name).stdout.splitlines()]

    def run(self, *words, **options):
        return docker("exec", self.name, *words, **options)

    def remove(self):
        docker("rm", "-f", self.name, check=False)


def service(name):
    identity = compose("ps", "-q", name).stdout.strip()
    assert identity, f"no container of the service {name}"
    return Container(identity)


def weir_options(capabilities=CAPABILITIES, configuration=ROOT / "docker" / "weir.toml"):
    """As compose.yaml gives them to the gateway."""
    return ["--label", PROJECT, "--read-only", "--security-opt", "no-new-privileges:true", "--cap-drop", "ALL",
            *[word for name in capabilities for word in ("--cap-add", name)],
            "-v", f"{PROJECT}_ca:/var/lib/weir:ro", "-v", f"{PROJECT}_demo:/demo:ro",
            "-v", f"{configuration}:/etc/weir/weir.toml:ro"]


def sysctl_options():
    return [word for name, value in SYSCTLS.items() for word in ("--sysctl", f"{name}={value}")]
