"""Runs a program and says what it cost, all the processes it started among it, also those that outlive it.

    python3 measure.py cpu|memory SECONDS OUTPUT PROGRAM [ARGUMENT...]

Prints one line of JSON: exit code, wall seconds (until the program's own end), CPU seconds of the whole tree, the largest
process, and with `memory` the highest sum of PSS over the tree, sampled (which costs time: such a run's times mean nothing).
What is left of the tree at the end is ended, before anything is counted.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

mode, limit, output, argv = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4:]
PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 36, 1
libc = ctypes.CDLL(None)
libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def below(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass
    return found + [one for child in found for one in below(child)]


peak = processes = 0
ended = threading.Event()


def sample():
    global peak, processes
    while not ended.wait(0.02):
        total = count = 0
        for pid in below(os.getpid()):
            try:
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
                count += 1
            except (OSError, StopIteration):
                pass
        if total > peak:
            peak, processes = total, count


def end_all():
    for attempt in range(200):
        left = below(os.getpid())
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM if attempt < 100 else signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.02)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


try:
    with open(output, "wb") as file:
        if mode == "memory":
            threading.Thread(target=sample, daemon=True).start()
        begin = time.monotonic()
        program = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            code = program.wait(limit)
        except subprocess.TimeoutExpired:
            code = 124
        seconds = time.monotonic() - begin
finally:
    ended.set()
    end_all()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(
    json.dumps(
        {
            "code": code,
            "seconds": seconds,
            "cpuSeconds": used.ru_utime + used.ru_stime,
            "largestMiB": used.ru_maxrss / 1024,
            "peakMiB": peak / 1024,
            "processes": processes,
        }
    )
)
