#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""snoopctl against a fake telemetry server: test_snoopctl.py PATH/TO/snoopctl. No DPDK, no root."""
import fcntl
import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import unittest

SNOOPCTL = None
COMPLETION = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          '../../../app/snoopctl/completion/snoopctl')
COMMANDS = ('status stats flows flow hosts top workers links config mode reload log-level '
            'reset-counters capture').split()
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
            try:
                command = client.recv(1024).decode()
            except ConnectionResetError:  # it has only looked whether somebody listens
                break
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

    def test_upgrade_with_no_program(self):
        script = os.path.join(self.dir.name, 'script')
        with open(script, 'w', encoding='ascii'):
            pass
        self.fails(self.run_it('upgrade', '/bin/true'), 1, 'cannot reach snoopd')
        self.serve(lambda command: None)
        self.fails(self.run_it('upgrade', script), 3, script, 'Permission denied')
        self.fails(self.run_it('upgrade', script + 'x'), 3, script + 'x', 'No such file')
        self.fails(self.run_it('upgrade', self.dir.name), 3, self.dir.name, 'not a program')
        self.fails(self.run_it('--link', 'a', 'upgrade', '/bin/true'), 2, '--link')
        self.fails(self.run_it('--socket', 'a', '--file-prefix', 'b', 'upgrade', '/bin/true'), 2,
                   'exclude each other')

    def test_stats_text(self):
        self.serve(lambda command: {command: {'rx_wired_packets': 1234567, 'vetoes': '89',
                                              'brand_new': 3, 'flows_active': 0}})
        done = self.run_it('stats')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual([line.split() for line in done.stdout.splitlines()], [
            ['Ports'],
            'rx_wired_packets 1,234,567 packets received from the wired port'.split(),
            [], ['Congestion'],
            'vetoes 89 events losses taken for congestion and left to the sender'.split(),
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

    RESET = {'reset_at': 1796094600, 'reset_ago_s': 7}

    def test_stats_since_a_reset(self):
        stats = {'rx_wired_packets': 1000, 'flows_active': 3,
                 'since_reset': {**self.RESET, 'rx_wired_packets': 10, 'flows_active': 3}}
        self.serve(lambda command: {command: stats})
        utc = {'TZ': 'UTC'}
        lines = self.run_it('stats', env=utc).stdout.splitlines()
        self.assertIn('since 2026-12-01 03:10:00 (reset)', lines[0])
        self.assertEqual([line.split()[:2] for line in lines if line.startswith('  ')],
                         [['rx_wired_packets', '10'], ['flows_active', '3']])
        self.assertNotIn('Others', lines)
        total = self.run_it('stats', '--total', env=utc).stdout
        self.assertNotIn('reset', total)
        self.assertIn(' 1,000 packets', total)
        for words in ['stats'], ['stats', '--total']:
            self.assertEqual(json.loads(self.run_it('--json', *words).stdout), stats)

    def test_status_since_a_reset(self):
        self.serve(lambda command: {command: {
            'version': '9', 'flows': 4, 'radio_losses': 200, 'verdict': 'helped once',
            'since_reset': {**self.RESET, 'radio_losses': 2, 'verdict': 'lost little'}}})
        done = self.run_it('status', env={'TZ': 'UTC'})
        self.assertIn('lost little\nsince 2026-12-01 03:10:00 (reset):\n', done.stdout)
        self.assertRegex(done.stdout, r'losses found on the radio +2\n')
        self.assertIn('flows      4', done.stdout)
        total = self.run_it('status', '--total').stdout
        self.assertRegex(total, r'helped once\n +losses found on the radio +200\n')

    def test_total_is_for_what_a_reset_affects(self):
        self.fails(self.run_it('flows', '--total'), 2, 'flows')
        self.fails(self.run_it('workers', '--total'), 2, 'workers')

    def test_link(self):
        """Its name goes before the other parameters; what is about all links takes none."""
        asked = []

        def answer(command):
            asked.append(command)
            return {command.split(',')[0]: {'vetoes': 1, 'done': 'mode bypass'}}
        self.serve(answer)
        for words in ['stats'], ['mode', 'bypass']:
            self.assertEqual(self.run_it('--link', 'north', *words).returncode, 0)
        self.assertEqual(asked, ['/snoop/stats,link=north', '/snoop/mode,link=north bypass'])
        self.fails(self.run_it('--link', 'north', 'reload'), 2, '--link', 'reload')
        self.fails(self.run_it('--link', 'a b', 'stats'), 2, 'a b')

    LINKS = [
        {'name': 'main', 'mode': 'auto', 'wired': 'up', 'wired_port': 'p0', 'wired_taken': 0,
         'wireless': 'down', 'wireless_port': 'p1', 'wireless_taken': 0, 'workers': 2,
         'to_wireless_bps': 12345678, 'to_wired_bps': 400000, 'flows': 12345,
         'data_segments': 1000, 'radio_losses': 8, 'repairs_confirmed': 6, 'demoted': 0,
         'verdict_id': 'wireless_down'},
        {'name': 'a-much-longer-name', 'mode': 'observe', 'wired': 'down', 'wired_port': 'p2',
         'wired_taken': 1, 'wireless': 'down', 'wireless_port': 'p3', 'wireless_taken': 0,
         'workers': 1, 'to_wireless_bps': 0, 'to_wired_bps': 0, 'flows': 0, 'data_segments': 0,
         'radio_losses': 0, 'repairs_confirmed': 0, 'demoted': 1, 'verdict_id': 'nothing'},
        {'name': 'north', 'verdict_id': 'helps'}]

    def several(self, page):
        """@return the answers of a snoopd with several links, so many on a page"""
        def answer(command):
            name, _, rest = command.partition(',')
            if name != '/snoop/links':
                return {name: {'flows': 4} if rest.startswith('link=') else
                        'snoopd has 3 links: say which, allowed: main, a-much-longer-name, north'}
            offset = int(rest)
            after = offset + page
            return {name: {'version': '9', 'uptime_s': 61, 'workers': 2, 'workers_stuck': 1,
                           'total': len(self.LINKS), 'offset': offset,
                           'next': after if after < len(self.LINKS) else 0,
                           'links': {str(n): link for n, link in
                                     enumerate(self.LINKS[offset:after])}}}
        return answer

    ROWS = [
        'LINK LEVEL WIRED WIRELESS FLOWS TO RADIO TO WIRE LOSS REPAIRED VERDICT'.split(),
        'main auto p0 up p1 down 12,345 12.3 0.4 0.80% 75.0% wireless_down'.split(),
        'a-much-longer-name observe p2 down (follows) p3 down 0 0.0 0.0 - - nothing'.split(),
        'north - - - - - - 0.0 0.0 - - helps'.split()]

    def test_links(self):
        self.serve(self.several(1))
        for page in 1, 2, 3:
            self.server.answer = self.several(page)
            done = self.run_it('links')
            self.assertEqual([line.split() for line in done.stdout.splitlines()], self.ROWS)
            columns = [line.index(name) for line, name in zip(
                done.stdout.splitlines(), ('VERDICT', 'wireless_down', 'nothing', 'helps'))]
            self.assertEqual(len(set(columns)), 1, done.stdout)
            reply = json.loads(self.run_it('--json', 'links').stdout)
            self.assertEqual(reply, {'version': '9', 'uptime_s': 61, 'workers': 2,
                                     'workers_stuck': 1, 'total': 3, 'links': self.LINKS})

    def test_status_of_all_links(self):
        """Without --link, where there are several: one screen, and how to see one of them."""
        self.serve(self.several(2))
        done = self.run_it('status')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn('snoopd 9, up 1min 1s, 3 links, 1 of 2 workers stuck\n', done.stdout)
        self.assertEqual([line.split() for line in done.stdout.splitlines()][2:6], self.ROWS)
        self.assertIn('snoopctl --link NAME status', done.stdout.splitlines()[-1])
        self.assertEqual(json.loads(self.run_it('--json', 'status').stdout)['links'], self.LINKS)
        self.assertIn('flows      4', self.run_it('--link', 'main', 'status').stdout)
        self.fails(self.run_it('stats'), 3, 'say which')

    def test_status_that_is_refused_for_another_reason(self):
        self.serve(lambda command: {command.split(',')[0]: 'snoopd is starting or stopping'})
        self.fails(self.run_it('status'), 3, 'starting or stopping')
        self.assertEqual(self.server.commands, ['/snoop/status', '/snoop/links,0'])

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
                             {'total': 25, 'matched': 25, 'flows': [flow(n) for n in range(25)]})
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
        self.assertEqual(first.split()[3:], 'auto helped 4.2ms 0.50% 12,345 0'.split())
        self.assertEqual(first.index('auto'), head.index('LEVEL'))
        self.assertEqual(len(first), len(second))
        self.assertEqual(total, '2 of 2 flows')

    def test_left_is_what_was_not_repaired(self):
        """As in status, hosts and on the page."""
        self.serve(lambda command: {command.split(',')[0]: {'total': 1, 'next': 0, 'flows': [
            dict(flow(1), radio_losses=20, repairs_confirmed=15)]}})
        self.assertEqual(self.run_it('flows').stdout.splitlines()[1].split()[-1], '5')

    def test_a_worker_that_does_not_answer(self):
        """It is asked again, and then the others are."""
        def answer(command):
            worker = int(command.split(',')[1]) >> 32
            late = worker == 0 and len(self.server.commands) <= late_answers
            return {'/snoop/flows': {'total': 2, 'next': 0 if worker else 1 << 32,
                                     'timed_out': int(late),
                                     'flows': {} if late else {'0': flow(worker)}}}
        for late_answers, shown, lacks in (2, 2, None), (3, 1, 'timed out'):
            self.serve(answer)
            reply = json.loads(self.run_it('flows', '--json').stdout)
            self.assertEqual((len(reply['flows']), reply.get('missing')), (shown, lacks))
            if lacks:
                self.server.commands.clear()
                self.assertIn('the list is incomplete: timed out', self.run_it('flows').stdout)
            self.server.close()
            os.unlink(self.path)
            self.server = None

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
            'link/wired': 'net_tap0', 'link/mode': 'auto', 'withhold/acks': 64,
            'cache.bytes': '64MiB',
            'rule/ab/mode': 'observe', 'rule/cd': {'wired_ports': '22', 'mode': 'bypass'},
            'bare': 'x'}})
        self.assertEqual(self.run_it('config').stdout,
                         '[link]\nwired = net_tap0\nmode = auto\n\n[withhold]\nacks = 64\n\n'
                         '[cache]\nbytes = 64MiB\n\n[rule ab]\nmode = observe\n\n'
                         '[rule cd]\nwired_ports = 22\nmode = bypass\n\n[]\nbare = x\n')

    def test_config_comes_by_pages(self):
        pages = {'/snoop/config': {'link': {'mode': 'auto'}, 'rule/a': {'wired': '::/0'},
                                   'next': 2},
                 '/snoop/config,2': {'rule/a': {'mode': 'snoop'}, 'next': 3},
                 '/snoop/config,3': {'rule/b': {'mode': 'repair'}}}
        self.serve(lambda command: {'/snoop/config': pages[command]})
        self.assertEqual(self.run_it('config').stdout,
                         '[link]\nmode = auto\n\n[rule a]\nwired = ::/0\nmode = snoop\n\n'
                                                       '[rule b]\nmode = repair\n')

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
        open_but_dead = os.path.join(self.dir.name, 'dpdk', 'dead', 'dpdk_telemetry.v2')
        os.mkdir(os.path.dirname(open_but_dead))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
            dead.bind(open_but_dead)
        done = self.run_it('stats')
        self.fails(done, 1, 'found: ' + other)
        self.assertNotIn(open_but_dead, done.stderr)
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
        self.fails(self.run_it('statsu'), 2, 'statsu')
        self.fails(self.run_it('stats', 'flows'), 2, 'flows')
        self.fails(self.run_it('mode'), 2, 'mode LEVEL')
        self.fails(self.run_it('flow'), 2, 'flow KEY')
        self.fails(self.run_it('flow', 'x' * 300), 2, 'too long')
        self.fails(self.run_it('stats', '--sort', 'loss'), 2, 'stats')
        self.fails(self.run_it('flows', '--sort', 'name'), 2, '--sort', 'name')
        self.fails(self.run_it('flows', '--sort', 'rate'), 2, 'top')
        self.fails(self.run_it('flows', '--limit', '-1'), 2, '--limit')
        self.fails(self.run_it('flows', '--interval', '1'), 2, 'flows')
        for interval in '0', 'x', '1s', 'nan', '3601':
            self.fails(self.run_it('top', '--interval', interval), 2, '--interval')
        self.fails(self.run_it('--socket', 'a', '--file-prefix', 'b', 'stats'), 2, 'exclude')
        self.fails(self.run_it('--file-prefix', 'b' * 600, 'stats'), 2, 'too long')
        self.fails(self.run_it('--bogus'), 2, 'bogus')
        self.fails(self.run_it('flows', '--limit'), 2, 'limit')

    def help_of(self, *command):
        done = self.run_it(*command, '--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn('exit status', done.stdout)
        return done.stdout

    def test_help(self):
        for word in (*COMMANDS, '--socket', '--file-prefix', '--json', '--filter', '--interval'):
            self.assertIn(word, self.help_of())
        for command in COMMANDS:
            self.assertIn(f'usage: snoopctl [OPTION...] {command}', self.help_of(command))
        self.assertIn('--sort', self.help_of('flows'))
        self.assertNotIn('--sort', self.help_of('stats'))
        self.assertRegex(self.run_it('--version').stdout, r'^snoopctl \d')

    def test_commands_that_change(self):
        self.serve(lambda command: {command.split(',')[0]: {'done': 'did ' + command}})
        for words, command in ((['mode', 'bypass'], '/snoop/mode,bypass'),
                               (['reload'], '/snoop/reload'),
                               (['log-level', 'debug'], '/snoop/log_level,debug'),
                               (['reset-counters'], '/snoop/reset_counters')):
            done = self.run_it(*words)
            self.assertEqual((done.returncode, done.stdout), (0, f'did {command}\n'))
            self.assertEqual(json.loads(self.run_it(*words, '--json').stdout),
                             {'done': f'did {command}'})

    def test_done_in_part(self):
        self.serve(lambda command: {command.split(',')[0]: {'partly': 'in effect, but'}})
        for words in ['reload'], ['mode', 'bypass']:
            self.fails(self.run_it(*words), 4, 'in effect, but')
            done = self.run_it(*words, '--json')
            self.assertEqual((done.returncode, json.loads(done.stdout)),
                             (4, {'partly': 'in effect, but'}))

    def test_refusal(self):
        self.serve(lambda command: {command.split(',')[0]: 'no, because'})
        for words in ['reload'], ['mode', 'x'], ['flow', 'a', 'b'], ['flows'], ['hosts']:
            done = self.run_it(*words)
            self.fails(done, 3)
            self.assertEqual(done.stderr, 'snoopctl: no, because\n')

    def test_flow(self):
        self.serve(lambda command: {command.split(',')[0]: flow(1)})
        done = self.run_it('flow', '10.0.0.1:443', '192.168.0.1:5000')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split()[:2] for line in done.stdout.splitlines()],
                         [['key', '10.0.0.1:443'], ['level', 'auto'], ['reason', 'helped'],
                          ['srtt', '4.2ms'], ['radio_losses', '5'], ['data_segments', '1,000'],
                          ['repairs_confirmed', '12,345'], ['given_up', '2']])
        self.assertEqual(self.server.commands, ['/snoop/flow,10.0.0.1:443 192.168.0.1:5000'])

    def varied(self, command):
        flows = [dict(flow(n), repairs_confirmed=n * 7 % 5, srtt_us=n * 3 % 4,
                      radio_losses=n * 5 % 6, acked_bytes=n, level='snoop' if n % 2 else 'repair')
                 for n in range(10)]
        return {'/snoop/flows': {'total': 10, 'flows': flows, 'next': 0}}

    def keys(self, *args):
        done = self.run_it('flows', '--json', *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        reply = json.loads(done.stdout)
        return reply, [int(each['station'] if 'station' in each
                           else each['key'].split('.')[-1].split(':')[0])
                       for each in reply['flows']]

    def test_sort_filter_page(self):
        self.serve(self.varied)
        for sort, field in ('repairs', 'repairs_confirmed'), ('rtt', 'srtt_us'), ('loss',
                                                                                  'radio_losses'), \
                ('bytes', 'acked_bytes'):
            values = [each[field] for each in self.keys('--sort', sort)[0]['flows']]
            self.assertEqual(values, sorted(values, reverse=True), sort)
        self.assertEqual(self.keys('--sort', 'key')[1], list(range(10)))
        reply, keys = self.keys('--filter', 'snoop', '--sort', 'key', '--offset', '1', '--limit',
                                '3')
        self.assertEqual((reply['total'], reply['matched'], keys), (10, 5, [3, 5, 7]))
        self.assertEqual(self.keys('--filter', 'level=repair')[1], [0, 2, 4, 6, 8])
        self.assertEqual(self.keys('--filter', 'acked_bytes=4')[1], [4])
        self.assertEqual(self.keys('--filter', '168.0.7:')[1], [7])
        self.assertEqual(self.keys('--limit', '0')[1], [])
        self.assertEqual(self.run_it('flows', '--filter', 'snoop', '--limit',
                                     '2').stdout.splitlines()[-1],
                         '2 of 5 that match, of 10 flows')

    def test_hosts_of_two_workers_are_merged(self):
        def host(addr, idle, losses, **more):
            return dict({'station': addr, 'flows': 1, 'silent': 0, 'srtt_us': 1000 * idle,
                         'radio_losses': losses,
                         'delivered_segments': 100, 'repairs_confirmed': losses, 'given_up': 0,
                         'acked_bytes': 5000, 'vetoes': 0, 'idle_us': idle}, **more)
        pages = {'0': {'total': 2, 'next': 4294967296,
                       'hosts': {'0': host('10.0.0.9', 7, 3), '1': host('::1', 1, 2)}},
                 '4294967296': {'total': 2, 'next': 0,
                                'hosts': {'0': host('10.0.0.9', 2, 4),
                                          '1': host('10.0.0.9', 2, 1, vlan='8100:5')}}}
        self.serve(lambda command: {'/snoop/hosts': pages[command.split(',')[1]]})
        reply = json.loads(self.run_it('hosts', '--json', '--sort', 'key').stdout)
        self.assertEqual([(each['station'], each['flows'], each['radio_losses'], each['srtt_us'])
                          for each in reply['hosts']],
                         [('10.0.0.9', 2, 7, 2000), ('10.0.0.9', 1, 1, 2000), ('::1', 1, 2, 1000)])
        text = self.run_it('hosts', '--sort', 'loss').stdout.splitlines()
        self.assertEqual(text[0].split(),
                         'STATION FLOWS SRTT LOSS BYTES REPAIRED LEFT HEARD STATE'.split())
        self.assertEqual(text[1].split(), '10.0.0.9 2 2.0ms 3.50% 10,000 7 0 2us answers'.split())
        self.assertEqual(text[-1], '3 of 3 hosts')

    def test_status(self):
        port = {'name': 'p', 'driver': 'd', 'link': 'up', 'mtu': 1500, 'missed_packets': 0}
        self.serve(lambda command: {command: {
            'version': '9', 'uptime_s': 3700, 'configured_s': 61, 'mode': 'snoop', 'wired': port,
            'wireless': port,
            'verdict': 'it helps', 'verdict_id': 'helps',
            'verdict_counters': {'repairs_confirmed': 1150, 'radio_losses': 1200},
            'also': {'wired_unknown': 'unknown what the port lost'},
            'also_counters': {'wired_unknown': {'wired_missed_packets': 'unknown',
                                                'upstream_holes': 5}},
            'data_segments': 1000, 'radio_losses': 200, 'repaired': 150,
            'left': 50,
            'wireless_rtt_p50_us': 4200, 'wireless_rtt_p99_us': 9000, 'rules': 3,
            'rule_levels': 'observe 2, snoop 1',
            'workers': 2, 'workers_stuck': 1, 'stalls': 7, 'guard': 'not demoted'}})
        done = self.run_it('status')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertLessEqual(len(done.stdout.splitlines()), 24)
        for part in ('up 1h 1min', 'mode       snoop', 'link up', 'it helps', '200   20.00 %',
                     '150   75.00 %',
                     '50   25.00 %', '4.2ms', '9.0ms', 'since 1min 1s',
                     '3 rules (observe 2, snoop 1)',
                     '1 of 2 workers stuck, 7 stalls',
                     '\nit helps\n  repairs_confirmed 1,150, radio_losses 1,200\n'
                     'also: unknown what the port lost\n'
                     '  wired_missed_packets unknown, upstream_holes 5\n'):
            self.assertIn(part, done.stdout)
        self.server.answer = lambda command: {command: {}}
        self.assertEqual(self.run_it('status').returncode, 0)

    def test_workers(self):
        worker = {'lcore': 3, 'cycles': 1000, 'busy_cycles': 250, 'forwarded_packets': 12345,
                  'handoff_packets': 6, 'handoff_drops': 0, 'flows_active': 7, 'state': 'moves',
                  'busy_permille': 125, 'stalls': 2, 'turn_max_us': 150000}
        self.serve(lambda command: {command: {'distribution': 'rss', 'how': 'as told',
                                              'workers': {'0': worker}}})
        lines = self.run_it('workers').stdout.splitlines()
        self.assertEqual(lines[0], 'distribution rss: as told')
        self.assertEqual(lines[-1].split(), '0 3 moves 25.0% 12.5% 12,345 6 0 7 2 150.0ms'.split())

    def test_top_once(self):
        counts = iter(range(1, 100))
        self.serve(lambda command: {'/snoop/flows': {'total': 1, 'next': 0, 'flows': [
            dict(flow(1), acked_bytes=1000000 * next(counts))]}})
        flows = json.loads(self.run_it('top', '--json', '--interval', '0.1').stdout)['flows']
        self.assertTrue(0 < flows[0]['rate_bps'] <= 80e6, flows)

    def test_top_keeps_the_rate_of_a_full_interval(self):
        """A key wakes it up a moment after a reading: 8 Mb/s stay, and what came since is not taken
        for a rate."""
        counts = iter([1000000] + [2000000] * 1000)
        self.serve(lambda command: {'/snoop/status': {'mode': 'auto'}} if 'status' in command else
                   {'/snoop/flows': {'total': 1, 'next': 0,
                                     'flows': [dict(flow(1), acked_bytes=next(counts))]}})
        master, process = self.start_top('--interval', '600')
        try:
            self.read_until(master, b'0.00')
            for key in b'l', b'b', b't':
                os.write(master, key)
                self.read_until(master, {b'l': b'los', b'b': b'rate', b't': b'tt'}[key])
            os.write(master, b'q')
            seen = self.drain(master)
            self.assertEqual(process.wait(30), 0)
            self.assertNotRegex(seen.decode(), r'[1-9]\d*\.\d\d +4\.2ms')
            self.assertGreaterEqual(self.server.commands.count('/snoop/flows,0'), 4)
        finally:
            self.end_top(master, process)

    def read_until(self, master, text):
        """What the terminal shows until it holds text."""
        seen = b''
        while text not in seen:
            ready, _, _ = select.select([master], [], [], 30)
            self.assertTrue(ready, seen)
            seen += os.read(master, 65536)
        return seen

    def test_top_on_a_terminal(self):
        status = {'mode': 'auto', 'radio_losses': 9,
                  'since_reset': {**self.RESET, 'radio_losses': 4}}
        self.serve(lambda command: {'/snoop/status': status} if 'status' in command
                   else self.varied(command))
        master, process = self.start_top('--interval', '0.2')
        try:
            seen = self.read_until(master, b'by repairs')
            self.assertNotIn(b'192.168.0.0:', seen)  # the last of ten
            self.assertIn(b'losses 4', seen)
            self.assertIn(b'(reset)', seen)
            os.write(master, b'l')
            self.read_until(master, b'los')  # curses sends what changed
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 100, 0, 0))
            self.read_until(master, b'192.168.0.0:')
            os.write(master, b'q')
            self.drain(master)
            self.assertEqual(process.wait(30), 0, process.stderr.read())
        finally:
            self.end_top(master, process)

    def start_top(self, *args):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 8, 110, 0, 0))
        process = subprocess.Popen([SNOOPCTL, '--socket', self.path, 'top', *args], stdin=slave,
                                   stdout=slave, stderr=subprocess.PIPE, start_new_session=True,
                                   preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                   env=dict(os.environ, TERM='xterm'))
        os.close(slave)
        return master, process

    @staticmethod
    def drain(master):
        seen = b''
        while select.select([master], [], [], 30)[0]:
            try:
                more = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            seen += more
        return seen

    @staticmethod
    def end_top(master, process):
        process.kill()
        process.wait()
        process.stderr.close()
        os.close(master)

    def test_top_without_a_terminal(self):
        self.serve(lambda command: {command: {}})
        self.fails(self.run_it('top', env={'TERM': ''}), 1, 'terminal')

    def complete(self, *words):
        script = (f'. {COMPLETION}; COMP_WORDS=(snoopctl "$@"); COMP_CWORD=$#; _snoopctl; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(['bash', '-c', script, 'bash', *words], text=True,
                              capture_output=True, timeout=30,
                              env=dict(os.environ, RUNTIME_DIRECTORY=self.dir.name))
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(self.complete('fl'), ['flows', 'flow'])
        self.assertEqual(set(COMMANDS) - set(self.complete('')), set())
        for command in COMMANDS:
            options = set(re.findall(r'^  (--[a-z-]+)', self.help_of(command), re.M))
            self.assertEqual(options - set(self.complete(command, '--')), set(), command)
        self.assertEqual(self.complete('mode', 'b'), ['bypass'])
        levels = re.findall(r'^  ([a-z]+): ', self.help_of('mode'), re.M)
        self.assertEqual(self.complete('mode', '')[:len(levels)], levels)
        self.assertEqual(self.complete('--json', 'flows', '--sort', 're'), ['repairs'])
        os.makedirs(os.path.join(self.dir.name, 'dpdk', 'lab7'))
        self.assertEqual(self.complete('--file-prefix', 'la'), ['lab7'])

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
