"""A browser that stays open and is told what to do, over a pipe in the DevTools protocol (no network, no library)."""

import base64
import json
import os
import subprocess
import tempfile
import time

from tests.report.browser import BROWSER, QUIET

FLAGS = (*QUIET, "--hide-scrollbars", "--remote-debugging-pipe")
PATIENCE = 120
"""Seconds that a page may take on a machine that is busy with other things."""


class Browser:
    """One browser with one page: `show` a file, `ask` it, `press` a key, take a `picture`."""

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
        page = self._tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._tell("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
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
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def show(self, path, width, height=1000, dark=False, fragment=""):
        """Open a report and wait until it is drawn."""
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])
        self._tell("Page.navigate", url="about:blank")
        self._tell("Page.navigate", url=f"{path.as_uri()}#{fragment}")
        end = time.monotonic() + PATIENCE
        while not self.ask("document.readyState === 'complete' && Boolean(document.body.dataset.ready)"):
            assert time.monotonic() < end, "the page was not drawn"
            time.sleep(0.1)

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
