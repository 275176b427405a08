#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does .ci/lint find what it is for? Each test makes a small tree with one fault.

test_lint.py SOURCE"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()
SPDX = "/* SPDX-License-Identifier: BSD-3-Clause */\n"
ROOMS = """# a comment
app/box
app/box/left app/box/right   # neighbours
lib/base
lib/base/names.h
alone app/alone: lib/base/names.h
pure: lib
include: lib app
"""


class Tree(unittest.TestCase):
    def setUp(self):
        self.top = Path(tempfile.mkdtemp(prefix="lint-"))
        self.addCleanup(shutil.rmtree, self.top)
        shutil.copytree(SOURCE / ".ci", self.top / ".ci",
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(SOURCE / ".clang-format", self.top)
        self.write(".ci/rooms", ROOMS)

    def write(self, path, text):
        (self.top / path).parent.mkdir(parents=True, exist_ok=True)
        (self.top / path).write_text(text)

    def lint(self, check):
        """@return the exit status and the lines but the last, which counts"""
        done = subprocess.run([self.top / ".ci/lint", check], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.splitlines()[:-1]

    def assert_clean(self, check):
        self.assertEqual(self.lint(check), (0, []))

    def assert_fault(self, check, fault, count=1):
        status, lines = self.lint(check)
        self.assertEqual(status, 1)
        self.assertEqual(len(lines), count, lines)
        self.assertIn(f"{fault} [{check}]", lines)


class Arrows(Tree):
    def test_downward_and_own_room(self):
        self.write("lib/base/sum.h", "int sum(void);\n")
        self.write("lib/base/sum.c", '#include "sum.h"\nint sum(void)\n{\n\treturn 1;\n}\n')
        self.write("app/box/main.c", "#include <stdio.h>\n#include <base/sum.h>\n"
                   "#include <box/left/a.h>\nint main(void)\n{\n\treturn sum();\n}\n")
        self.write("app/box/left/a.h", "#include <base/sum.h>\n")
        self.assert_clean("arrows")

    def test_upward_include(self):
        self.write("app/box/main.h", "")
        self.write("lib/base/sum.c", "\n#include <box/main.h>\n")
        self.assert_fault("arrows", "lib/base/sum.c:2: #include of box/main.h: "
                          "lib/base is below app/box")

    def test_a_file_may_be_a_floor(self):
        self.write("lib/base/sum.h", "")
        self.write("lib/base/names.h", '#include "sum.h"\n')
        self.assert_fault("arrows", "lib/base/names.h:1: #include of sum.h: "
                          "lib/base/names.h is below lib/base")

    def test_neighbours(self):
        self.write("app/box/left/a.h", "")
        self.write("app/box/right/b.h", "#include <box/left/a.h>\n")
        self.assert_fault("arrows", "app/box/right/b.h:1: #include of box/left/a.h: "
                          "app/box/right is beside app/box/left")

    def test_cycle(self):
        self.write("lib/base/a.h", "#include <base/b.h>\n")
        self.write("lib/base/b.h", "#include <base/c.h>\n")
        self.write("lib/base/c.h", "#include <base/a.h>\n")
        self.assert_fault("arrows", "lib/base/c.h:1: an include cycle: "
                          "lib/base/a.h > lib/base/b.h > lib/base/c.h > lib/base/a.h")

    def test_unknown_room(self):
        self.write("app/attic/a.c", "")
        self.assert_fault("arrows", "app/attic/a.c: its folder is no room, "
                          ".ci/rooms needs a line for it")

    def test_commented_out(self):
        self.write("app/box/main.h", "")
        self.write("lib/base/a.c", "/*\n#include <box/main.h>\n*/\n// #include <box/main.h>\n")
        self.assert_clean("arrows")

    def test_alone(self):
        self.write("lib/base/names.h", "")
        self.write("lib/base/sum.h", "")
        self.write("app/alone/main.c", "#include <base/names.h>\n#include <base/sum.h>\n")
        self.assert_fault("arrows", "app/alone/main.c:2: #include of base/sum.h: "
                          "app/alone stands alone")

    def test_pure(self):
        self.write("lib/base/a.c", "#include <rte_mbuf.h>\n")
        self.write("app/box/a.c", "#include <rte_mbuf.h>\n")
        self.assert_fault("arrows", "lib/base/a.c:1: #include of rte_mbuf.h: "
                          "this folder is without DPDK")

    def test_no_such_file(self):
        self.write("lib/base/a.c", '#include "gone.h"\n')
        self.assert_fault("arrows", "lib/base/a.c:1: #include of gone.h: "
                          "there is no such file in the tree")

    def test_upward_call(self):
        """The header that declares it is in a lower room."""
        self.write("lib/base/names.h", "int sum(void);\n")
        self.write("app/box/sum.c", "int sum(void)\n{\n\treturn 1;\n}\n")
        self.write("app/box/left/a.c", "static int\n"
                   "use(void)\n{\n\treturn 1 +\n\t       sum();\n}\n")
        self.assert_fault("arrows", "app/box/left/a.c:5: sum() is in app/box/sum.c: "
                          "app/box/left is below app/box")

    def test_what_is_no_call(self):
        self.write("app/box/sum.c", "int sum(void)\n{\n\treturn 1;\n}\n")
        self.write("app/box/left/a.c", "static int sum(void)\n{\n\treturn 1;\n}\n\n"
                   "int a(void)\n{\n\treturn sum();\n}\n")
        self.write("app/box/left/b.c", 'int b(struct b *b)\n{\n\t/* sum() */\n\tputs("sum()");\n'
                   "\treturn b->sum() + b->ops.sum();\n}\n")
        self.assert_clean("arrows")

    def test_functions_of_one_name_in_two_programs(self):
        self.write("app/alone/sum.c", "int sum(void)\n{\n\treturn 1;\n}\n\n"
                   "int a(void)\n{\n\treturn 1;\n}\n")
        self.write("app/box/sum.c", "int sum(void)\n{\n\treturn 1;\n}\n")
        self.write("app/box/a.c", "int main(void)\n{\n\treturn sum();\n}\n")
        self.assert_clean("arrows")


class Sizes(Tree):
    def test_file(self):
        self.write("lib/base/a.h", "\n" * 400)
        self.assert_clean("sizes")
        self.write("lib/base/a.h", "\n" * 401)
        self.assert_fault("sizes", "lib/base/a.h: 401 lines, at most 400")

    def test_function(self):
        head = ("\n__attribute__((format(printf, 1, 2))) static int\n"
                "long_one(const char *format,\n\t...)\n{\n")
        self.write("lib/base/a.c", head + "\n" * 56 + "}\n")
        self.assert_clean("sizes")
        self.write("lib/base/a.c", head + "\n" * 57 + "}\n")
        self.assert_fault("sizes", "lib/base/a.c:3: long_one() has 61 lines, at most 60")

    def test_folder(self):
        for number in range(16):
            self.write(f"lib/base/m{number}.c", "")
            self.write(f"lib/base/m{number}.h", "")
        self.assert_clean("sizes")
        self.write("lib/base/one_more.h", "")
        self.assert_fault("sizes", "lib/base: 17 modules, at most 16")

    def test_line(self):
        self.write("tests/a.c", "\t" + "x" * 92 + "\n")
        self.write("tests/run", "#!/bin/bash\n" + "#" * 100 + "\n")
        self.assert_clean("sizes")
        self.write("tests/a.c", "\n\t" + "x" * 93 + "\n")
        self.write("tests/run", "#!/bin/bash\n" + "#" * 101 + "\n")
        self.assert_fault("sizes", "tests/a.c:2: 101 columns, at most 100", 2)
        self.assert_fault("sizes", "tests/run:2: 101 columns, at most 100", 2)


class Others(Tree):
    def test_licence(self):
        self.write("lib/base/a.c", SPDX)
        self.write("tests/run", "#!/bin/bash\n# SPDX-License-Identifier: BSD-3-Clause\n")
        self.assert_clean("licence")
        self.write("tests/run", "#!/bin/bash\n")
        self.assert_fault("licence", "tests/run:1: no line with "
                          "SPDX-License-Identifier: BSD-3-Clause among the first five")

    def test_space(self):
        self.write("lib/base/a.c", "int a; \n\nint b;")
        self.assert_fault("space", "lib/base/a.c:1: white space at the end of the line", 2)
        self.assert_fault("space", "lib/base/a.c: no new line at the end of the file", 2)

    def test_temporary(self):
        self.write("tests/a", '#!/bin/sh\nmktemp /tmp/a-' 'XXXXXX\ncp a "$root/var/tmp/a"\n')
        self.assert_clean("temporary")
        self.write("tests/a", "#!/bin/sh\ncp a /var/" "tmp/a\n")
        status, lines = self.lint("temporary")
        self.assertEqual((status, len(lines)), (1, 1))
        self.assertTrue(lines[0].startswith("tests/a:2: a fixed name in /var/tmp"), lines)

    def test_a_tool_that_fails(self):
        """It is no proof that there is nothing to find."""
        self.write(".clang-format", "# clang-format 14\nNoSuchKey: 1\n")
        self.write("bin/clang-format", "#!/bin/sh\n[ $1 = --version ] && echo version 14 && exit\n"
                   "echo 'unknown key NoSuchKey' >&2\nexit 1\n")
        (self.top / "bin/clang-format").chmod(0o755)
        for path, words in (f"{self.top}/bin:/usr/bin:/bin", "clang-format fails: unknown key"), \
                ("/nonexistent", "clang-format is missing (Debian package clang-format)"):
            done = subprocess.run([sys.executable, self.top / ".ci/lint", "format"],
                                  capture_output=True, text=True, env={"PATH": path})
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)

    def test_unknown_check(self):
        done = subprocess.run([self.top / ".ci/lint", "taste"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertTrue(done.stderr.startswith("lint: unknown check 'taste', there are: arrows, "))

    @unittest.skipUnless(shutil.which("git"), "without git")
    def test_new_files_count(self):
        """With git too, before they are added; those that it ignores do not."""
        subprocess.run(["git", "init", "-q", self.top], check=True)
        self.write(".gitignore", "/build\n")
        self.write("build/a.c", "int a; \n")
        self.assert_clean("space")
        self.write("lib/base/a.c", "int a; \n")
        self.assert_fault("space", "lib/base/a.c:1: white space at the end of the line")


if __name__ == "__main__":
    unittest.main()
