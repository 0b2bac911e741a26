"""limn and PyTorch in turns on this machine: for each row both do the same work for a few seconds, again and again, and
the table shows medians over the turns. scripts/bench-pytorch.sh sets it up.

Usage: turns.py LIMN [--data FILE] [--rounds N] [--threads N] [--seconds S] [--only NAME] [--quick]"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from worker import FORMS

HERE = Path(__file__).parent
# By row: the name of limn bench's row, and the sizes where the row of limn bench does not say them.
ROWS = {
    "train lstm": ("train lstm f32", None),
    "train layer_norm": ("train layer_norm f32", None),
    "train hyper": ("train hyper f32", None),
    "train vae": ("train vae", {"images": 128}),
    "train draw": ("train draw", {"images": 100}),
    "generate one": ("generate one", {"sketches": 1, "points": 250}),
    "generate many": ("generate many", {"sketches": 256, "points": 250}),
}


class Worker:
    """A PyTorch program that waits for its turn."""

    def __init__(self, row, form, sizes, threads, is_flushed=True):
        self.form = form
        command = [sys.executable, str(HERE / "worker.py"), row, form, str(threads), "1" if is_flushed else "0"]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.say(json.dumps(sizes))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.say(line)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"bench-pytorch: error: the PyTorch program ended with status {self.process.wait()}")
        return json.loads(answer)

    def seconds(self, budget):
        return statistics.median(self.ask(f"run {budget}"))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def limn_row(arguments, name):
    command = [arguments.limn, "bench", "--alone", "--json", "--only", name, "--threads", str(arguments.threads)]
    command += ["--data", arguments.data, "--batch-size", str(arguments.batch_size)]
    if arguments.quick:
        command += ["--quick"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    (row,) = [row for row in report["rows"] if row["name"] == name]
    return report, row


def measure(arguments, row):
    """A line of the table: seconds of limn and of PyTorch's forms, medians over the turns."""
    name, sizes = ROWS[row]
    _, first = limn_row(arguments, name)
    sizes = sizes or {"lengths": first["lengths"]}
    workers = [Worker(row, form, sizes, arguments.threads) for form in FORMS[row]]
    warm = [(worker.seconds(0), worker.seconds(arguments.seconds), worker) for worker in workers]
    best = min(warm, key=lambda entry: entry[1])[2]
    for _, _, worker in warm:
        if worker is not best:
            worker.end()
    ours, theirs, shares = [], [], []
    for _ in range(arguments.rounds):
        _, measured = limn_row(arguments, name)
        ours.append(measured["limn"]["median_seconds"])
        shares.append(measured.get("share_of_gemm", 0))
        theirs.append(best.seconds(arguments.seconds))
    best.end()
    unflushed = None
    if row.startswith("train"):
        worker = Worker(row, best.form, sizes, arguments.threads, is_flushed=False)
        worker.seconds(0)
        unflushed = worker.seconds(arguments.seconds)
        worker.end()
    ratios = sorted(theirs[i] / ours[i] for i in range(len(ours)))
    points = sizes["sketches"] * sizes["points"] if "points" in sizes else 0
    return {
        "row": row,
        "form": best.form,
        "pytorch_seconds": statistics.median(theirs),
        "pytorch_seconds_without_flushing": unflushed,
        "limn_seconds": statistics.median(ours),
        "ratio": statistics.median(ratios),
        "ratios": [ratios[0], ratios[-1]],
        "share_of_gemm": statistics.median(shares),
        "points": points,
    }


def time_text(seconds):
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def table_line(line):
    if line["points"]:
        ours, theirs = (f"{line['points'] / line[key]:,.0f} points/s" for key in ("limn_seconds", "pytorch_seconds"))
    else:
        ours, theirs = time_text(line["limn_seconds"]), time_text(line["pytorch_seconds"])
    low, high = line["ratios"]
    return (
        f"| {line['row']} | {theirs} ({line['form']}) | {time_text(line['pytorch_seconds_without_flushing'])} | {ours} "
        f"| {line['ratio']:.1f}x ({low:.1f} to {high:.1f}) | {100 * line['share_of_gemm']:.0f} % |"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("limn")
    parser.add_argument("--data", default="builtin:doodles-10")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    rows = [row for row in ROWS if arguments.only in row]
    if not rows:
        parser.error(f"--only {arguments.only}: no row has that in its name; there are: {', '.join(ROWS)}")
    import torch

    report, _ = limn_row(arguments, "clip and Adam")
    print(f"{report['cpu']}, {arguments.threads} threads, PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()});")
    print(f"GEMM {report['gemm_flops_per_second'] / 1e9:.0f} GFLOP/s; medians of {arguments.rounds} turns, data {arguments.data}\n")
    print("| work | PyTorch, its best form | without flushed denormals | limn | ratio (range) | limn's share of GEMM |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    lines = []
    for row in rows:
        lines.append(measure(arguments, row))
        print(table_line(lines[-1]), flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(lines, indent=2) + "\n")


if __name__ == "__main__":
    main()
