"""The status page in a real browser: what it shows, what it does, and what it must never do."""

import contextlib
import hashlib
import http.server
import json
import threading

import pytest

pytest.importorskip("selenium", reason="takes the package python3-selenium")

from selenium.webdriver.common.keys import Keys

from browser import DESKTOP, HAS_CHROMIUM, PHONE, browser_in
from peers import echo, receive_exactly
from test_mptcp import subflows_of
from tls_peers import answer_http, client_hello, read_all, says_back
from weir import wait_for

pytestmark = HAS_CHROMIUM

TOKEN = "a-token-of-the-page-0123456789"
UNWANTED = "main img, main script, main iframe, main a:not([href^='#'])"
BLOCK_ADS = '[[rule]]\nname = "ads"\nwhen = { domains = ["*.ads.test"] }\naction = "block"\n'
VIEWS = ["glance", "flows", "bypass", "events", "certificate"]


@pytest.fixture(scope="module")
def browser(lab, tmp_path_factory):
    with browser_in(lab.network.gateway, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def page(browser):
    """As a user finds it, and with nothing in the console when the test is over."""
    browser.look(DESKTOP)
    browser.complaints()
    browser.open()
    browser.is_live()
    yield browser
    assert browser.complaints() == []


@pytest.fixture
def own_browser(network, tmp_path):
    """For what changes a weir of the test's own."""
    with browser_in(network.gateway, tmp_path, "--host-resolver-rules=MAP *.rebound.example 127.0.0.1") as browser:
        yield browser


def complains_only_of(page, path, status):
    """Chromium's own line for an answer that is no success, which the page has shown in its words."""
    return all(path in line and f"status of {status} " in line for line in page.complaints())


def number(text):
    return float("".join(c for c in text if c.isdigit() or c == ".") or 0)


def plain_request(lab, origin, host):
    """One request in plain HTTP, with these bytes for its Host."""
    with lab.connect(origin) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        return read_all(sock)


# --- it is there

def test_it_loads_each_view_and_asks_nobody_else(page):
    for view in VIEWS:
        page.open(view)
        page.is_live()
        page.seen(f"#view-{view} h2")
        assert page.find(f"nav [data-view={view}]").get_attribute("aria-current") == "page"
    assert {url.split("/", 3)[2] for url in page.requests() if url.startswith("http")} == {"127.0.0.1:9080"}


def test_numbers_move_when_traffic_flows(lab, page):
    origin = lab.origin(answer_http(b"x" * 100_000))
    page.says("#tile-mptcp .note", "since start")
    before = number(page.text("#tile-mptcp .note"))
    decrypted = lab.weir.get("/api/v1/status")["counters"]["tls"]["decrypted"]
    for _ in range(5):
        lab.curl(origin)
    page.until(lambda: number(page.text("#tile-mptcp .note")) >= before + 5, "five more flows")
    page.until(lambda: number(page.text("#tls-outcomes li.decrypt .bar-count")) >= decrypted + 5, "five more decrypted")
    page.says("#domains", origin.name)
    page.says("#plot-bytes .legend", "bit/s")
    page.until(lambda: page.run("return document.querySelector('#plot-bytes canvas') !== null"), "a plot")


def test_flows_are_sorted_and_filtered(lab, page):
    small, large = lab.origin(), lab.origin()
    with lab.open(small, mptcp=True) as first, lab.open(large) as second:
        says_back(first)
        says_back(second)
        second.sendall(b"x" * 10_000)
        receive_exactly(second, 10_000)
        page.open("flows")
        page.says("#flows", small.name, large.name)
        page.click("#flows-head [data-sort=bytes_to_client] button")
        page.until(lambda: large.name in page.text("#flows tr:first-child"), "the larger first")
        page.click("#flows-head [data-sort=bytes_to_client] button")
        page.until(lambda: small.name in page.text("#flows tr:first-child"), "the smaller first")
        assert page.find("#flows-head [data-sort=bytes_to_client]").get_attribute("aria-sort") == "ascending"
        page.choose("#flows-transport", "mptcp")
        page.until(lambda: large.name not in page.text("#flows"), "MPTCP alone")
        assert small.name in page.text("#flows")
        page.choose("#flows-transport", "")
        page.type("#flows-text", large.name)
        page.until(lambda: small.name not in page.text("#flows") and large.name in page.text("#flows"), "one name")
        page.type("#flows-text", "no such flow")
        page.says("#flows-empty", "No live flow matches")


def test_a_flow_shows_its_subflows_and_the_walk_of_its_decision(lab, page):
    origin = lab.origin()
    with lab.open(origin, mptcp=True) as tls:
        says_back(tls)
        wait_for(lambda: subflows_of(tls) == 2, what="the second subflow")
        page.open("flows")
        page.type("#flows-text", origin.name)
        page.until(lambda: len(page.all("#flows tr")) == 1 and origin.name in page.text("#flows"), "the flow alone")
        page.click("#flows a")
        page.until(lambda: len(page.all(".subflow.live")) == 2, "two live subflows")
        page.says(".subflows", "10.1.0.2", "10.1.1.2", "round trip", "from client")
        page.says(".gateway", "decrypt by the defaults", "On the SYN", f"name {origin.name}", "match")
        page.says(".walks", "comes to weir, by the defaults", "decrypt, by the defaults")
        page.says(".upstream", f"{origin.address}:443", "dialled from")
        shown = page.text(".upstream .facts")
        tls.sendall(b"x" * 50_000)
        receive_exactly(tls, 50_000)
        page.until(lambda: page.text(".upstream .facts") != shown, "its bytes counted")
    page.says("#flow-note", "has ended")
    assert len(page.all(".subflow")) == 2, "the picture stays"
    assert complains_only_of(page, "/api/v1/flows/", 404)


# --- it does

def test_a_bypass_added_by_hand_takes_the_next_connection(lab, page):
    origin = lab.raw_origin(echo, mptcp=True)
    page.open("bypass")
    page.says("#added-empty", "Nothing was added")

    def goes_to_weir():
        with lab.connect(origin, mptcp=True) as sock:
            return bool(wait_for(lambda: [one for one in lab.weir.live_flows()
                                          if one["destination"].startswith(f"{origin.address}:")]))

    assert goes_to_weir()
    direct = lab.weir.metric('weir_syns_total{verdict="direct"}')
    page.type("#add-what", origin.address)
    page.choose("#add-for", "10m")
    page.click("#add-submit")
    page.says("#added", origin.address, "mptcp")
    with lab.connect(origin, mptcp=True) as sock:
        sock.sendall(b"word")
        assert receive_exactly(sock, 4) == b"word"
        assert not [one for one in lab.weir.live_flows() if one["destination"].startswith(f"{origin.address}:")
                    and one["client"].endswith(f":{sock.getsockname()[1]}")]
    assert lab.weir.metric('weir_syns_total{verdict="direct"}') > direct

    page.type("#question", origin.address)
    page.click("#question-form button")
    page.says("#answer", "direct", f"to {origin.address}:443")

    page.open("events")
    page.says("#events", "Bypass added", origin.address, "127.0.0.1")
    page.open("bypass")
    page.click("#added button")
    page.until(lambda: origin.address not in page.text("#added"), "it is gone")
    assert goes_to_weir()


@pytest.mark.parametrize("what", ["198.51.100.0/99", "two words"])
def test_what_cannot_be_bypassed_is_refused_with_the_reason(page, what):
    page.open("bypass")
    page.type("#add-what", what)
    page.click("#add-submit")
    page.until(lambda: page.text("#add-error") != "", "the reason")
    assert complains_only_of(page, "/api/v1/bypass", 422)
    assert page.find("#add-submit").is_enabled() and page.find("#add-what").get_attribute("value") == what


def test_a_question_by_name_walks_every_rule(lab, page):
    with lab.configured(BLOCK_ADS):
        page.open("bypass")
        page.type("#question", "https://www.ads.test/page?x")
        page.click("#question-form button")
        page.says("#answer", "block", "by rule ads", "not judged", "www.ads.test", "stands in")


def test_an_exception_is_shown_and_removed(lab, page):
    origin = lab.origin(answer_http())
    lab.curl(origin, check=False, authority=lab.trusted)
    lab.learned(origin, "rejected")
    page.open("certificate")
    page.says("#exceptions", origin.name, "refused weir's certificate")
    page.find(f"#exceptions button[aria-label*='{origin.name}']").click()
    page.until(lambda: origin.name not in page.text("#exceptions"), "it is gone")
    assert origin.name not in json.dumps(lab.weir.get("/api/v1/exceptions"))


def test_events_are_filtered_by_kind_and_text(lab, page):
    first, second = lab.origin(answer_http()), lab.origin(answer_http())
    for origin in (first, second):
        lab.curl(origin, check=False, authority=lab.trusted)
        lab.learned(origin, "rejected")
    with lab.configured():
        pass
    page.open("events")
    page.says("#events", first.name, second.name, "Configuration reloaded")
    page.choose("#events-kind", "tls_exception")
    page.until(lambda: "Configuration reloaded" not in page.text("#events"), "exceptions alone")
    page.type("#events-text", first.name)
    page.until(lambda: second.name not in page.text("#events") and first.name in page.text("#events"), "one name")


def test_the_certificate_is_downloaded_with_its_fingerprint(lab, page):
    page.open("certificate")
    told = lab.weir.get("/api/v1/status")["tls"]["ca"]["sha256"]
    page.says("#ca-facts", told, "SHA-1")
    pem, der = page.downloads / "weir-ca.pem", page.downloads / "weir-ca.crt"
    page.click("#ca-downloads [data-file='weir-ca.pem']")
    wait_for(lambda: pem.exists() and pem.read_text() == lab.weir.http("GET", "/ca.pem")[2], what="the file")
    page.click("#ca-downloads [data-file='weir-ca.crt']")
    wait_for(lambda: der.exists() and hashlib.sha256(der.read_bytes()).hexdigest().upper() == told.replace(":", ""),
             what="the certificate of that fingerprint")


def test_a_reload_asks_first_and_shows_what_is_wrong(lab, page):
    good = lab.weir.file.read_text()
    read = lab.weir.get("/api/v1/status")["configuration_read"]
    page.click("#reload")
    page.click("#confirm-cancel")
    lab.weir.write_configuration(good + "\n[nonsense]\nx = 1\n")
    page.click("#reload")
    page.click("#confirm-act")
    page.says("#reload-problems", "weir.toml:", "nonsense")
    page.says("#concerns", "reload was refused", "nonsense")
    assert complains_only_of(page, "/api/v1/reload", 422)
    lab.weir.log.until(lambda line: '"event":"reload_refused"' in line and "nonsense" in line)
    before = list(lab.weir.log.seen)
    assert lab.weir.get("/api/v1/status")["configuration_read"] == read
    lab.weir.write_configuration(good)
    page.click("#reload")
    page.click("#confirm-act")
    page.says("#notice", "in force")
    page.until(lambda: not page.find("#reload-problems").is_displayed(), "no problems")
    page.until(lambda: "refused" not in page.text("#concerns"), "nothing to look at")
    assert lab.weir.get("/api/v1/status")["configuration_read"] != read
    lab.weir.log.until(lambda line: '"event":"reload"' in line and line not in before)


# --- what comes from the network

NAMES = ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "\x1b[31mred\x1b]0;title\x07.test", "javascript:alert(1)",
         "&lt;b&gt;.test", "\u202egnp.test"]


