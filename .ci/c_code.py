# SPDX-License-Identifier: BSD-3-Clause
"""What the checks know of C. They rely on clang-format: a function's braces are in column 0."""

import re

_NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'", re.DOTALL)
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_FUNCTION = re.compile(
    r"^[ \t]*(?P<head>[A-Za-z_][\w\s*]*?)\b(?P<name>[A-Za-z_]\w*)[ \t]*\("
    r"(?P<rest>[^;{}]*)\)[^;{}()]*\n\{(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)[ \t]*\(|->[ \t]*\w+")


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def includes(text):
    """@return (line, name, whether it is in quotes) of each #include"""
    code = re.sub(r"/\*.*?\*/", _blank, text, flags=re.DOTALL)
    return [(line_of(code, match.start()), match[2], match[1] == '"')
            for match in _INCLUDE.finditer(code)]


def code_only(text):
    """The text with blanks for comments, strings, attributes, and preprocessor lines."""
    text = _NOT_CODE.sub(_blank, text)
    return _DIRECTIVE.sub(_blank, _ATTRIBUTE.sub(_blank, text))


def functions(text):
    """@return (name, static, first line, last line, [(line, called name)...]) of each function"""
    code = code_only(text)
    found = []
    for match in _FUNCTION.finditer(code):
        calls = [(line_of(code, match.start("body") + call.start()), call[1])
                 for call in _CALL.finditer(match["body"]) if call[1]]
        found.append((match["name"], "static" in match["head"].split(),
                      line_of(code, match.start("name")), line_of(code, match.end() - 1), calls))
    return found
