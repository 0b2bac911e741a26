"""One PyTorch program of the comparison, kept warm: reads lines from standard input and answers each with a line of
JSON. `run SECONDS` times work for about so long and gives the seconds of each run; `parameters` counts them.

Usage: worker.py ROW FORM THREADS IS_FLUSHED, then a line with the row's sizes as JSON."""

import json
import sys
import time

import torch

from images import Draw, Vae
from sketch_rnn import Drawer, SketchRnn, batch_of

FORMS = {  # by row: the ways of writing it that are tried
    "train lstm": ("padded", "packed"),
    "train layer_norm": ("plain", "compiled"),
    "train hyper": ("plain", "compiled"),
    "train vae": ("plain", "compiled"),
    "train draw": ("plain", "compiled"),
    "generate one": ("plain",),
    "generate many": ("plain",),
}


class Training:
    """A model with fused Adam and clipped gradients, on one batch again and again."""

    def __init__(self, model, inputs, clip_norm, betas=(0.9, 0.999), compiles=False):
        self.model, self.inputs, self.clip_norm = model, inputs, clip_norm
        self.loss = torch.compile(model.loss) if compiles else model.loss
        self.adam = torch.optim.Adam(model.parameters(), lr=1e-3, betas=betas, fused=True)

    def __call__(self):
        self.adam.zero_grad(set_to_none=True)
        loss = self.loss(*self.inputs)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.adam.step()
        return loss.item()


def work_of(row, form, sizes):
    """A function that does the row's work once, and its model."""
    torch.manual_seed(1)
    if row.startswith("generate"):
        drawer = Drawer(sizes["sketches"])
        return lambda: drawer.draw(sizes["points"]), drawer
    compiles = form == "compiled"
    if row == "train vae":
        work = Training(Vae(), [torch.rand(sizes["images"], 784)], 1e9, compiles=compiles)
    elif row == "train draw":
        images = (torch.rand(sizes["images"], 784) < 0.2).float()
        work = Training(Draw(glimpses=sizes.get("glimpses", 64), compiles=compiles), [images], 5.0, betas=(0.5, 0.999))
    else:
        cell = row.split()[1]
        model = SketchRnn(cell, is_packed=form == "packed", compiles=compiles)
        work = Training(model, batch_of(sizes["lengths"]), 1.0)
    return work, work.model


def main():
    row, form, threads, is_flushed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "1"
    torch.set_num_threads(threads)
    torch.set_flush_denormal(is_flushed)
    sizes = json.loads(sys.stdin.readline())
    work, model = work_of(row, form, sizes)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "parameters":
            answer = sum(p.numel() for p in model.parameters())
        else:
            answer, end = [], time.perf_counter() + float(arguments[0])
            while not answer or time.perf_counter() < end:
                start = time.perf_counter()
                work()
                answer.append(time.perf_counter() - start)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
