# SPDX-License-Identifier: BSD-3-Clause
"""Many TCP connections under load from one thread; the receiver compares every byte.

The wired host sends a chunk, the mobile host answers, then comes the next chunk. All streams are
cut from one random block, each from another place: bytes of another connection, or from another
place of the stream, differ.
"""

import errno
import os
import resource
import selectors
import socket
import time

from stacks import CheckError, demand, listen, make_socket

CHUNK_BYTES, ANSWER_BYTES = 6000, 200
BLOCK_BYTES = 1 << 20
RECEIVE_BYTES = 1 << 16
ASK_INTERVAL_S = 0.05  # how often a condition is checked
BLOCK = os.urandom(BLOCK_BYTES)
TWICE = memoryview(BLOCK + BLOCK)


def piece(index, offset, count):
    at = (index * 4099 + offset) % BLOCK_BYTES
    return TWICE[at:at + count]


class Connection:
    def __init__(self, index, client):
        self.index, self.client, self.server = index, client, None
        self.sent = self.received = 0           # towards the mobile host
        self.answered = self.answers = 0        # bytes of answers sent, received
        self.open, self.marked, self.port = True, 0, 0
        # closed; select() may have reported its other end already
        self.forgotten = False

    def idle(self):
        return (self.sent == self.received and self.sent % CHUNK_BYTES == 0 and
                self.answers == self.wanted())

    def wanted(self):
        """@return bytes of answers to what has been sent."""
        return self.sent // CHUNK_BYTES * ANSWER_BYTES


class Crowd:
    """Connections from the wired to the mobile host. `lost` are those that ended with an error,
    with its name."""

    def __init__(self, lab):
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.lab, self.selector = lab, selectors.DefaultSelector()
        self.listener, self.where = listen(lab)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.connections, self.by_port, self.lost = [], {}, []
        self.opened, self.bytes, self.closed = 0, 0, 0
        self.last_arrival, self.gap_s = None, 0.0

    # What a test calls

    def grow(self, count):
        for _ in range(count):
            client = make_socket(self.lab, "wired")
            client.setblocking(False)
            connection = Connection(self.opened, client)
            self.opened += 1
            self.connections.append(connection)
            if client.connect_ex(self.where) not in (0, errno.EINPROGRESS):
                raise CheckError("connect: no socket")
            connection.port = client.getsockname()[1]
            self.by_port[connection.port] = connection
            self.selector.register(client, selectors.EVENT_WRITE, connection)

    def run_until(self, condition, what, deadline_s=60):
        """Keep all connections going until condition() holds."""
        end, look = time.monotonic() + deadline_s, 0.0
        while True:
            for key, events in self.selector.select(ASK_INTERVAL_S):
                self._serve(key, events)
            now = time.monotonic()
            if now >= look:
                if condition():
                    return
                demand(now < end, "not within %d s: %s; %d connections are lost: %s" % (
                    deadline_s, what, len(self.lost), self.lost[:3]))
                look = time.monotonic() + ASK_INTERVAL_S

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        self.run_until(lambda: time.monotonic() >= end, "time", seconds + 60)

    def mark(self):
        """From now on, note which connections move on, and the longest gap in all arrivals."""
        self.gap_s = 0.0
        for connection in self.connections:
            connection.marked = connection.received

    def all_moved(self):
        return all(connection.received >= connection.marked + CHUNK_BYTES
                   for connection in self.connections)

    def rest(self, connections, deadline_s=120):
        """Send nothing new on these, and wait until everything has arrived."""
        for connection in connections:
            connection.open = False
        self.run_until(lambda: all(connection.idle() or connection.forgotten
                                   for connection in connections),
                       "all chunks arrive", deadline_s)

    def wake(self, connections):
        """Go on with connections that rest."""
        for connection in connections:
            connection.open = True
            self._send(connection)

    def drain(self, connections=None, deadline_s=120):
        """Let these (default: all) come to rest, and close both ends in order."""
        chosen = self.connections[:] if connections is None else connections
        self.rest(chosen, deadline_s)
        for connection in chosen:
            if not connection.forgotten:
                self._forget(connection)
                self.closed += 1

    def close(self):
        for connection in self.connections[:]:
            self._forget(connection)
        self.listener.close()
        self.selector.close()

    # The event loop

    def _serve(self, key, events):
        if key.data is None:
            self._accept()
            return
        connection = key.data
        if connection.forgotten:
            return
        try:
            if key.fileobj is connection.client:
                self._serve_client(connection, events)
            else:
                self._receive(connection)
        except OSError as error:
            self.lost.append("%d: %s" % (connection.index, error.strerror))
            self._forget(connection)

    def _accept(self):
        try:
            while True:
                server, peer = self.listener.accept()
                connection = self.by_port.get(peer[1])
                if connection is None:
                    server.close()
                    continue
                server.setblocking(False)
                connection.server = server
                self.selector.register(server, selectors.EVENT_READ, connection)
        except BlockingIOError:
            pass

    def _serve_client(self, connection, events):
        if events & selectors.EVENT_WRITE:
            error = connection.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            self._send(connection)
        if events & selectors.EVENT_READ:
            data = connection.client.recv(RECEIVE_BYTES)
            if not data:
                raise OSError(errno.EPIPE, "the mobile host closed")
            demand(data == piece(connection.index, connection.answers, len(data)),
                   "an answer differs")
            connection.answers += len(data)
            if connection.open and connection.answers == connection.wanted():
                self._send(connection)

    def _send(self, connection):
        left = CHUNK_BYTES - connection.sent % CHUNK_BYTES
        connection.sent += connection.client.send(piece(connection.index, connection.sent, left))
        more = connection.sent % CHUNK_BYTES != 0
        self.selector.modify(connection.client, selectors.EVENT_READ |
                             (selectors.EVENT_WRITE if more else 0), connection)

    def _receive(self, connection):
        data = connection.server.recv(RECEIVE_BYTES)
        if not data:
            raise OSError(errno.EPIPE, "the wired host closed")
        demand(data == piece(connection.index, connection.received, len(data)),
               "the payload differs")
        connection.received += len(data)
        self.bytes += len(data)
        now = time.monotonic()
        if self.last_arrival is not None:
            self.gap_s = max(self.gap_s, now - self.last_arrival)
        self.last_arrival = now
        due = connection.received // CHUNK_BYTES * ANSWER_BYTES - connection.answered
        if due > 0:  # an answer is smaller than any buffer
            connection.answered += connection.server.send(piece(connection.index,
                                                                connection.answered, due))

    def _forget(self, connection):
        connection.forgotten = True
        self.connections.remove(connection)
        self.by_port.pop(connection.port, None)
        for sock in (connection.client, connection.server):
            if sock is not None:
                self.selector.unregister(sock)
                sock.close()
