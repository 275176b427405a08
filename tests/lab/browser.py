# SPDX-License-Identifier: BSD-3-Clause
"""A headless Chromium, driven over its debugging pipe (Chrome DevTools Protocol, messages end with
a zero byte)."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from lab import LabError

DEADLINE_S = 60


class Browser:
    """A context manager with one page. `prefix` is put before the command, to run it in a
    namespace."""

    def __init__(self, prefix=()):
        self.dir = tempfile.mkdtemp(prefix="snoopd-browser-")
        down_read, self.down = os.pipe()
        self.up, up_write = os.pipe()
        self.buffer, self.last_id, self.session = b"", 0, None
        self.requests = []

        def install_pipes():
            # Above 3 and 4 first: one of ours may be one of these.
            read, write = os.dup2(down_read, 20), os.dup2(up_write, 21)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [*prefix, "chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             f"--user-data-dir={self.dir}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=install_pipes, start_new_session=True)
        os.close(down_read)
        os.close(up_write)

    def __enter__(self):
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.call("Target.attachToTarget", targetId=target,
                                     flatten=True)["sessionId"]
            self.call("Page.enable")
            self.call("Network.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info):
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.down)
        os.close(self.up)
        shutil.rmtree(self.dir, ignore_errors=True)

    def _message(self):
        end = time.monotonic() + DEADLINE_S
        while b"\0" not in self.buffer:
            if not select.select([self.up], [], [], max(0, end - time.monotonic()))[0]:
                raise LabError("chromium does not answer")
            data = os.read(self.up, 1 << 20)
            if not data:
                raise LabError("chromium ended")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.down, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._message()
            if reply.get("method") == "Network.requestWillBeSent":
                self.requests.append(reply["params"]["request"]["url"])
            if reply.get("id") == self.last_id:
                if "error" in reply:
                    raise LabError(f"{method}: {reply['error']}")
                return reply["result"]

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise LabError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, script, what):
        """@return the value of script as soon as it is true."""
        end = time.monotonic() + DEADLINE_S
        while True:
            value = self.evaluate(script)
            if value:
                return value
            if time.monotonic() > end:
                raise LabError(f"the page: {what}: {self.evaluate('document.body.innerText')}")
            time.sleep(0.1)

    def size(self, width, height, scale=1, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=mobile)

    def color_scheme(self, name):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
