"""How fast the installed package limn imports and draws: medians over several rounds, a line each. Beside the time
stands that of the processor, which other programs of a busy machine do not lengthen.

Usage: python scripts/python-speed.py   (build/python-venv/bin/python after scripts/test-python.sh)"""

import statistics
import subprocess
import sys
import time

import limn


def median_of(work, rounds):
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter(), time.process_time()
        result = work()
        times.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    return *map(statistics.median, zip(*times)), result


def import_seconds(name):
    clocks = "time.perf_counter(), time.process_time()"
    code = f"import time; a = {clocks}; import {name}; b = {clocks}; print(b[0] - a[0], b[1] - a[1])"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
            for _ in range(9)]
    return map(statistics.median, zip(*[map(float, run) for run in runs]))


wall, cpu = import_seconds("limn")
print(f"import limn          {1000 * wall:.1f} ms, {1000 * cpu:.1f} ms of the processor")
wall, cpu, model = median_of(lambda: limn.load("builtin:doodles"), 5)
print(f"load builtin:doodles {1000 * wall:.1f} ms, {1000 * cpu:.1f} ms of the processor")
for count, rounds in ((1, 25), (256, 7)):
    wall, cpu, drawings = median_of(lambda: model.sample(count, seed=1), rounds)
    points = sum(len(drawing) for drawing in drawings)
    print(f"draw {count:3d} at once     {points / wall:,.0f} points per second, "
          f"{points / cpu:,.0f} per second of the processor ({points} points)")
