#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""snoopctl against a fake telemetry server: test_snoopctl.py PATH/TO/snoopctl. No DPDK, no root."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

SNOOPCTL = None
GREETING = {'version': 'DPDK 22.11', 'pid': 1, 'max_output_len': 16384}


class Server:
    """Answers with what answer(command) returns: bytes, an object, or None to close."""

    def __init__(self, path, answer, greeting=GREETING, silent=False):
        self.answer, self.greeting, self.silent = answer, greeting, silent
        self.commands = []
        self.clients = []
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(4)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            self.talk(client)

    def talk(self, client):
        if self.silent:
            return
        client.send(self.encode(self.greeting))
        while True:
            command = client.recv(1024).decode()
            if not command:
                break
            self.commands.append(command)
            reply = self.answer(command)
            if reply is None:
                break
            client.send(self.encode(reply))
        client.close()

    @staticmethod
    def encode(reply):
        return reply if isinstance(reply, bytes) else json.dumps(reply).encode()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        for client in self.clients:
            client.close()


def flow(number):
    return {'key': f'10.0.0.1:443 > 192.168.0.{number}:5000', 'level': 'auto', 'reason': 'helped',
            'srtt_us': 4250, 'radio_losses': '5', 'data_segments': 1000,
            'repairs_confirmed': 12345, 'given_up': 2}


