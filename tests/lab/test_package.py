"""The Debian package: what is in it, its unit, its manuals and its shell completion, against the program itself."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import tomllib

import pytest

from network import ORIGIN
from peers import download
from weir import PROGRAM, ROOT, wait_for

BUILD = ROOT / "build" / "release"
PACKAGING = ROOT / "packaging"
UNIT = PACKAGING / "weir.service"


def run(*words, check=True, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, **options)
    assert not check or done.returncode == 0, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if not (BUILD / "CPackConfig.cmake").exists():
        pytest.skip(f"{BUILD} is not configured")
    folder = tmp_path_factory.mktemp("package")
    run("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
    (made,) = folder.glob("*.deb")
    return made


@pytest.fixture(scope="module")
def tree(package):
    """What it installs, in a folder."""
    folder = package.parent / "tree"
    run("dpkg-deb", "-x", package, folder)
    return folder


@pytest.fixture(scope="module")
def commands():
    """Every command of the program with its options, as its help tells."""
    spec = importlib.util.spec_from_file_location("completion", PACKAGING / "completion.py")
    completion = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(completion)
    return list(completion.read(PROGRAM).each())


# The package


def test_package_is_as_debian_wants_it(package):
    assert run("lintian", "--fail-on", "error,warning", "--allow-root", package).stdout == ""
    fields = run("dpkg-deb", "-f", package).stdout
    for needed in ("adduser", "netbase", "libc6", "libnftables1", "libssl3", "libnghttp2-14"):
        assert re.search(rf"^Depends:.*\b{needed}", fields, re.M), fields
    listed = run("dpkg-deb", "-c", package).stdout
    assert all(line.split()[1] == "root/root" for line in listed.splitlines())
    paths = {line.split()[5] for line in listed.splitlines()}
    assert {"./usr/bin/weir", "./etc/weir/weir.toml", "./usr/share/man/man1/weir.1.gz",
            "./usr/share/man/man5/weir.toml.5.gz", "./usr/share/doc/weir/copyright"} <= paths


def test_what_is_installed_works(tree):
    assert (tree / "usr/lib/systemd/system/weir.service").read_text() == UNIT.read_text()
    assert (tree / "etc/weir/weir.toml").read_text() == (ROOT / "conf" / "weir.toml").read_text()
    program = tree / "usr/bin/weir"
    assert run(program, "version").stdout.startswith("weir ")
    assert run(program, "check", "-c", tree / "etc/weir/weir.toml").stdout.endswith(": fine\n")


def maintainer_script(name, *words, folder):
    """Runs one with every program that it calls replaced; the calls that it made."""
    calls = folder / "calls"
    stub = '#!/bin/sh\necho "${0##*/} $*" >> CALLS\n'.replace("CALLS", str(calls))
    answers = {"getent": "exit 1" if name == "postinst" else "exit 0", "deb-systemd-helper": '[ "$1" != debian-installed ]'}
    for program in ("getent", "adduser", "deluser", "install", "rm", "systemctl", "deb-systemd-helper",
                    "deb-systemd-invoke", "weir"):
        (folder / program).write_text(stub + answers.get(program, "") + "\n")
        (folder / program).chmod(0o755)
    calls.write_text("")
    run("/bin/sh", PACKAGING / "debian" / name, *words, env={"PATH": str(folder)})
    return calls.read_text().splitlines()


def test_an_install_makes_the_account_and_starts_nothing(tmp_path):
    calls = maintainer_script("postinst", "configure", "", folder=tmp_path)
    assert any(call.startswith("adduser") and "--system" in call and call.endswith(" weir") for call in calls)
    assert not any(re.search(r"\b(start|restart|enable)\b", call) for call in calls), calls


def test_a_removal_takes_the_rules_along_and_a_purge_everything(tmp_path):
    assert "weir net down" in maintainer_script("prerm", "remove", folder=tmp_path)
    assert "weir net down" not in maintainer_script("prerm", "upgrade", "2", folder=tmp_path)
    assert not any(call.startswith(("rm", "deluser")) for call in maintainer_script("postrm", "remove", folder=tmp_path))
    purged = maintainer_script("postrm", "purge", folder=tmp_path)
    assert "rm -rf /var/lib/weir /var/log/weir" in purged and "deluser --quiet --system weir" in purged


# The unit


def test_unit_is_hardened(tree, tmp_path):
    installed = tmp_path / "weir.service"
    installed.write_text(UNIT.read_text().replace("/usr/bin/weir", str(tree / "usr/bin/weir")))
    verified = run("systemd-analyze", "verify", "--man=no", installed)
    assert "weir.service" not in verified.stdout + verified.stderr
    # 0 is a service that can do nothing, 10 one that can do everything; above 2.1 this exits with 1. What is left is what
    # weir is for: the host's network, CAP_NET_ADMIN, and no list of addresses.
    run("systemd-analyze", "security", "--offline=true", "--threshold=21", installed)


def setting(name):
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.M)


def allowed_system_calls():
    """The names that the unit's SystemCallFilter lets through."""
    groups = {}
    for line in run("systemd-analyze", "syscall-filter").stdout.splitlines():
        if line.startswith("@"):
            members = groups[line] = set()
        elif line.strip() and not line.strip().startswith("#"):
            members.add(line.strip())

    def members_of(word):
        return set().union(*map(members_of, groups[word])) if word in groups else {word}

    allowed = set()
    for line in setting("SystemCallFilter"):
        named = set().union(*map(members_of, line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed | members_of("@default")


def test_weir_needs_no_more_than_its_unit_gives(network, make_weir, origin, authority):
    """As another account, with the unit's capabilities alone; and no system call that its filter refuses."""
    granted = [word.removeprefix("CAP_").lower() for word in setting("CapabilityBoundingSet")[0].split()]
    capabilities = ",".join(["-all", *("+" + word for word in granted)])
    with tempfile.TemporaryDirectory(prefix="weir-unit-") as folder:
        for file in authority.values():
            shutil.copy(file, folder)
        for file in (folder, *pathlib.Path(folder).iterdir()):
            os.chown(file, 65534, 65534)
        counts = pathlib.Path(folder) / "calls"
        weir = make_weir(
            network, tls={"decrypt": True} | {key: f"{folder}/{pathlib.Path(file).name}" for key, file in authority.items()},
            mptcp={"alert": True}, log={"flows": f"{folder}/flows", "events": "stdout"},
            wrap=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={capabilities}",
                  f"--ambient-caps={capabilities}", f"--bounding-set={capabilities}", "--no-new-privs",
                  "strace", "-D", "-f", "-c", "-o", counts])
        weir.file = pathlib.Path(folder) / "weir.toml"
        weir.write_configuration()
        weir.start()
        assert network.gateway.output("sysctl -n net.ipv4.ip_forward").strip() == "1"
        for mptcp in (False, True):
            download(network.client, (ORIGIN, 80), 1 << 20, mptcp=mptcp)
        weir.reload()
        assert weir.stop() == 0
        assert network.gateway.output("nft list ruleset") == ""
        wait_for(lambda: counts.exists() and "total" in counts.read_text(), what="the tracer's end")
        made = {words[-1] for line in counts.read_text().splitlines() if re.match(r"\s*\d", line)
                and (words := line.split())[-1] != "total"}
    assert len(made) > 30 and made - allowed_system_calls() == set()


# The manuals


def test_manuals_are_clean(tree):
    for page in ("man1/weir.1.gz", "man5/weir.toml.5.gz"):
        assert run("mandoc", "-Tlint", "-W", "warning", tree / "usr/share/man" / page).stdout == ""


def subsections(page):
    """{"weir flows": its lines}"""
    found = {}
    for line in (PACKAGING / "man" / page).read_text().splitlines():
        if line.startswith((".Sh ", ".Ss ")):
            lines = found.setdefault(line[4:], [])
        elif found:
            lines.append(line)
    return found


def test_every_command_and_option_is_in_the_manual(commands):
    gateway = {"-c", "--config", "--admin", "--token-file"}
    told = {}
    for title, lines in subsections("weir.1").items():
        if title.startswith("weir "):
            options = {"-" + flag for line in lines if line.startswith(".It Fl ") for flag in re.findall(r"Fl (\S+)", line)}
            told[title] = options | (gateway if ".It Ar gateway" in lines else set())
    real = {command.name: {name for option in command.options for name in option.names} - {"-h", "--help"}
            for command in commands if not command.commands}
    assert told == real


def documented_keys():
    """{("gateway", "workers"): its default, or None where it has none}"""
    keys = {}
    for title, lines in subsections("weir.toml.5").items():
        for line in lines if title.startswith("[") else []:
            if not line.startswith(".It Va "):
                continue
            names, _, rest = line.removeprefix(".It Va ").partition(" Pq ")
            names, _, default = names.partition(" No = Li ")
            for name in names.split(" , "):
                keys[title.strip("[]"), name] = tomllib.loads(f"x = {default}".replace(r"\(dq", '"')) if default else None
    return {key: default and default["x"] for key, default in keys.items()}


def configured_keys():
    """The same of conf/weir.toml, the entries in comments too; those are examples, and have no defaults."""
    text = (ROOT / "conf" / "weir.toml").read_text()
    keys = {}

    def walk(table, at, example):
        for key, value in table.items():
            if isinstance(value, dict) and not (at in ("rule", "when") or key.startswith("set_")):
                if at:
                    keys[at, key] = None
                walk(value, f"{at}.{key}" if at else key, example)
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for entry in value:
                    walk(entry, key, True)
            else:
                keys[at, key] = None if example else value

    walk(tomllib.loads(text), "", False)
    # From "# [[…]]" on, as long as the comment goes.
    for block in re.findall(r"^# \[\[\w+\]\]\n(?:#.*\n)*", text, re.M):
        walk(tomllib.loads(re.sub(r"^# ?", "", block, flags=re.M)), "", True)
    return keys


def accepted_keys():
    """What the readers ask for: each key is in a call, as a literal."""
    source = "".join(file.read_text() for file in (ROOT / "conf").glob("*.cpp"))
    asked = re.findall(r'section\.(?:read|array|table)(?:<\w+>)?\(\s*"(\w+)"', source)
    asked += re.findall(r'read_\w+\(section, "(\w+)"', source) + re.findall(r'\{section, "(\w+)"\}', source)
    return set(asked) | {"client_certificate", "protocol", "ech", "not_tls"}  # [tls] undecryptable goes by a table of its own


def test_every_key_is_in_the_manual_with_its_default():
    told, real = documented_keys(), configured_keys()
    real.pop(("mptcp", "joins"))  # a table, with a part of its own in the manual
    for key, value in real.items():
        assert key in told, key
        if key[0] not in ("bypass", "rule") and key != ("gateway", "client_interfaces"):
            assert told[key] == value, key
    # The file has not all keys of entries, but the readers have.
    assert {table for table, _ in set(told) - set(real)} <= {"bypass", "rule", "rule.when", "mptcp.endpoints"}
    assert {key for _, key in told} == accepted_keys() - {"bypass", "rule", "joins"}


# Shell completion


def bash_completion(tree, line):
    words = line.split(" ")
    script = f"""
source {tree}/usr/share/bash-completion/completions/weir
COMP_WORDS=({' '.join(f"'{word}'" for word in re.split(r'(=)| ', line) if word is not None)})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_weir weir '{words[-1]}' '{words[-2]}'
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return run("bash", "--norc", "-c", script, cwd=tree).stdout.split()


def fish_completion(tree, line):
    script = f"source {tree}/usr/share/fish/vendor_completions.d/weir.fish; complete -C '{line}'"
    offered = run("fish", "--no-config", "-c", script, cwd=tree, env=os.environ | {"HOME": str(tree.parent)}).stdout
    return [entry.split("\t")[0].rpartition("=")[2] for entry in offered.splitlines()]


@pytest.mark.parametrize("complete", [bash_completion, fish_completion])
def test_completion(tree, commands, complete):
    by_name = {command.name: command for command in commands}
    for name, command in by_name.items():
        assert set(complete(tree, name + " ")) == {below.path[-1] for below in command.commands}, name
    assert complete(tree, "weir by") == ["bypass"]
    options = {name for option in by_name["weir bypass add"].options for name in option.names}
    assert set(complete(tree, "weir bypass add --admin 127.0.0.1:9080 -")) == options
    assert set(complete(tree, "weir bypass add --flows ")) == {"mptcp", "tcp", "any"}
    assert complete(tree, "weir bypass add --flows=a") == ["any"]
    assert [entry.rstrip("/") for entry in complete(tree, "weir run -c et")] == ["etc"]
    # What names something of a running gateway is for the user to say.
    for line in ("weir bypass remove ", "weir exceptions remove ", "weir flow ", "weir bypass add --for "):
        assert complete(tree, line) == []


def test_zsh_completion(tree, tmp_path):
    script = f"""
zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z 'PROMPT=; fpath=({tree}/usr/share/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D; echo l''oaded'
zpty -r z seen '*loaded*'
zpty -w -n z $'weir bypass \\t\\t'
zpty -r z seen '*an entry that was added*'
print -r -- $seen
"""
    offered = run("zsh", "-f", "-c", script, cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path), "TERM": "dumb"}).stdout
    assert "an entry that was added" in offered
