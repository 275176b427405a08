#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`meson install` into an empty folder: what is there, and that the unit names it. test_install.py
BUILD SOURCE"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, SOURCE = Path(sys.argv[1]), Path(sys.argv[2])


def option(name):
    options = json.loads(subprocess.check_output(["meson", "introspect", BUILD, "--buildoptions"]))
    return next(entry["value"] for entry in options if entry["name"] == name)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = Path(option("prefix"))
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = Path(folder.name)
        subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", BUILD, "--destdir",
                        folder.name], check=True)

    def at(self, *parts):
        """Below the destination; a part that is absolute (/etc) stands for itself."""
        return self.root / str(self.prefix.joinpath(*parts)).lstrip("/")

    def test_everything_is_there(self):
        sysconf, data, man = option("sysconfdir"), option("datadir"), option("mandir")
        expected = {
            self.at(option("sbindir"), "snoopd"), self.at(option("bindir"), "snoopctl"),
            self.at(sysconf, "snoopd", "snoopd.ini"), self.at(sysconf, "default", "snoopd"),
            self.at("lib/systemd/system/snoopd.service"), self.at("lib/sysusers.d/snoopd.conf"),
            self.at(man, "man1", "snoopctl.1"), self.at(man, "man5", "snoopd.ini.5"),
            self.at(man, "man8", "snoopd.8"), self.at(data, "doc", "snoopd", "README.md"),
        }
        expected |= {self.at(data, "snoopd", path.parent.name, path.name)
                     for path in SOURCE.glob("config/*/*")}
        expected |= {self.at(data, "doc", "snoopd", "doc", text.name)
                     for text in SOURCE.glob("doc/*") if text.is_file()}
        expected |= {self.at(data, "bash-completion", "completions", "snoopctl")
                     for _ in SOURCE.glob("app/snoopctl/completion/snoopctl")}
        found = {path for path in self.root.rglob("*") if not path.is_dir()}
        self.assertEqual({str(path) for path in found}, {str(path) for path in expected})

    def test_unit_names_what_is_installed(self):
        unit = self.at("lib/systemd/system/snoopd.service").read_text()
        program, ini = (self.prefix / option("sbindir") / "snoopd",
                        self.prefix / option("sysconfdir") / "snoopd/snoopd.ini")
        self.assertIn(f"ExecStart={program} $SNOOPD_EAL -- --config {ini}\n", unit)
        self.assertIn(f"EnvironmentFile={self.prefix / option('sysconfdir')}/default/snoopd\n",
                      unit)

    def test_installed_configuration_is_valid(self):
        check = [self.at(option("sbindir"), "snoopd"), "--check-config", "--config",
                 self.at(option("sysconfdir"), "snoopd", "snoopd.ini")]
        self.assertEqual(subprocess.run(check, stdout=subprocess.DEVNULL).returncode, 0)
        self.assertTrue(os.access(self.at(option("bindir"), "snoopctl"), os.X_OK))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
