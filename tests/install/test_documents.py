#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Presets are valid and give reasons, manual pages know every option, debian/control every library.

test_documents.py SNOOPD SNOOPCTL INI5 SOURCE"""
import configparser
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SNOOPD, SNOOPCTL = sys.argv[1:3]
GENERATED, SOURCE = Path(sys.argv[3]), Path(sys.argv[4])
PRESETS = sorted(SOURCE.glob("config/presets/*.ini"))


def effective(ini):
    """@return {(section, key): value} as snoopd has it in effect"""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(subprocess.check_output([SNOOPD, "--print-config", "--config", ini],
                                               text=True))
    return {(section, key): value for section in parser.sections()
            for key, value in parser[section].items()}


def output(*command):
    return subprocess.check_output(command, text=True)


class Presets(unittest.TestCase):
    def test_there_is_one_for_each_kind_of_radio(self):
        self.assertEqual([preset.stem for preset in PRESETS],
                         ["point-to-point", "private-5g", "satellite"])

    def test_valid(self):
        for preset in PRESETS:
            self.assertEqual(output(SNOOPD, "--check-config", "--config", preset),
                             f"{preset}: OK\n")

    def test_every_value_differs_from_the_default_and_has_a_reason(self):
        defaults = effective(SOURCE / "config/snoopd.ini")
        for preset in PRESETS:
            in_effect, section, reason = effective(preset), None, False
            for line in preset.read_text().splitlines():
                if match := re.fullmatch(r"\[(\w+)\]", line):
                    section, reason = match[1], False
                elif line.startswith("#"):
                    reason = True
                elif match := re.match(r"(\w+) *=", line):
                    with self.subTest(preset=preset.name, section=section, key=match[1]):
                        self.assertTrue(reason, "no comment above it")
                        self.assertNotEqual(in_effect[section, match[1]],
                                            defaults[section, match[1]])
                else:
                    reason = False


class ManyLinks(unittest.TestCase):
    """The example of the reference."""

    def setUp(self):
        lines = (SOURCE / "config/snoopd.ini").read_text().splitlines()
        lines = [line.removeprefix("# ") for line in lines]
        first = lines.index("[link tower]")
        last = next(i for i in range(first, len(lines)) if lines[i].startswith("Rules"))
        self.ini = Path(self.enterContext(tempfile.TemporaryDirectory())) / "many.ini"
        self.ini.write_text("\n".join(line for line in lines[first:last] if line != "#"))

    def test_printed_and_read_again_it_is_the_same(self):
        printed = output(SNOOPD, "--print-config", "--config", self.ini)
        in_effect = effective(self.ini)
        self.assertEqual(in_effect["link island", "workers"], "1")
        self.assertEqual(in_effect["timers island", "rto_min"], "40ms")
        self.assertEqual(in_effect["timers tower", "rto_min"], "5ms")
        self.ini.write_text(printed)
        self.assertEqual(output(SNOOPD, "--print-config", "--config", self.ini), printed)

    def test_valid(self):
        self.assertEqual(output(SNOOPD, "--check-config", "--config", self.ini),
                         f"{self.ini}: OK\n")


class ManualPages(unittest.TestCase):
    def pages(self):
        return [SOURCE / "doc/man/snoopctl.1", GENERATED, SOURCE / "doc/man/snoopd.8"]

    def test_well_formed(self):
        for page in self.pages():
            subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], check=True)

    def rendered(self, page):
        """As text, without the overstriking of bold and underlined letters."""
        return re.sub(r".\x08", "", output("mandoc", "-T", "ascii", page))

    def test_snoopd_options(self):
        options = (set(re.findall(r"--[a-z][a-z-]+", output(SNOOPD, "--help"))) -
                   {"--no-pci", "--vdev"})
        self.assertEqual(options -
                         set(re.findall(r"--[a-z][a-z-]+",
                                        self.rendered(SOURCE / "doc/man/snoopd.8"))), set())

    def test_snoopctl_options(self):
        named = set(re.findall(r"--[a-z][a-z-]+", output(SNOOPCTL, "--help")))
        self.assertEqual(named -
                         set(re.findall(r"--[a-z][a-z-]+",
                                        self.rendered(SOURCE / "doc/man/snoopctl.1"))), set())

    def test_snoopctl_commands_have_an_entry_each(self):
        commands = re.findall(r"^  ([a-z][a-z-]+)", output(SNOOPCTL, "--help"), re.MULTILINE)
        entries = re.findall(r"^\.It Cm ([a-z-]+)", (SOURCE / "doc/man/snoopctl.1").read_text(),
                             re.MULTILINE)
        self.assertGreater(len(commands), 9)
        self.assertEqual(sorted(commands), sorted(entries))

    def test_snoopctl_exit_statuses(self):
        usage = output(SNOOPCTL, "--help").split("exit status:")[1]
        entries = re.findall(r"^\.It (\d)$", (SOURCE / "doc/man/snoopctl.1").read_text(),
                             re.MULTILINE)
        self.assertEqual(re.findall(r"\b(\d) ", usage), entries)

    def test_snoopd_ini_has_every_key_and_section(self):
        page = self.rendered(GENERATED)
        for section, key in effective(SOURCE / "config/snoopd.ini"):
            self.assertIn(f"[{section}]", page)
            self.assertRegex(page, rf"(?m)^ +{key}\b")


class Metrics(unittest.TestCase):
    """Those that are not made from the tables of counters and histograms; test_docs.py has
    these."""

    def test_both_ways(self):
        source = (SOURCE / "app/snoopd/observe/prometheus.c").read_text()
        samples = set(re.findall(r'PREFIX "(\w+)(?:\{|%s| )',
                                 source)) | set(re.findall(r'EACH_WORKER\("(\w+)"', source))
        samples |= {f"{name}_total" for name in re.findall(r'EACH_SIDE\("(\w+)"', source)}
        for name, kind in re.findall(r'print_counter\(metrics, "(\w+)", "(\w+)"', source):
            samples.add(f"{name}_total" if kind == "counter" else name)
        self.assertGreater(len(samples), 12)
        text = (SOURCE / "doc/operations.md").read_text()
        documented = set(re.findall(r"`snoopd_(\w+)`", text[text.index("Beside the tables:"):]))
        self.assertEqual(samples, documented)


class Package(unittest.TestCase):
    def test_no_abi_of_dpdk_is_written_down(self):
        self.assertEqual(re.findall(r"librte-[a-z-]*\d+", (SOURCE / "debian/control").read_text()),
                         [])

    @unittest.skipUnless(shutil.which("dpkg"), "not a Debian")
    def test_libraries_are_build_dependencies(self):
        builds = [build for build in SOURCE.rglob("meson.build")
                  if build.relative_to(SOURCE).parts[0] in
                  ("app", "lib", "meson.build")]
        control = (SOURCE / "debian/control").read_text()
        for library in {name for build in builds
                        for name in re.findall(r"dependency\('([\w-]+)'", build.read_text())}:
            folder = output("pkg-config", "--variable=pcfiledir", library).strip()
            package = output("dpkg", "-S", f"{folder}/{library}.pc").split(":")[0]
            self.assertRegex(control, rf"(?m)^ {package}\b",
                             f"debian/control: Build-Depends lacks it, for {library}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
