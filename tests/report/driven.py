"""A real browser that stays open and is told what to do, over a pipe in the DevTools protocol (no network, no library).

One serves all tests of a process: starting it takes longer than showing it a page.
"""

import base64
import json
import os
import subprocess
import tempfile
import time

from tests.report.browser import BROWSER, Opened, tree_of

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
"""Of a browser that asks the network for nothing by itself and keeps nothing."""

DRAWN = "document.body.dataset.ready"
"""What is there once a report is drawn."""

PATIENCE = 120
"""Seconds that a page may take on a machine that is busy with other things."""


class Browser:
    """One browser with one page: `show` a file, `ask` it, `press` a key, take a `picture`, say what was `seen`."""

    def __enter__(self):
        assert BROWSER is not None
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs, self._write = os.pipe()
        self._read, out = os.pipe()
        # the browser reads from its file 3 and writes to its file 4
        line = f'exec "$0" "$@" 3<&{theirs} 4>&{out}'
        command = ["bash", "-c", line, BROWSER, *FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"]
        self._process = subprocess.Popen(
            command, pass_fds=(theirs, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs)
        os.close(out)
        self._waiting, self._number, self._session = b"", 0, None
        self._logged: list[str] = []
        self._requested: dict[str, str] = {}
        page = self._tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._tell("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._tell(f"{domain}.enable")
        return self

    def __exit__(self, *error):
        os.close(self._write)
        os.close(self._read)
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _tell(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._waiting:
                part = os.read(self._read, 1 << 20)
                assert part, "the browser has ended"
                self._waiting += part
            one, _, self._waiting = self._waiting.partition(b"\0")
            answer = json.loads(one)
            self._note(answer.get("method"), answer.get("params"))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _note(self, event, said):
        """Keep what the page logs, errors and violations of its policy included, and what it asks the network for."""
        if event == "Runtime.consoleAPICalled":
            self._logged.append(" ".join(str(one.get("value", one.get("description"))) for one in said["args"]))
        elif event == "Runtime.exceptionThrown":
            thrown = said["exceptionDetails"]
            self._logged.append(thrown.get("exception", {}).get("description", thrown["text"]))
        elif event == "Log.entryAdded":
            self._logged.append(said["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self._requested[said["requestId"]] = said["request"]["url"]
        elif event == "Network.loadingFailed" and said.get("blockedReason") == "csp":
            self._requested.pop(said["requestId"], None)

    def show(self, path, width, height=1000, dark=False, fragment="", until=DRAWN):
        """Open a page and wait until its scripts have come to ``until``."""
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])
        self._tell("Page.navigate", url="about:blank")
        self._logged.clear()
        self._requested.clear()
        self._tell("Page.navigate", url=f"{path.as_uri()}#{fragment}")
        end = time.monotonic() + PATIENCE
        while not self.ask(f"document.readyState === 'complete' && Boolean({until})"):
            assert time.monotonic() < end, f"the page did not come to {until}"
            time.sleep(0.1)

    def seen(self):
        """The page as it is now, with what it logged and asked the network for since it was shown."""
        html = self.ask("document.documentElement.outerHTML")
        addresses = {one for one in self._requested.values() if not one.startswith(("file:", "data:", "about:"))}
        return Opened(tree_of(html), list(self._logged), sorted(addresses))

    def opened(self, path, fragment="", until=DRAWN):
        """Show a page and say what is `seen` of it."""
        self.show(path, 1280, 2000, fragment=fragment, until=until)
        return self.seen()

    def ask(self, script):
        """The value of an expression in the page, which may be a promise."""
        found = self._tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key):
        """Press and let go of a key."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        self._tell("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text)
        self._tell("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def picture(self, height=None):
        """The page from its top as the content of a PNG file, whole or of a height in pixels."""
        width, whole = self.ask("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height or whole, "scale": 1}
        found = self._tell("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(found["data"])
