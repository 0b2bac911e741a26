"""A model that limn trained, evaluated by PyTorch (docs/papers/sketch-rnn.md, "Evaluation"): its weights go into torch.nn.LSTM as they
are, and PyTorch's losses on the test split must be those of `limn eval --latent mean` to 1e-5.

Usage: pytorch_losses.py LIMN, the built program. Ends with 77 where PyTorch or NumPy is missing."""

import json
import math
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"SKIPPED pytorch_losses: {error}; install python3-torch and python3-numpy to run it")
    sys.exit(77)

TOLERANCE = 1e-5
MODEL = {"enc_rnn_size": 9, "dec_rnn_size": 14, "z_size": 5, "num_mixture": 3}


def read_safetensors(path):
    """Tensors by name and the metadata of a safetensors file, without limn's reader."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype("f8"))
    return tensors, metadata


def write_data(path):
    """Three splits of random walks as Magenta writes them: train a numeric block, the others of mixed lengths."""
    random = np.random.default_rng(7)

    def sketch(points):
        rows = np.concatenate([random.normal(3, 20, (points, 2)), random.random((points, 1)) < 0.3], axis=1)
        rows[-1, 2] = 1
        return rows.round().astype(np.int16)

    def ragged(lengths):
        split = np.empty(len(lengths), dtype=object)
        for i, points in enumerate(lengths):
            split[i] = sketch(points)
        return split

    splits = {
        "train": np.stack([sketch(12) for _ in range(20)]),
        "valid": ragged([4, 9]),
        "test": ragged([7, 1, 12, 3, 12, 2, 5]),
    }
    np.savez(path, **splits)
    return splits["test"]


def lstm(tensors, prefix):
    """torch.nn.LSTM with limn's one bias as the first of its two."""
    weight_ih, weight_hh = tensors[prefix + "weight_ih"], tensors[prefix + "weight_hh"]
    cell = torch.nn.LSTM(weight_ih.shape[1], weight_hh.shape[1]).double()
    with torch.no_grad():
        cell.weight_ih_l0.copy_(weight_ih)
        cell.weight_hh_l0.copy_(weight_hh)
        cell.bias_ih_l0.copy_(tensors[prefix + "bias"])
        cell.bias_hh_l0.zero_()
    return cell


def linear(tensors, name, x):
    return torch.nn.functional.linear(x, tensors[name + ".weight"], tensors[name + ".bias"])


def stroke5(sketch, scale_factor):
    """S_1 ... S_Ns and S_end."""
    offsets = torch.from_numpy(np.clip(sketch[:, :2].astype("f8"), -1000, 1000)) / scale_factor
    lifted = torch.from_numpy(sketch[:, 2:].astype("f8"))
    rows = torch.cat([offsets, 1 - lifted, lifted, torch.zeros_like(lifted)], dim=1)
    return torch.cat([rows, torch.tensor([[0.0, 0, 0, 0, 1]], dtype=torch.float64)])


def log_density(y, targets, mixtures):
    """log(sum of the weighted normals + 1e-6) of each offset, by PyTorch's own distributions."""
    log_pi, mu_x, mu_y, log_sigma_x, log_sigma_y, rho_hat = y[:, 3:].split(mixtures, dim=1)
    rho = torch.tanh(rho_hat)
    # The Cholesky factor of [[σx², ρσxσy], [ρσxσy, σy²]].
    sigma_x, sigma_y = torch.exp(log_sigma_x), torch.exp(log_sigma_y)
    zero = torch.zeros_like(rho)
    factor = torch.stack([sigma_x, zero, rho * sigma_y, sigma_y * torch.sqrt(1 - rho**2)], -1).unflatten(-1, (2, 2))
    normal = torch.distributions.MultivariateNormal(torch.stack([mu_x, mu_y], -1), scale_tril=factor)
    log_terms = torch.log_softmax(log_pi, 1) + normal.log_prob(targets[:, None, :2])
    return torch.log(torch.exp(log_terms).sum(1) + 1e-6)


@torch.no_grad()
def losses(tensors, metadata, sketches):
    config = json.loads(metadata["config"])
    is_conditional = config["conditional"]
    decoder = lstm(tensors, "decoder.cell.")
    offset = pen = pen_training_form = kl = 0.0
    for sketch in sketches:
        rows = stroke5(sketch, float(metadata["scale_factor"]))
        start = torch.tensor([[0.0, 0, 1, 0, 0]], dtype=torch.float64)
        inputs, state = torch.cat([start, rows[:-1]]), None
        if is_conditional:
            points = rows[:-1, None, :]
            _, (h_forward, _) = lstm(tensors, "encoder.forward.")(points)
            _, (h_backward, _) = lstm(tensors, "encoder.backward.")(points.flip(0))
            h = torch.cat([h_forward[0], h_backward[0]], dim=1)
            mu, log_variance = linear(tensors, "encoder.mu", h), linear(tensors, "encoder.log_variance", h)
            kl += -0.5 * (1 + log_variance - mu**2 - log_variance.exp()).mean().item()
            inputs = torch.cat([inputs, mu.expand(len(inputs), -1)], dim=1)
            state = tuple(part[None].contiguous() for part in torch.tanh(linear(tensors, "decoder.initial_state", mu)).chunk(2, 1))
        hidden, _ = decoder(inputs[:, None, :], state)
        y = linear(tensors, "decoder.output", hidden[:, 0])
        offset -= log_density(y[:-1], rows[:-1], config["num_mixture"]).sum().item()
        pen_steps = -(rows[:, 2:] * torch.log_softmax(y[:, :3], 1)).sum(1)
        pen += pen_steps[:-1].sum().item()
        pen_training_form += pen_steps.sum().item()
    divisor = len(sketches) * int(metadata["max_seq_len"])
    kl /= len(sketches)
    reconstruction = (offset + pen) / divisor
    return {
        "n": len(sketches),
        "offset": offset / divisor,
        "pen": pen / divisor,
        "reconstruction": reconstruction,
        "reconstruction_training_form": (offset + pen_training_form) / divisor,
        "kl": kl,
        "total": reconstruction + (config["kl_weight"] * max(kl, config["kl_tolerance"]) if is_conditional else 0),
    }


def compare(limn, folder, is_conditional):
    data, run = folder / "walks.npz", folder / f"run-{is_conditional}"
    sketches = write_data(data)
    options = {**MODEL, "conditional": str(is_conditional).lower()}
    command = [limn, "train", "sketch-rnn", "--data", data, "--out", run, "--steps", "40", "--batch-size", "5"]
    command += ["--learning-rate", "0.02", "--sample-every", "0", "--threads", "1", "--quiet"]
    for name, value in options.items():
        command += ["--set", f"{name}={value}"]
    subprocess.run([str(word) for word in command], check=True)
    command = [limn, "eval", str(run), "--data", str(data), "--split", "test", "--latent", "mean", "--json"]
    ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    theirs = losses(*read_safetensors(run / "checkpoints" / "best.safetensors"), sketches)
    failures = 0
    for name, value in theirs.items():
        is_near = math.isfinite(ours[name]) and abs(ours[name] - value) <= TOLERANCE
        failures += not is_near
        verdict = "ok" if is_near else "DIFFERS"
        print(f"conditional={is_conditional} {name:<29} limn {ours[name]:.8f}  PyTorch {value:.8f}  {verdict}")
    return failures


def main():
    with tempfile.TemporaryDirectory() as folder:
        failures = sum(compare(sys.argv[1], Path(folder), is_conditional) for is_conditional in (True, False))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
