# SPDX-License-Identifier: BSD-3-Clause
"""Do includes and calls point downwards only? The rooms and floors are in .ci/rooms."""

import os
import posixpath
from pathlib import Path

import c_code


class Rooms:
    """The table. Floor 0 is the top."""

    def __init__(self, text, where=".ci/rooms"):
        self.floors = {}
        self.alone = {}
        self.pure = []
        self.roots = []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            key, colon, values = line.partition(":")
            if not line:
                continue
            if not colon:
                for room in line.split():
                    if room in self.floors:
                        raise ValueError(f"{where}:{number}: {room} is listed twice")
                    self.floors[room] = number
            elif key == "pure":
                self.pure += values.split()
            elif key == "include":
                self.roots += values.split()
            elif key.startswith("alone "):
                room = key.split()[1]
                self.alone[room] = values.split()
            else:
                raise ValueError(f"{where}:{number}: unknown key '{key}'")

    def room_of(self, path):
        """@return the file itself or its folder, whichever has a place in the table, or None"""
        for room in (path, posixpath.dirname(path)):
            if room in self.floors or room in self.alone:
                return room
        return None

    def fault(self, user, used):
        """@return why the file `user` may not use the file `used`, or None if it may"""
        above, below = self.room_of(user), self.room_of(used)
        if above is None or below is None or above == below:
            return None
        if above in self.alone:
            allowed = self.alone[above]
            return None if below in allowed or used in allowed else f"{above} stands alone"
        if below in self.alone:
            return f"{below} stands alone"
        if self.floors[above] < self.floors[below]:
            return None
        relation = "beside" if self.floors[above] == self.floors[below] else "below"
        return f"{above} is {relation} {below}"

    def is_pure(self, path):
        return any(path.startswith(folder + "/") for folder in self.pure)


def _resolve(name, quoted, user, known, roots):
    """@return the file of the tree that an #include names, or None"""
    folders = ([posixpath.dirname(user)] if quoted else []) + roots
    for folder in folders:
        path = posixpath.normpath(posixpath.join(folder, name))
        if path in known:
            return path
    return None


def _cycles(arrows):
    """@return one fault for each include that closes a cycle"""
    faults, state = [], {}

    def visit(path, trail):
        state[path] = "open"
        for line, used in arrows.get(path, []):
            if state.get(used) == "open":
                cycle = (trail + [path])[(trail + [path]).index(used):] + [used]
                faults.append(f"{path}:{line}: an include cycle: {' > '.join(cycle)}")
            elif used not in state:
                visit(used, trail + [path])
        state[path] = "done"

    for path in sorted(arrows):
        if path not in state:
            visit(path, [])
    return faults


def _check_includes(sources, rooms):
    known = {source.path for source in sources}
    faults, arrows = [], {}
    for source in sources:
        arrows[source.path] = []
        for line, name, quoted in c_code.includes(source.text):
            where = f"{source.path}:{line}: #include of {name}"
            used = _resolve(name, quoted, source.path, known, rooms.roots)
            if used is None:
                if quoted:
                    faults.append(f"{where}: there is no such file in the tree")
                if name.startswith("rte_") and rooms.is_pure(source.path):
                    faults.append(f"{where}: this folder is without DPDK")
                continue
            arrows[source.path].append((line, used))
            fault = rooms.fault(source.path, used)
            if fault:
                faults.append(f"{where}: {fault}")
    return faults + _cycles(arrows)


def _program(path):
    return "/".join(path.split("/")[:2]) if path.startswith("app/") else None


def _meant(user, homes):
    """@return the files that a call may mean: those of the caller's program and of libraries"""
    near = [home for home in homes if _program(home) in (None, _program(user))]
    return near or ([] if _program(user) else homes)


def _check_calls(sources, rooms):
    parsed = {source.path: c_code.functions(source.text) for source in sources}
    homes = {}
    for path, functions in parsed.items():
        for name, static, *_ in functions:
            if not static:
                homes.setdefault(name, []).append(path)
    faults = []
    for path, functions in parsed.items():
        own = {name for name, *_ in functions}
        calls = {call for *_, calls in functions for call in calls if call[1] not in own}
        for line, name in sorted(calls):
            for home in _meant(path, homes.get(name, [])):
                fault = rooms.fault(path, home)
                if fault:
                    faults.append(f"{path}:{line}: {name}() is in {home}: {fault}")
    return faults


def check(sources, rooms):
    """sources: those of C below app and lib. @return a line for each fault"""
    faults = [f"{source.path}: its folder is no room, .ci/rooms needs a line for it"
              for source in sources if rooms.room_of(source.path) is None]
    return faults + _check_includes(sources, rooms) + _check_calls(sources, rooms)


def read_rooms(top):
    path = os.path.join(".ci", "rooms")
    return Rooms((Path(top) / path).read_text(), path)
