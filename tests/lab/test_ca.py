"""The certificate authority by command: made once, shown, and exported in every form."""

import plistlib
import ssl

import pytest


@pytest.fixture
def ca(network, make_weir, tmp_path):
    """Runs `weir ca WORDS` on an authority in tmp_path."""
    weir = make_weir(network)
    files = {"--certificate": tmp_path / "ca.crt", "--key": tmp_path / "ca.key"}

    def run(command, *words):
        named = [str(word) for option, file in files.items() if command == "init" or option != "--key"
                 for word in (option, file)]
        return weir.cli("ca", command, *named, *words, check=False)

    return run


def test_made_shown_and_exported(ca, tmp_path):
    made = ca("init", "--name", "the lab", "--years", "2", "--only-for", "example.test")
    assert made.returncode == 0 and "next:" in made.stdout
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600

    shown = ca("show").stdout
    assert "CN = the lab" in shown and "example.test" in shown and shown in made.stdout

    pem = ca("export").stdout
    assert pem == (tmp_path / "ca.crt").read_text()
    for form in ("der", "mobileconfig"):
        assert ca("export", "--format", form, "--output", str(tmp_path / form)).returncode == 0
    assert (tmp_path / "der").read_bytes() == ssl.PEM_cert_to_DER_cert(pem)
    profile = plistlib.loads((tmp_path / "mobileconfig").read_bytes())
    assert profile["PayloadContent"][0]["PayloadContent"] == (tmp_path / "der").read_bytes()


def test_a_second_init_changes_nothing(ca, tmp_path):
    assert ca("init").returncode == 0
    before = [(tmp_path / name).read_bytes() for name in ("ca.crt", "ca.key")]
    again = ca("init")
    assert again.returncode == 1 and "is there already" in again.stderr
    assert before == [(tmp_path / name).read_bytes() for name in ("ca.crt", "ca.key")]


def test_what_starts_before_the_gateway_makes_one_only_where_there_is_none(ca, tmp_path):
    assert "made" in ca("init", "--if-missing").stdout
    before = [(tmp_path / name).read_bytes() for name in ("ca.crt", "ca.key")]
    again = ca("init", "--if-missing")
    assert again.returncode == 0 and "are there already and stay" in again.stdout and ca("show").stdout in again.stdout
    assert before == [(tmp_path / name).read_bytes() for name in ("ca.crt", "ca.key")]

    (tmp_path / "ca.key").write_text("none")
    assert ca("init", "--if-missing").returncode == 1
    (tmp_path / "ca.crt").unlink()
    half = ca("init", "--if-missing")
    assert half.returncode == 1 and "is there already" in half.stderr


def test_wrong_calls_and_what_is_missing(ca, tmp_path):
    assert ca("init", "--years", "31").returncode == 2
    assert ca("export", "--format", "jks").returncode == 2
    missing = ca("show")
    assert missing.returncode == 1 and "weir ca init" in missing.stderr
    assert ca("init").returncode == 0
    unwritable = ca("export", "--output", "/dev/full")
    assert unwritable.returncode == 1 and "/dev/full cannot be written" in unwritable.stderr
