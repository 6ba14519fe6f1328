"""A wire of fixed latency, for kernels without netem: real packets wait in the kernel's queue until they are due.

    ip netns exec SWITCH python3 wire.py QUEUE MILLISECONDS

Each packet that iptables hands to NFQUEUE number QUEUE is let go MILLISECONDS later, in order. TCP at both ends is the kernel's,
so its handshakes, windows and delayed acknowledgements are as on a real line. No loss, no limit of rate.
"""

import collections
import select
import socket
import struct
import sys
import time

QUEUE_SUBSYSTEM, PACKET, CONFIG, VERDICT_BATCH = 3, 0, 2, 3
NETLINK_NETFILTER, SOL_NETLINK, NETLINK_NO_ENOBUFS = 12, 270, 5
ACCEPT = 1

queue, delay = int(sys.argv[1]), float(sys.argv[2]) / 1000
line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
line.bind((0, 0))
line.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)


def attribute(kind, value):
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def send(message, attributes, flags=1):
    body = struct.pack("=BB", 0, 0) + struct.pack(">H", queue) + attributes
    kind = QUEUE_SUBSYSTEM << 8 | message
    line.send(struct.pack("=IHHII", len(body) + 16, kind, flags, 0, 0) + body)


send(CONFIG, attribute(1, struct.pack(">BBH", 1, 0, 0)))  # bind
send(CONFIG, attribute(2, struct.pack(">IB", 0, 1)))  # only ids come here, packets stay in the kernel
send(CONFIG, attribute(3, struct.pack(">I", 100_000)))  # longest queue
send(CONFIG, attribute(5, struct.pack(">I", 4)) + attribute(4, struct.pack(">I", 4)))  # large packets stay whole
print("ready", flush=True)

waiting = collections.deque()
while True:
    timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    readable, _, _ = select.select([line], [], [], timeout)
    if readable:
        data = line.recv(1 << 18)
        due, at = time.monotonic() + delay, 0
        while at + 16 <= len(data):
            length, kind = struct.unpack_from("=IH", data, at)
            if length < 16:
                break
            if kind == QUEUE_SUBSYSTEM << 8 | PACKET:
                place = at + 20
                while place + 4 <= at + length:
                    size, which = struct.unpack_from("=HH", data, place)
                    if size < 4:
                        break
                    if which & 0x7FFF == 1:
                        waiting.append((due, struct.unpack_from(">I", data, place + 4)[0]))
                    place += (size + 3) & ~3
            at += (length + 3) & ~3
    last, now = None, time.monotonic()
    while waiting and waiting[0][0] <= now:
        last = waiting.popleft()[1]
    if last is not None:  # this one and all that came before it
        send(VERDICT_BATCH, attribute(2, struct.pack(">II", ACCEPT, last)))
