"""The status page in Chromium, which chromedriver drives; both in the gateway's namespace, whose loopback has the page."""

import contextlib
import json
import shutil
import subprocess

import pytest
from selenium import webdriver
from selenium.common.exceptions import (NoSuchElementException, StaleElementReferenceException, TimeoutException,
                                         WebDriverException)
from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from weir import ROOT, Lines

PAGE = "http://127.0.0.1:9080/"
RESULTS = ROOT / "build" / "results"
PORT = 9515
PATIENCE = 30
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
HAS_CHROMIUM = pytest.mark.skipif(not shutil.which("chromium") or not shutil.which("chromedriver"),
                                  reason="takes the packages chromium and chromium-driver")

DESKTOP = {"width": 1280, "height": 900, "mobile": False}
PHONE = {"width": 360, "height": 740, "mobile": True}


class Browser:
    def __init__(self, driver, downloads):
        self.driver = driver
        self.downloads = downloads
        self.urls = []  # of every request that was made
        self._console = []

    # what a user does

    def open(self, view="glance"):
        """Loaded anew."""
        self.load(f"{PAGE}#/{view}")

    def load(self, url):
        """Again, where Chromium drops what it loads because an address or a link of the namespace has just come."""
        for _ in range(10):
            self.driver.get("about:blank")
            self._read_console()
            try:
                self.driver.get(url)
            except WebDriverException as error:
                if NETWORK_CHANGED not in str(error):
                    raise
                continue
            if not any(NETWORK_CHANGED in line for line in self._read_console()):
                return
        raise AssertionError(f"the network does not come to rest: {url}")

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def seen(self, css):
        """Once it is there and shown."""
        return self.until(lambda: next((one for one in self.all(css) if one.is_displayed()), None), f"{css} seen")

    def click(self, css):
        button = self.until(lambda: self.seen(css).is_enabled() and self.seen(css), f"{css} enabled")
        self.run("arguments[0].scrollIntoView({ block: 'center' })", button)
        button.click()

    def type(self, css, text):
        field = self.seen(css)
        field.clear()
        field.send_keys(text)

    def choose(self, css, value):
        self.seen(f"{css} option[value='{value}']").click()

    def text(self, css):
        return self.find(css).get_attribute("textContent")

    # what a test waits for and asks

    def until(self, condition, what):
        def holds(_):
            return condition()

        not_yet = [NoSuchElementException, StaleElementReferenceException]
        try:
            return WebDriverWait(self.driver, PATIENCE, 0.05, not_yet).until(holds)
        except TimeoutException:
            state = self.run("return [location.href, document.readyState, document.visibilityState,"
                             " document.getElementById('link')?.textContent]")
            raise AssertionError(f"no {what} in {PATIENCE} s; {state}; console: {self.complaints()}") from None

    def says(self, css, *parts):
        """Once its text has all of them."""
        self.until(lambda: all(part in self.text(css) for part in parts), f"{parts} in {css}")

    def is_live(self):
        self.says("#link", "live")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def cdp(self, command, **parameters):
        return self.driver.execute("executeCdpCommand", {"cmd": command, "params": parameters})["value"]

    def complaints(self):
        """Of the console: errors, exceptions, what the content policy refused."""
        self._read_console()
        lines, self._console = self._console, []
        return [line for line in lines if NETWORK_CHANGED not in line]

    def _read_console(self):
        """What is new there."""
        new = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]
        self._console += new
        return new

    def requests(self):
        """Every URL that was asked for so far, by Chromium's own account."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.urls.append(message["params"]["request"]["url"])
        return self.urls

    # how it looks

    def look(self, screen, dark=False):
        self.cdp("Emulation.setDeviceMetricsOverride", deviceScaleFactor=1, **screen)
        scheme = "dark" if dark else "light"
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                         {"name": "prefers-reduced-motion", "value": "reduce"}])

    def overhang(self):
        """How far the page is wider than the screen."""
        return self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def screenshot(self, name, screen, dark=False):
        """The whole page, in build/results."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        height = self.run("return document.documentElement.scrollHeight")
        self.look(screen | {"height": min(max(height, screen["height"]), 5000)}, dark)
        file = RESULTS / f"page-{name}.png"
        assert self.driver.save_screenshot(str(file))
        self.look(screen, dark)
        return file


@contextlib.contextmanager
def browser_in(namespace, folder, *options):
    """A Browser, with nothing left of it afterwards: its processes end with their own process namespace."""
    process = namespace.start(["env", f"HOME={folder}", "unshare", "--fork", "--pid", "--mount-proc", "--kill-child",
                               "chromedriver", f"--port={PORT}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
    Lines(process.stdout).until(lambda line: "started successfully" in line)
    chromium = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                   "--hide-scrollbars", f"--user-data-dir={folder}/profile", *options):
        chromium.add_argument(option)
    chromium.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with namespace.entered():
        connection = ChromiumRemoteConnection(f"http://127.0.0.1:{PORT}", "goog", "chrome")
        driver = webdriver.Remote(connection, options=chromium)
        try:
            browser = Browser(driver, folder / "Downloads")
            browser.look(DESKTOP)
            yield browser
        finally:
            driver.quit()
            process.kill()
            process.wait()
