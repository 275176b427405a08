#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make snoopd.ini(5) from the comments of config/snoopd.ini, so that both say the same.

usage: ini.py snoopd.ini > snoopd.ini.5

A paragraph of the file is one of three things: a section (its comment, [NAME], then the first key),
a key (the first line of its comment says what is allowed and the default; then what it is for), or
a comment alone: the introduction, and at the end what can be there many times, as the first
[KIND NAME] in it says."""
import re
import sys

HEAD = r""".\" Generated from config/snoopd.ini
.Dd November 23, 2026
.Dt SNOOPD.INI 5
.Os snoopd
.Sh NAME
.Nm snoopd.ini
.Nd configuration of snoopd
.Sh DESCRIPTION"""
TAIL = r""".Sh FILES
.Bl -tag -width Ds
.It Pa /etc/snoopd/snoopd.ini
The configuration of the service.
.It Pa /usr/share/snoopd/presets
Configurations for kinds of radios.
.El
.Sh SEE ALSO
.Xr snoopctl 1 ,
.Xr snoopd 8"""


def escaped(text):
    text = text.replace("\\", r"\e")
    return r"\&" + text if text.startswith((".", "'")) else text


def prose(comment):
    """Lines of text; an empty one begins a new paragraph."""
    return [escaped(line) if line else ".Pp" for line in comment]


def literal(comment):
    return [".Bd -literal", *(escaped(line) for line in comment), ".Ed"]


def many(comment):
    """What can be there many times: [KIND NAME] with its form and examples."""
    name = next(line for line in comment if re.match(r"\[\w+ NAME\]", line)).split("]")[0]
    return [f".Ss {name}]", *literal(comment)]


def key(name, comment):
    allowed, *purpose = comment
    return [f".It Sy {name}", escaped(allowed) + ".", ".br", *prose(purpose)]


def page(text):
    lines, comment, in_section, at_end = [], [], False, False
    for line in text.splitlines():
        section, setting = re.fullmatch(r"\[(\w+)\]", line), re.match(r"(\w+) *=", line)
        if line.startswith("#"):
            comment.append(line[1:].removeprefix(" ").rstrip())
            continue
        if section:
            lines += [".El"] * in_section
            lines += [f".Ss [{section[1]}]", *prose(comment), ".Bl -tag -width Ds"]
            in_section = True
        elif setting:
            lines += key(setting[1], comment)
        elif comment and in_section:
            lines += [".El", *many(comment)]
            in_section, at_end = False, True
        elif comment and at_end:
            lines += many(comment)
        else:
            lines += prose(comment)
        comment = []
    if comment:
        lines += [".El"] * in_section + many(comment)
    return "\n".join([HEAD, *lines, TAIL])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as ini:
        print(page(ini.read()))