@pytest.mark.parametrize("name", NAMES, ids=["img", "script", "escape", "scheme", "entity", "bidi"])
def test_a_hostile_name_is_text(lab, page, name):
    """As SNI of a flow that is live, and of one that has ended; and as Host. An alert would end the test."""
    origin, web = lab.raw_origin(echo), lab.raw_origin(answer_http(), port=80)
    with lab.configured(BLOCK_ADS, decrypt=False):
        plain_request(lab, web, name.encode())
        with lab.connect(origin) as sock:
            sock.sendall(client_hello_of(name))
            shown = wait_for(lambda: [one for one in lab.weir.live_flows() if one["domain"]
                                      and one["destination"] == f"{origin.address}:443"], what="the flow's name")[0]
            page.open("flows")
            page.says("#flows", shown["domain"])
            page.open(f"flow/{shown['id']}")
            page.says("#flow-title", shown["domain"])
            page.until(lambda: page.text(".walks") != "", "the walk")
            assert page.all(UNWANTED) == [] and "\x1b" not in page.text("body")
        page.open("glance")
        page.says("#domains", shown["domain"])
        assert page.all(UNWANTED) == [] and "\x1b" not in page.text("body")
    assert complains_only_of(page, "/api/v1/explain", 400)  # of what cannot be a name


