# SPDX-License-Identifier: BSD-3-Clause
"""Where DPDK keeps the files of a running process."""

import os
import shutil


def of(prefix):
    """@return the folder of the process with --file-prefix `prefix`"""
    if os.geteuid() == 0:
        # Only this one: what other users put elsewhere is not root's to touch.
        return os.path.join("/var/run/dpdk", prefix)
    return os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/tmp"), "dpdk", prefix)


def remove(prefix):
    shutil.rmtree(of(prefix), ignore_errors=True)
