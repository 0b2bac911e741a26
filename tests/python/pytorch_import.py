"""Sketch-RNNs as labml and rfeinman keep them in PyTorch, imported by limn: PyTorch computes the losses of random models
in the way of each implementation, and `limn eval --latent mean` of the imported model must agree to 1e-5; so must the
latent means that `limn encode` writes.

Usage: pytorch_import.py LIMN, the built program. Ends with 77 where PyTorch or NumPy is missing."""

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
    from torch import nn
except ImportError as error:
    print(f"SKIPPED pytorch_import: {error}; install python3-torch and python3-numpy to run it")
    sys.exit(77)

TOLERANCE = 1e-5
# rfeinman's layer normalisation has another epsilon than limn's; for the cell's state the import cannot make up for it.
TOLERANCE_OF_EPSILON = 1e-3
THEIR_EPSILON, OUR_EPSILON = 1e-5, 1e-3
ENCODER, DECODER, LATENT, MIXTURES, HYPER, EMBEDDING = 9, 14, 5, 3, 7, 4
SCALE, LONGEST = 21.5, 12


def write_safetensors(path, tensors, metadata=None):
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, tensor in tensors.items():
        values = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_data(path):
    """A data set of random walks; its test split, as numbers."""
    random = np.random.default_rng(3)

    def split(lengths):
        sketches = np.empty(len(lengths), dtype=object)
        for i, points in enumerate(lengths):
            rows = np.concatenate([random.normal(3, 20, (points, 2)), random.random((points, 1)) < 0.3], axis=1)
            rows[-1, 2] = 1
            sketches[i] = rows.round().astype(np.int16)
        return sketches

    splits = {"train": split([LONGEST, 3]), "valid": split([4]), "test": split([7, 1, LONGEST, 3, 2])}
    np.savez(path, **splits)
    return splits["test"]


class LabmlEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, ENCODER, bidirectional=True)
        self.mu_head, self.sigma_head = nn.Linear(2 * ENCODER, LATENT), nn.Linear(2 * ENCODER, LATENT)


class LabmlDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.init_state = nn.Linear(LATENT, 2 * DECODER)
        self.lstm = nn.LSTM(LATENT + 5, DECODER)
        self.mixtures, self.q_head = nn.Linear(DECODER, 6 * MIXTURES), nn.Linear(DECODER, 3)


