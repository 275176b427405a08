#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A file as a C array: embed.py INPUT OUTPUT NAME."""
import sys

with open(sys.argv[1], 'rb') as source:
    data = source.read()
with open(sys.argv[2], 'w', encoding='ascii') as out:
    out.write('#include <stddef.h>\n#include <snoopd/observe/content.h>\n\n'
              f'const unsigned char {sys.argv[3]}[] = {{\n')
    for at in range(0, len(data), 16):
        out.write('\t' + ', '.join(str(byte) for byte in data[at:at + 16]) + ',\n')
    out.write(f'}};\nconst size_t {sys.argv[3]}_bytes = sizeof({sys.argv[3]});\n')
