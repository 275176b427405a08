# SPDX-License-Identifier: BSD-3-Clause
"""Stop one thread of another process as a debugger does; a signal would stop all of them."""

import ctypes
import os

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # threads too


class StoppedThread:
    """A stopped thread; the others of its process run."""

    def __init__(self, tid):
        self.tid = tid
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(self, request):
        if self.libc.ptrace(request, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {self.tid}")

    def __enter__(self):
        self.ptrace(PTRACE_SEIZE)
        self.ptrace(PTRACE_INTERRUPT)
        os.waitpid(self.tid, WALL)
        return self

    def __exit__(self, *exc_info):
        self.ptrace(PTRACE_DETACH)


def worker_thread(pid):
    """@return the first thread of snoopd that forwards packets"""
    folder = f"/proc/{pid}/task"
    for task in sorted(os.listdir(folder), key=int):
        with open(f"{folder}/{task}/comm", encoding="ascii") as name:
            if name.read().startswith(("lcore-worker", "dpdk-worker", "rte-worker")):
                return int(task)
    raise AssertionError("no worker thread")
