"""The PyTorch programs that scripts/bench-pytorch.sh times: as many parameters as limn's models, the same loss padded and
packed, and every row runs.

Usage: bench_pytorch.py LIMN, the built program, and the folder of the programs. Ends with 77 where PyTorch 2.4 is
missing, whose Adam they need."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import torch
except ImportError as error:
    print(f"SKIPPED bench_pytorch: {error}")
    sys.exit(77)
if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 4):
    print(f"SKIPPED bench_pytorch: PyTorch {torch.__version__}, which has no fused Adam on the CPU; 2.4 has")
    sys.exit(77)

sys.path.insert(0, sys.argv[2])
from images import Draw, Vae  # noqa: E402
from sketch_rnn import SketchRnn, batch_of  # noqa: E402
from worker import FORMS  # noqa: E402

SIZES = {"lengths": [9, 5, 2], "images": 3, "glimpses": 4, "sketches": 2, "points": 5}


def limn_parameters(command, options):
    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder) / "run")
        settings = ["--set", "valid_every=1000", "sample_every=0", *options]
        words = [sys.argv[1], "train", *command, "--steps", "1", "--batch-size", "2", "--quiet", "--out", run, *settings]
        subprocess.run(words, check=True)
        info = subprocess.run([sys.argv[1], "info", run, "--json"], check=True, capture_output=True, text=True)
        return json.loads(info.stdout)["parameters"]


def count(model, second_biases=0):
    return sum(p.numel() for p in model.parameters()) - second_biases


def main():
    for cell, second_biases in (("lstm", 2 * 4 * 256 + 4 * 512), ("layer_norm", 0), ("hyper", 0)):
        ours = limn_parameters(["sketch-rnn"], [f"enc_model={cell}", f"dec_model={cell}"])
        assert count(SketchRnn(cell), second_biases) == ours, f"{cell}: {count(SketchRnn(cell))} parameters, limn {ours}"
    assert count(Vae()) == limn_parameters(["vae", "--preset", "mnist"], [])
    second_biases = 2 * 4 * 256
    ours = limn_parameters(["draw", "--preset", "mnist"], ["binarize=fixed"])
    assert count(Draw(), second_biases) == ours, f"DRAW: {count(Draw(), second_biases)} parameters, limn {ours}"

    rows, lengths = batch_of([7, 12, 3, 12])
    losses = []
    for is_packed in (False, True):
        torch.manual_seed(1)
        model = SketchRnn(is_packed=is_packed)
        torch.manual_seed(2)
        losses.append(model.loss(rows, lengths).item())
    assert abs(losses[0] - losses[1]) < 1e-5, f"padded {losses[0]}, packed {losses[1]}"

    for row, forms in FORMS.items():
        plain = next(form for form in forms if form != "compiled")
        lines = "\n".join([json.dumps(SIZES), "run 0"]) + "\n"
        words = [sys.executable, str(Path(sys.argv[2]) / "worker.py"), row, plain, "1", "1"]
        answer = subprocess.run(words, input=lines, check=True, capture_output=True, text=True).stdout
        assert json.loads(answer)[0] > 0, row
        print(f"ok {row}")


if __name__ == "__main__":
    main()
