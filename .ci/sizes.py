# SPDX-License-Identifier: BSD-3-Clause
"""Can a reader finish it? Files, functions, folders, and lines have an upper bound."""

import posixpath

import c_code

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
FOLDER_MODULES_MAX = 16
COLUMNS_MAX = 100


def _check_files(code):
    faults, modules = [], {}
    for file in code:
        lines = len(file.lines)
        if lines > FILE_LINES_MAX:
            faults.append(f"{file.path}: {lines} lines, at most {FILE_LINES_MAX}")
        for name, _, first, last, _ in c_code.functions(file.text):
            if last - first + 1 > FUNCTION_LINES_MAX:
                faults.append(f"{file.path}:{first}: {name}() has {last - first + 1} lines, "
                              f"at most {FUNCTION_LINES_MAX}")
        # A .c file and its header are one module.
        module = posixpath.splitext(file.path)[0]
        modules.setdefault(posixpath.dirname(module), set()).add(module)
    for folder, names in modules.items():
        if len(names) > FOLDER_MODULES_MAX:
            faults.append(f"{folder}: {len(names)} modules, at most {FOLDER_MODULES_MAX}")
    return faults


def _check_lines(scripts):
    faults = []
    for file in scripts:
        for number, line in enumerate(file.lines, 1):
            columns = len(line.expandtabs(8))
            if columns > COLUMNS_MAX:
                faults.append(f"{file.path}:{number}: {columns} columns, at most {COLUMNS_MAX}")
    return faults


def check(code, lines):
    """
    code   C below app and lib
    lines  all whose lines have a bound

    @return a line for each fault
    """
    return _check_files(code) + _check_lines(lines)