class Labml(nn.Module):
    """Reads sketches as its StrokesDataset pads them: S_0, the points, end rows up to the longest of the set and one."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = LabmlEncoder(), LabmlDecoder()

    def tensors(self):
        return self.state_dict()

    def posterior(self, rows):
        padded = torch.zeros(LONGEST + 2, 5, dtype=rows.dtype)
        padded[:, 4] = 1
        padded[: len(rows)] = rows
        _, (hidden, _) = self.encoder.lstm(padded[:, None])
        hidden = torch.cat([hidden[0], hidden[1]], dim=1)
        return self.encoder.mu_head(hidden), self.encoder.sigma_head(hidden)

    def outputs(self, rows, z):
        h, c = torch.tanh(self.decoder.init_state(z)).split(DECODER, dim=1)
        inputs = torch.cat([rows[:-1], z.expand(len(rows) - 1, -1)], dim=1)
        hidden, _ = self.decoder.lstm(inputs[:, None], (h[None].contiguous(), c[None].contiguous()))
        log_pi, mu_x, mu_y, s_x, s_y, rho = self.decoder.mixtures(hidden[:, 0]).split(MIXTURES, dim=1)
        return self.decoder.q_head(hidden[:, 0]), log_pi, torch.stack([mu_x, mu_y], -1), torch.stack([s_x, s_y], -1), rho


def parameter(*shape):
    return nn.Parameter(torch.empty(*shape).uniform_(-0.6, 0.6))


class RfeinmanCell(nn.Module):
    """lstm, layer_norm or hyper; the gates are i, f, o, g and f gets 1 more at run time."""

    def __init__(self, kind, inputs, units, epsilon_of_c):
        super().__init__()
        self.kind, self.units, self.epsilon_of_c = kind, units, epsilon_of_c
        self.weight_ih, self.weight_hh = parameter(4 * units, inputs), parameter(4 * units, units)
        if kind == "lstm":
            self.bias = parameter(4 * units)
        else:
            self.layernorm_h, self.layernorm_c = nn.Module(), nn.Module()
            for norm, size in (self.layernorm_h, 4 * units), (self.layernorm_c, units):
                norm.weight, norm.bias = nn.Parameter(1 + 0.5 * parameter(size)), parameter(size)
        if kind == "hyper":
            self.hyper_cell = RfeinmanCell("layer_norm", inputs, HYPER, epsilon_of_c)
            self.norms_x = nn.ModuleList([self.net(False) for _ in range(4)])
            self.norms_h = nn.ModuleList([self.net(True) for _ in range(4)])

    def net(self, has_shift):
        module = nn.Module()
        module.scale_net = nn.Sequential(nn.Linear(HYPER, EMBEDDING), nn.Linear(EMBEDDING, self.units, bias=False))
        if has_shift:
            module.bias_net = nn.Sequential(
                nn.Linear(HYPER, EMBEDDING, bias=False), nn.Linear(EMBEDDING, self.units, bias=False)
            )
        return module

    def state_size(self):
        return 2 * (self.units + (HYPER if self.kind == "hyper" else 0))

    def forward(self, x, state):
        h, c = (part[:, : self.units] for part in state)
        from_x, from_h = x @ self.weight_ih.T, h @ self.weight_hh.T
        small = None
        if self.kind == "hyper":
            small = self.hyper_cell(x, tuple(part[:, self.units :] for part in state))
            parts_x = [n.scale_net(small[0]) * part for n, part in zip(self.norms_x, from_x.chunk(4, 1))]
            parts_h = [n.scale_net(small[0]) * part + n.bias_net(small[0]) for n, part in zip(self.norms_h, from_h.chunk(4, 1))]
            gates = torch.cat(parts_x, 1) + torch.cat(parts_h, 1)
        else:
            gates = from_x + from_h
        if self.kind == "lstm":
            gates = gates + self.bias
        else:
            parts = [nn.functional.layer_norm(part, (self.units,), eps=THEIR_EPSILON) for part in gates.chunk(4, 1)]
            gates = torch.cat(parts, 1) * self.layernorm_h.weight + self.layernorm_h.bias
        i, f, o, g = gates.chunk(4, 1)
        c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
        read = c
        if self.kind != "lstm":
            norm = self.layernorm_c
            read = nn.functional.layer_norm(c, (self.units,), norm.weight, norm.bias, self.epsilon_of_c)
        h = torch.sigmoid(o) * torch.tanh(read)
        return (h, c) if small is None else (torch.cat([h, small[0]], 1), torch.cat([c, small[1]], 1))


class RfeinmanEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(5, ENCODER, bidirectional=True, batch_first=True)
        self.output = nn.Linear(2 * ENCODER, 2 * LATENT)


class Rfeinman(nn.Module):
    def __init__(self, kind, epsilon_of_c=OUR_EPSILON):
        super().__init__()
        self.encoder = RfeinmanEncoder()
        self.cell = RfeinmanCell(kind, 5 + LATENT, DECODER, epsilon_of_c)
        self.init = nn.Linear(LATENT, self.cell.state_size())
        self.param_layer = nn.Module()
        self.param_layer.linear = nn.Linear(DECODER, 6 * MIXTURES + 3)

    def tensors(self):
        """The cell also under its second name, as a module that shares it has it."""
        own = self.state_dict()
        return own | {"decoder." + name: tensor for name, tensor in own.items() if name.startswith("cell.")}

    def posterior(self, rows):
        _, (hidden, _) = self.encoder.rnn(rows[None, 1:-1])
        return self.encoder.output(torch.cat([hidden[0], hidden[1]], dim=1)).chunk(2, 1)

    def outputs(self, rows, z):
        state = torch.tanh(self.init(z)).chunk(2, dim=-1)
        hidden = []
        for row in rows[:-1]:
            state = self.cell(torch.cat([row[None], z], dim=1), state)
            hidden.append(state[0][:, :DECODER])
        y = self.param_layer.linear(torch.cat(hidden))
        log_pi, means, scales, rho, pen = y.split([MIXTURES, 2 * MIXTURES, 2 * MIXTURES, MIXTURES, 3], dim=1)
        return pen, log_pi, means.unflatten(1, (MIXTURES, 2)), scales.unflatten(1, (MIXTURES, 2)), rho


@torch.no_grad()
def losses(model, sketches):
    """Figures of `limn eval` by name, and the latent means."""
    offset = pen_loss = kl = 0.0
    means = []
    for sketch in sketches:
        offsets = torch.from_numpy(sketch[:, :2].astype("f8")) / SCALE
        lifted = torch.from_numpy(sketch[:, 2:].astype("f8"))
        points = torch.cat([offsets, 1 - lifted, lifted, torch.zeros_like(lifted)], dim=1)
        start, end = torch.tensor([[0.0, 0, 1, 0, 0]]).double(), torch.tensor([[0.0, 0, 0, 0, 1]]).double()
        rows = torch.cat([start, points, end])
        mu, log_variance = model.posterior(rows)
        means.append(mu[0])
        kl += -0.5 * (1 + log_variance - mu**2 - log_variance.exp()).mean().item()
        pen, log_pi, mean, log_sigma, rho = (part[:-1] for part in model.outputs(rows, mu))
        rho, sigma = torch.tanh(rho), log_sigma.exp()
        u = (points[:, None, :2] - mean) / sigma
        square = (u**2).sum(-1) - 2 * rho * u.prod(-1)
        log_density = -square / (2 * (1 - rho**2)) - log_sigma.sum(-1) - 0.5 * torch.log(1 - rho**2) - math.log(2 * math.pi)
        density = (torch.softmax(log_pi, 1) * log_density.exp()).sum(1)
        offset -= torch.log(density + 1e-6).sum().item()
        pen_loss -= (points[:, 2:] * torch.log_softmax(pen, 1)).sum().item()
    divisor = len(sketches) * LONGEST
    return {"offset": offset / divisor, "pen": pen_loss / divisor, "kl": kl / len(sketches)}, torch.stack(means)


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def compare(limn, folder, name, source, model, tolerance, sketches):
    for value in model.parameters():  # wide enough that nothing is nearly linear
        value.data *= 1.5
    model = model.double()
    theirs, theirs_z = folder / "theirs.safetensors", folder / "z.npy"
    ours = folder / f"{name}.safetensors"
    write_safetensors(theirs, model.tensors(), None if source == "labml" else {"scale_factor": str(SCALE)})
    options = ["--scale-factor", SCALE] if source == "labml" else []
    run(limn, "import", theirs, "--from", source, *options, "--max-seq-len", LONGEST, "-o", ours)
    found = json.loads(run(limn, "eval", ours, "--data", folder / "walks.npz", "--split", "test", "--latent", "mean", "--json"))
    run(limn, "encode", ours, "--in", f"{folder / 'walks.npz'}:test", "-o", theirs_z)
    expected, means = losses(model.float().double(), sketches)  # as the file keeps the weights
    latent = np.abs(np.load(theirs_z) - means.numpy()).max()
    failures = int(latent > TOLERANCE)
    print(f"{name:<25} latent means differ by {latent:.1e} at most  {'DIFFERS' if latent > TOLERANCE else 'ok'}")
    for loss, value in expected.items():
        is_near = math.isfinite(found[loss]) and abs(found[loss] - value) <= tolerance
        failures += not is_near
        print(f"{name:<25} {loss:<7} limn {found[loss]:.8f}  PyTorch {value:.8f}  {'ok' if is_near else 'DIFFERS'}")
    return failures


def main():
    torch.manual_seed(5)
    limn = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sketches = write_data(folder / "walks.npz")
        failures = compare(limn, folder, "labml", "labml", Labml(), TOLERANCE, sketches)
        for kind in ("lstm", "layer_norm", "hyper"):
            failures += compare(limn, folder, f"rfeinman {kind}", "rfeinman", Rfeinman(kind), TOLERANCE, sketches)
        for kind in ("layer_norm", "hyper"):
            model = Rfeinman(kind, THEIR_EPSILON)
            failures += compare(limn, folder, f"rfeinman {kind} 1e-5", "rfeinman", model, TOLERANCE_OF_EPSILON, sketches)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