def client_hello_of(name):
    """With any bytes for its SNI."""
    hello = client_hello("x" * len(name.encode()))
    return hello.replace(b"x" * len(name.encode()), name.encode())


# --- who may

def test_the_token_is_asked_for_and_never_in_a_url(network, make_weir, own_browser, tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    make_weir(network, admin={"token_file": str(file)}).start()
    page = own_browser
    page.open()
    page.seen("#token-dialog")
    assert page.find("#token").get_attribute("type") == "password"
    assert page.text("#glance-title") and not page.text("#dispositions"), "nothing of the gateway is seen yet"
    page.type("#token", "another")
    page.click("#token-submit")
    page.says("#token-error", "does not take this token")
    page.type("#token", TOKEN)
    page.click("#token-submit")
    page.is_live()
    page.says("#health-title", "Healthy")
    page.driver.refresh()
    page.is_live()
    told = [page.driver.current_url]
    page.open("bypass")
    page.is_live()
    page.type("#add-what", "198.51.100.9")
    page.click("#add-submit")
    page.says("#added", "198.51.100.9")
    told += [*page.requests(), page.driver.current_url, page.run("return document.cookie + JSON.stringify(localStorage)")]
    assert any("/api/v1/live" in one for one in told)
    for secret in (TOKEN, "another", "0123456789"):
        assert not any(secret in one for one in told), told


def serve_page(namespace, port, text):
    """Another site's page, on the gateway's own loopback."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with namespace.entered():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


FOREIGN = """<!DOCTYPE html><title>foreign</title><script>
const at = "http://127.0.0.1:9080";
const tries = [
  fetch(at + "/api/v1/drain", { method: "POST", mode: "no-cors" }),
  fetch(at + "/api/v1/bypass", { method: "POST", mode: "no-cors", body: '{"what":"198.51.100.66","for":"1h"}' }),
  fetch(at + "/api/v1/bypass?what=198.51.100.9", { method: "DELETE" }),
  fetch(at + "/api/v1/reload", { method: "POST", credentials: "include" }),
  fetch(at + "/api/v1/status").then((answer) => answer.text()),
];
const isHidden = (one) => one.value === undefined || one.value.type === "opaque";
Promise.allSettled(tries).then((all) => { window.tried = all.map(isHidden); });
</script><iframe src="http://127.0.0.1:9080/"></iframe>"""


def test_a_foreign_page_can_neither_change_nor_read(network, weir, own_browser):
    assert weir.http("POST", "/api/v1/bypass", '{"what":"198.51.100.9","for":"1h"}')[0] == 201
    read = weir.get("/api/v1/status")["configuration_read"]
    server = serve_page(network.gateway, 8000, FOREIGN)
    page = own_browser
    page.load("http://localhost:8000/")
    assert all(page.until(lambda: page.run("return window.tried"), "every try"))
    frame = page.find("iframe")
    page.driver.switch_to.frame(frame)
    assert page.all("#health") == []
    server.shutdown()
    status = weir.get("/api/v1/status")
    assert status["phase"] == "running" and status["configuration_read"] == read
    assert [one["what"] for one in weir.get("/api/v1/bypass")["added"]] == ["198.51.100.9"]


def test_a_rebound_name_is_refused(network, weir, own_browser):
    own_browser.load("http://www.rebound.example:9080/")
    assert "DNS rebinding" in own_browser.text("body")


# --- when weir is gone

def test_it_says_that_weir_is_gone_and_comes_back(network, make_weir, own_browser):
    weir = make_weir(network).start()
    page = own_browser
    page.open()
    page.is_live()
    weir.process.kill()
    weir.process.wait()
    page.says("#link", "reconnecting")
    assert page.seen("#gone")
    weir.start()
    page.is_live()
    page.until(lambda: not page.find("#gone").is_displayed(), "the warning is gone")


def test_it_drains(network, weir, own_browser):
    page = own_browser
    page.open()
    page.is_live()
    page.click("#drain")
    page.says("#confirm-text", "cannot start it again")
    page.click("#confirm-act")
    assert weir.process.wait(20) == 0
    page.says("#link", "reconnecting")


# --- how it looks

@contextlib.contextmanager
def traffic(lab):
    """Something to look at: flows of each kind, one with two paths that stays."""
    rules = ('[[rule]]\nname = "ads"\nwhen = { domains = ["ads.test"] }\naction = "block"\n'
             '[[rule]]\nname = "banks"\nwhen = { domains = ["*.bank.test"] }\ntls = "passthrough"\n')
    origin, plain = lab.origin(), lab.raw_origin(answer_http(b"x" * 5000), port=80)
    with lab.configured(rules):
        with lab.open(origin, mptcp=True) as tls:
            wait_for(lambda: subflows_of(tls) == 2, what="the second subflow")
            says_back(tls)
        for host in (b"ads.test", b"www.example.test", b"a-name-that-is-rather-long.of.some.cloud.region-1.example.test"):
            plain_request(lab, plain, host)
        lab.curl(lab.origin(answer_http()), check=False, authority=lab.trusted)
        with lab.open(origin, mptcp=True) as tls, lab.connect(lab.raw_origin(echo)) as sock:
            wait_for(lambda: subflows_of(tls) == 2, what="the second subflow")
            sock.sendall(client_hello("www.bank.test"))
            says_back(tls)
            tls.sendall(b"x" * 300_000)
            receive_exactly(tls, 300_000)
            yield wait_for(lambda: [one for one in lab.weir.live_flows() if one["domain"] == origin.name])[0]["id"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_view_fits_its_screen(lab, page, screen, dark, request):
    look = request.node.callspec.id
    with traffic(lab) as flow:
        for view in [*VIEWS, f"flow/{flow}"]:
            page.look(screen, dark)
            page.open(view)
            page.is_live()
            page.seen(".subflow.live" if view.startswith("flow/") else f"#view-{view} h2 ~ *")
            if view == "glance":
                page.says("#tile-live .note", "1 MPTCP")
                page.says("#subflows", "2 subflows")
                page.until(lambda: page.all("#plot-bytes canvas"), "a plot")
            assert page.overhang() <= 0, view
            assert page.screenshot(f"{view.split('/')[0]}-{look}", screen, dark).stat().st_size > 10_000


# --- by keyboard, and read aloud

CONTROLS = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "columnheader"}


def test_every_control_has_a_name_and_is_reached_by_tab(lab, page):
    page.cdp("Accessibility.enable")
    with lab.open(lab.origin(), mptcp=True) as tls:
        says_back(tls)
        for view in VIEWS:
            page.open(view)
            page.is_live()
            page.seen(f"#view-{view} h2 ~ *")
            for node in page.cdp("Accessibility.getFullAXTree")["nodes"]:
                role = node.get("role", {}).get("value")
                if role in CONTROLS and not node["ignored"]:
                    assert node.get("name", {}).get("value"), (view, node)
    page.open("glance")
    page.is_live()
    wanted, seen = {"reload", "drain"}, set()
    for _ in range(20):
        page.find("body").send_keys(Keys.TAB)
        seen.add(page.run("return document.activeElement.id || document.activeElement.dataset.view"))
    assert wanted <= seen and set(VIEWS) <= seen, seen


def test_a_dialog_keeps_the_focus_and_ends_by_escape(page):
    page.find("#drain").send_keys(Keys.ENTER)
    page.seen("#confirm-dialog")
    assert page.run("return document.activeElement.id") == "confirm-cancel", "what is grave is not the first choice"
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until(lambda: not page.find("#confirm-dialog").is_displayed(), "the dialog gone")
    assert page.run("return document.activeElement.id") == "drain"