class Test(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.dir.name, 'dpdk', 'rte', 'dpdk_telemetry.v2')
        self.server = None

    def tearDown(self):
        if self.server:
            self.server.close()
        self.dir.cleanup()

    def serve(self, *args, path=None, **kwargs):
        self.server = Server(path or self.path, *args, **kwargs)

    def run_it(self, *args, env=None):
        environment = dict(os.environ, RUNTIME_DIRECTORY=self.dir.name)
        environment.update(env or {})
        return subprocess.run([SNOOPCTL, *args], text=True, capture_output=True, timeout=60,
                              env=environment)

    def fails(self, done, status, *words):
        self.assertEqual(done.returncode, status, done)
        self.assertEqual(done.stdout, '')
        self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_stats_text(self):
        self.serve(lambda command: {command: {'rx_wired_packets': 1234567, 'vetoes': '89',
                                              'brand_new': 3, 'flows_active': 0}})
        done = self.run_it('stats')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual([line.split() for line in done.stdout.splitlines()], [
            ['Ports'],
            'rx_wired_packets 1,234,567 packets received from the wired port'.split(),
            [], ['Congestion'],
            'vetoes 89 events losses taken as congestion and left to the sender'.split(),
            [], ['Now'],
            'flows_active 0 flows flows in the table'.split(),
            [], ['Others'],
            ['brand_new', '3']])
        self.assertEqual(self.server.commands, ['/snoop/stats'])

    def test_stats_json(self):
        stats = {'rx_wired_packets': 2**62, 'vetoes': '89'}
        self.serve(lambda command: {command: stats})
        done = self.run_it('--json', 'stats')
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, stats))
        self.assertEqual(json.loads(self.run_it('stats', '--json').stdout), stats)

    def pages(self, count, page, as_list):
        def answer(command):
            name, offset = command.split(',')
            offset = int(offset)
            flows = [flow(n) for n in range(offset, min(offset + page, count))]
            if not as_list:
                flows = {str(n): each for n, each in enumerate(flows)}
            after = offset + page
            return {name: {'total': count, 'offset': offset, 'flows': flows,
                           'next': after if after < count else -1}}
        return answer

    def test_flows_are_paged(self):
        for as_list in False, True:
            self.serve(self.pages(25, 10, as_list))
            done = self.run_it('flows', '--json')
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout),
                             {'total': 25, 'flows': [flow(n) for n in range(25)]})
            self.assertEqual(self.server.commands,
                             ['/snoop/flows,0', '/snoop/flows,10', '/snoop/flows,20'])
            self.server.close()
            os.unlink(self.path)
            self.server = None

    def test_flows_text(self):
        self.serve(self.pages(2, 1, False))
        done = self.run_it('flows')
        self.assertEqual(done.returncode, 0, done.stderr)
        head, first, second, total = done.stdout.splitlines()
        self.assertEqual(head.split(), 'KEY LEVEL REASON SRTT LOSS REPAIRED LEFT'.split())
        self.assertEqual(first.split()[3:], 'auto helped 4.2ms 0.50% 12,345 2'.split())
        self.assertEqual(first.index('auto'), head.index('LEVEL'))
        self.assertEqual(len(first), len(second))
        self.assertEqual(total, '2 of 2 flows')

    def test_no_flows(self):
        self.serve(lambda command: {'/snoop/flows': {'total': 0, 'offset': 0, 'next': -1,
                                                     'flows': {}}})
        self.assertIn('0 of 0 flows', self.run_it('flows').stdout)
        self.server.close()
        os.unlink(self.path)
        self.serve(lambda command: {'/snoop/flows': {'total': 0}})
        self.assertIn('0 of 0 flows', self.run_it('flows').stdout)

    def test_flow_pages_that_do_not_advance(self):
        self.serve(lambda command: {'/snoop/flows': {'total': 9, 'next': 0, 'flows': [flow(1)]}})
        self.assertIn('1 of 9 flows', self.run_it('flows').stdout)

    def test_flows_missing_from_a_page(self):
        self.serve(lambda command: {'/snoop/flows': {'total': 9, 'next': 3}})
        self.fails(self.run_it('flows'), 1, self.path, '/snoop/flows,0 holds no flows')

    def test_flow_of_another_version(self):
        self.serve(lambda command: {'/snoop/flows': {'total': 1, 'flows': [{'srtt_us': 'x'}, 5]}})
        done = self.run_it('flows')
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.splitlines()[1].split(), ['-'] * 7)

    def test_config(self):
        self.serve(lambda command: {command: {
            'link/wired': 'net_tap0', 'link/mode': 'auto', 'hold/acks': 64, 'cache.bytes': '64MiB',
            'rule/ab/mode': 'observe', 'rule/cd': {'wired_ports': '22', 'mode': 'bypass'},
            'bare': 'x'}})
        self.assertEqual(self.run_it('config').stdout,
                         '[link]\nwired = net_tap0\nmode = auto\n\n[hold]\nacks = 64\n\n'
                         '[cache]\nbytes = 64MiB\n\n[rule ab]\nmode = observe\n\n'
                         '[rule cd]\nwired_ports = 22\nmode = bypass\n\n[]\nbare = x\n')

    def test_unknown_command(self):
        self.serve(lambda command: {command: None})
        self.fails(self.run_it('stats'), 1, self.path, '/snoop/stats is not known there')

    def test_cut_off_reply(self):
        self.serve(lambda command: b'{"/snoop/stats": {"rx_wired_packets": 12')
        self.fails(self.run_it('stats'), 1, self.path, 'not JSON', 'cut off')

    def test_reply_longer_than_announced(self):
        self.serve(lambda command: b'{"/snoop/stats": {"a": "' + b'x' * 20000 + b'"}}')
        self.fails(self.run_it('stats'), 1, '20027 bytes where 16384 were announced')

    def test_failure_in_a_later_page(self):
        pages = self.pages(25, 10, True)
        self.serve(lambda command: pages(command) if command.endswith(',0') else b'{')
        self.fails(self.run_it('flows'), 1, '/snoop/flows,10', 'not JSON')

    def test_server_goes_away(self):
        self.serve(lambda command: None)
        self.fails(self.run_it('stats'), 1, 'closed the connection')

    def test_not_telemetry(self):
        for greeting in b'hello', {'max_output_len': 5}, {'max_output_len': 1 << 40}, [1]:
            self.serve(lambda command: None, greeting=greeting)
            self.fails(self.run_it('stats'), 1, 'no greeting of DPDK telemetry')
            self.server.close()
            os.unlink(self.path)
            self.server = None

    def test_silent_server(self):
        self.serve(lambda command: None, silent=True)
        self.fails(self.run_it('stats'), 1, 'does not answer')

    def test_no_server(self):
        self.fails(self.run_it('stats'), 1, self.path, 'No such file', '--file-prefix')
        other = os.path.join(self.dir.name, 'dpdk', 'other', 'dpdk_telemetry.v2')
        self.serve(lambda command: None, path=other)
        self.fails(self.run_it('stats'), 1, 'found: ' + other)
        open_but_dead = os.path.join(self.dir.name, 'dead')
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
            dead.bind(open_but_dead)
        self.fails(self.run_it('--socket', open_but_dead, 'stats'), 1, 'Connection refused')

    def test_socket_path(self):
        other = os.path.join(self.dir.name, 'dpdk', 'lab1', 'dpdk_telemetry.v2')
        self.serve(lambda command: {command: {}}, path=other)
        self.assertEqual(self.run_it('--file-prefix', 'lab1', 'stats').returncode, 0)
        self.assertEqual(self.run_it('--socket', other, 'stats').returncode, 0)
        self.fails(self.run_it('--socket', 'x' * 108, 'stats'), 1, 'path too long')
        if os.getuid() != 0:
            env = {'RUNTIME_DIRECTORY': '', 'XDG_RUNTIME_DIR': self.dir.name}
            self.assertEqual(self.run_it('--file-prefix=lab1', 'stats', env=env).returncode, 0)

    def test_usage(self):
        self.fails(self.run_it(), 2, 'no command')
        self.fails(self.run_it('status'), 2, 'status')
        self.fails(self.run_it('stats', 'flows'), 2, 'flows')
        self.fails(self.run_it('--socket', 'a', '--file-prefix', 'b', 'stats'), 2, 'exclude')
        self.fails(self.run_it('--file-prefix', 'b' * 600, 'stats'), 2, 'too long')
        self.assertEqual(self.run_it('--bogus').returncode, 2)
        done = self.run_it('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        for word in 'stats', 'flows', 'config', '--socket', '--file-prefix', '--json':
            self.assertIn(word, done.stdout)

    def test_full_disk(self):
        self.serve(lambda command: {command: {'vetoes': 1}})
        with open('/dev/full', 'w', encoding='ascii') as full:
            done = subprocess.run([SNOOPCTL, '--socket', self.path, 'stats'], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn('No space left', done.stderr)


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit('usage: test_snoopctl.py PATH/TO/snoopctl [unittest arguments]')
    SNOOPCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
