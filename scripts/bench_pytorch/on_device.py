"""Median milliseconds of a training step of each model in plain PyTorch on one device, for scripts/gpu-check.sh: cuDNN's
LSTM on padded sequences, loops over a step for the other cells, fused Adam. Batches are as large as limn's.

Usage: on_device.py DEVICE SKETCHES.npz [SECONDS]"""

import statistics
import sys
import time

import numpy
import torch

from worker import work_of


def wait(device):
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def median_ms(work, device, seconds):
    for _ in range(3):
        work()
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def main():
    device, sketches = sys.argv[1], sys.argv[2]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    file = numpy.load(sketches, encoding="latin1", allow_pickle=True)
    sizes = {"lengths": [len(sketch) for sketch in file["train"][:100]], "images": 100}
    torch.set_default_device(device)
    for row, form in (("train lstm", "padded"), ("train layer_norm", "plain"), ("train hyper", "plain"),
                      ("train vae", "plain"), ("train draw", "plain")):
        print(f"{row} {median_ms(work_of(row, form, sizes)[0], device, seconds):.3f}", flush=True)


if __name__ == "__main__":
    main()
