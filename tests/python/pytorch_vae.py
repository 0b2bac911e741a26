"""VAEs that limn trained, as two nn.Sequential of PyTorch: the weights load by load_state_dict, and PyTorch's losses on
latent means must be those that follow from what `limn encode` and `limn eval` say.

Usage: pytorch_vae.py LIMN, the built program. Ends with 77 where PyTorch or NumPy is missing."""

import gzip
import json
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
    print(f"SKIPPED pytorch_vae: {error}; install python3-torch and python3-numpy to run it")
    sys.exit(77)

TOLERANCE = 1e-5  # relative


def read_safetensors(path):
    """Tensors by name, without limn's reader."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy())
    return tensors


class Vae(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)


def activated(layer, channels):
    return [layer, nn.BatchNorm2d(channels), nn.LeakyReLU(0.2)]


def dense(pixels, hidden, z):
    encoder = [nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * z)]
    return Vae(encoder, [nn.Linear(z, hidden), nn.ReLU(), nn.Linear(hidden, pixels)])


def conv40(c, hidden, z):
    encoder, inputs = [], 3
    for i, kernel in enumerate((3, 3, 3, 4)):
        encoder += activated(nn.Conv2d(inputs, c << i, kernel, stride=2, padding=1), c << i)
        inputs = c << i
    encoder += [nn.Flatten(), nn.Linear(32 * c, hidden), nn.Linear(hidden, 2 * z)]
    decoder = [nn.Linear(z, hidden), nn.Linear(hidden, 32 * c), nn.Unflatten(1, (8 * c, 2, 2))]
    for outputs, kernel, stride in ((4 * c, 4, 2), (2 * c, 3, 2), (c, 3, 1), (c, 3, 1), (c // 2, 3, 1)):
        decoder += activated(nn.ConvTranspose2d(inputs, outputs, kernel, stride), outputs)
        inputs = outputs
    return Vae(encoder, decoder + [nn.ConvTranspose2d(inputs, 3, 4, 2)])


def conv20(c, hidden, z):
    encoder, inputs = [], 3
    for outputs, stride in ((c, 1), (2 * c, 1), (4 * c, 1), (4 * c, 2)):
        encoder += activated(nn.Conv2d(inputs, outputs, 3, stride), outputs)
        inputs = outputs
    encoder += [nn.Flatten(), nn.Linear(144 * c, hidden), nn.Linear(hidden, 2 * z)]
    decoder = [nn.Linear(z, hidden), nn.Linear(hidden, 144 * c), nn.Unflatten(1, (4 * c, 6, 6))]
    for outputs, kernel, stride in ((4 * c, 3, 1), (2 * c, 3, 2), (c, 3, 1), (c // 2, 4, 1)):
        decoder += activated(nn.ConvTranspose2d(inputs, outputs, kernel, stride), outputs)
        inputs = outputs
    return Vae(encoder, decoder + [nn.Conv2d(inputs, 3, 3)])


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def write_idx(folder, images):
    """The four MNIST files, the labels left out."""
    folder.mkdir()
    for name, part in (("train-images-idx3-ubyte.gz", images[8:]), ("t10k-images-idx3-ubyte.gz", images[:8])):
        header = struct.pack(">BBBBIII", 0, 0, 8, 3, *part.shape)
        (folder / name).write_bytes(gzip.compress(header + part.tobytes()))


def write_ppm_pngs(folder, images):
    """PNG files of RGB images [n, H, W, 3] by NumPy and zlib alone."""
    import zlib

    folder.mkdir()
    for i, image in enumerate(images):
        height, width, _ = image.shape
        rows = b"".join(b"\0" + row.tobytes() for row in image)
        chunks = b"\x89PNG\r\n\x1a\n"
        parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
        for kind, body in parts:
            chunks += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        (folder / f"{i:03}.png").write_bytes(chunks)


@torch.no_grad()
def check(limn, folder, name, model, data, pixels, settings):
    """`pixels` [n, C, H, W]: what `data` names. Returns whether PyTorch agrees."""
    out = folder / name
    words = [limn, "train", "vae", "--data", folder / "data", "--out", out, "--quiet", "--threads", "1", "--steps", "6"]
    for setting in settings:
        words += ["--set", setting]
    run(*words)
    weights = read_safetensors(out / "checkpoints" / "best.safetensors")
    model.load_state_dict({name: weights[name] for name in weights if not name.startswith("prior.")})
    model.eval().double()
    references = [f"{folder / 'data'}{reference}" for reference in data]
    run(limn, "encode", out, "--in", *references, "-o", folder / "z.npy")
    mean = torch.from_numpy(np.load(folder / "z.npy").astype("f8"))
    latent = model.encoder(pixels if name != "dense" else pixels.flatten(1))
    mu, log_variance = latent.chunk(2, 1)
    worst = (mean - mu).abs().max().item() / mu.abs().max().item()
    print(f"{name}: state_dict loads; latent means differ by {worst:.1e} of the largest")
    # KL of the split does not depend on the noise, so limn eval's figure is PyTorch's.
    ours = json.loads(run(limn, "eval", out, "--data", folder / "data", "--split", "test" if name == "dense" else "train", "--json"))
    kl = -0.5 * (1 + log_variance - mu**2 - log_variance.exp()).sum(1).mean().item()
    difference = abs(ours["kl"] - kl) / abs(kl) if ours["n"] == len(pixels) else float("nan")
    print(f"{name}: kl limn {ours['kl']:.6f}  PyTorch {kl:.6f} over {ours['n']} images")
    image = torch.sigmoid(model.decoder(mu)).reshape(pixels.shape)
    return worst <= TOLERANCE and difference <= TOLERANCE and bool(torch.isfinite(image).all())


def main():
    limn, random = sys.argv[1], np.random.default_rng(5)
    results = []
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "grey"
        folder.mkdir()
        images = random.integers(0, 256, (40, 9, 11), dtype=np.uint8)
        write_idx(folder / "data", images)
        pixels = torch.from_numpy(images[:8, None].astype("f8") / 255)
        settings = ["hidden=7", "z_size=3", "batch_size=5"]
        results.append(check(limn, folder, "dense", dense(99, 7, 3), [":test"], pixels, settings))
        for side, name, make in ((40, "conv40", conv40), (20, "conv20", conv20)):
            folder = Path(root) / name
            folder.mkdir()
            images = random.integers(0, 256, (9, side, side, 3), dtype=np.uint8)
            write_ppm_pngs(folder / "data", images)
            pixels = torch.from_numpy(images.astype("f8") / 255).permute(0, 3, 1, 2)
            settings = [f"arch={name}", "hidden=7", "z_size=3", "channels=4", "batch_size=4", "likelihood=mse", "valid_share=0"]
            references = [f"/{i:03}.png" for i in range(len(images))]
            results.append(check(limn, folder, name, make(4, 7, 3), references, pixels, settings))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
