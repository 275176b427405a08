# SPDX-License-Identifier: BSD-3-Clause
"""The files of the tree, and what each of them is."""

import os
import re
import subprocess
from pathlib import Path

# Made by machines, or packets on purpose.
GENERATED = re.compile(r"^tests/fuzz/seeds/|\.(pcap|pcapng|png|svg)$")
INTERPRETER = re.compile(rb"#! ?\S*/(?:env )?(python|bash|sh|dash)[\d.]*\b")


class Source:
    """One file of the tree. `kind` is c, meson, python, shell, text, or binary."""

    def __init__(self, top, path):
        self.top = top
        self.path = path
        self.data = (Path(top) / path).read_bytes()
        self.kind = self._kind()

    def _kind(self):
        name = os.path.basename(self.path)
        shebang = INTERPRETER.match(self.data)
        if GENERATED.search(self.path) or b"\0" in self.data:
            return "binary"
        if name.endswith((".c", ".h")):
            return "c"
        if name in ("meson.build", "meson_options.txt"):
            return "meson"
        if name.endswith(".py") or shebang and shebang[1] == b"python":
            return "python"
        if name.endswith(".sh") or shebang:
            return "shell"
        return "text"

    @property
    def text(self):
        return self.data.decode(errors="replace")

    @property
    def lines(self):
        return self.text.splitlines()


def _listed(top):
    """As git has it, with new files; a tree without .git (an archive) is walked."""
    if (Path(top) / ".git").exists():
        # The tree may belong to another user than root, who runs the tests.
        command = ["git", "-c", f"safe.directory={Path(top).resolve()}", "-C", str(top)]
        done = subprocess.run(
            command + ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True)
        if done.returncode == 0:
            return sorted(set(done.stdout.split("\0")) - {""})
    found = []
    for folder, folders, names in os.walk(top):
        place = os.path.relpath(folder, top)
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__")
                            and not (place == "." and name.startswith("build")))
        found += [os.path.normpath(os.path.join(place, name)) for name in names
                  if not name.endswith(".pyc")]
    return sorted(found)


def read_all(top):
    return [Source(top, path) for path in _listed(top)
            if (Path(top) / path).is_file() and not (Path(top) / path).is_symlink()]
