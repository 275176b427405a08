# SPDX-License-Identifier: BSD-3-Clause
"""Checks with whole programs: a web server under load, and SSH. Skipped where the program is not
installed."""

import contextlib
import os
import re
import shutil
import subprocess
import time
import urllib.request

from lab import ADDRESSES, check_call
from stacks import Background, CheckSkipped, DEADLINE_S, demand, digest, inside, make_socket

WEB_PORT, SSH_PORT = 8080, 2222
LOAD_S, LOAD_CONNECTIONS = 3, 50
NGINX_CONF = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen {address}:{port}; root {folder}/web; }}
}}
"""
SSHD_CONF = """
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
"""


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            raise CheckSkipped(program + " is not installed")


def wait_for_server(lab, role, where, process, name):
    """Until it accepts a connection from its own host."""
    end = time.monotonic() + DEADLINE_S
    while True:
        with make_socket(lab, role) as sock:
            if sock.connect_ex(where) == 0:
                return
        demand(process.poll() is None and time.monotonic() < end,
               "%s does not start: %s" % (name, lab.log_tail(name)))
        time.sleep(0.02)


@contextlib.contextmanager
def serving(lab, role, where, name, *argv):
    """A server that ends with the check, also with one that failed: the next round needs its
    port."""
    server = lab.process(lab.in_netns(role, *argv), name)
    try:
        wait_for_server(lab, role, where, server, name)
        yield
    finally:
        server.terminate()
        server.wait(DEADLINE_S)


def fetch(lab, url):
    def get():
        with inside(lab, "mobile"), urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
            return digest(answer.read())
    return Background(get)


def web(lab):
    """nginx on the wired host, wrk on the mobile host, and downloads that are compared
    meanwhile."""
    need("nginx", "wrk")
    folder = lab.dir / "nginx"
    (folder / "web").mkdir(parents=True, exist_ok=True)
    page = os.urandom(100_000)
    (folder / "web" / "page").write_bytes(page)
    (folder / "nginx.conf").write_text(NGINX_CONF.format(folder=folder,
                                                         address=ADDRESSES["wired"][4],
                                                         port=WEB_PORT))
    where = ADDRESSES["wired"][4], WEB_PORT
    url = "http://%s:%d/page" % where
    with serving(lab, "wired", where, "nginx", "/usr/sbin/nginx", "-p", folder, "-c",
                 folder / "nginx.conf"):
        load = lab.process(lab.in_netns("mobile", "wrk", "-t", "1", "-c", str(LOAD_CONNECTIONS),
                                        "-d", "%ds" % LOAD_S,
                                        "--timeout", "%ds" % DEADLINE_S, url), "wrk")
        downloads = [fetch(lab, url) for _ in range(5)]
        for download in downloads:
            demand(download.wait() == digest(page), "a page differs")
        demand(load.wait(DEADLINE_S) == 0, "wrk failed: " + lab.log_tail("wrk"))
    report = (lab.dir / "wrk.log").read_text()
    demand(re.search(r"[1-9]\d* requests in", report), "no request was answered: " + report)
    demand("Socket errors" not in report and "Non-2xx" not in report, report)


def ssh(lab):
    """A session that echoes what it is sent."""
    need("sshd", "ssh", "ssh-keygen")
    for name in ("host_key", "user_key"):
        (lab.dir / name).unlink(missing_ok=True)  # else ssh-keygen asks
        check_call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(lab.dir / name))
    os.makedirs("/run/sshd", exist_ok=True)
    (lab.dir / "sshd_config").write_text(SSHD_CONF.format(folder=lab.dir,
                                                          address=ADDRESSES["mobile"][4],
                                                          port=SSH_PORT))
    payload = os.urandom(300_000)
    with serving(lab, "mobile", (ADDRESSES["mobile"][4], SSH_PORT), "sshd", "/usr/sbin/sshd", "-D",
                 "-e", "-f", lab.dir / "sshd_config"):
        done = subprocess.run(lab.in_netns("wired", "ssh", "-F", "none", "-i",
                                           str(lab.dir / "user_key"), "-p", str(SSH_PORT), "-o",
                                           "StrictHostKeyChecking=no", "-o",
                                           "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                                           "root@" + ADDRESSES["mobile"][4], "cat"),
                              input=payload, capture_output=True, timeout=DEADLINE_S, check=False)
    demand(done.returncode == 0, "ssh: %s" % done.stderr.decode(errors="replace").strip())
    demand(digest(done.stdout) == digest(payload), "the echo differs")
