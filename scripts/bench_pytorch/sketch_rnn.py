"""Sketch-RNN (Ha & Eck 2017, arXiv 1704.03477) at Magenta's default sizes, as a PyTorch user writes it with care: one
matrix product for all input rows, fused LSTMs where the cell allows it, losses on real points only."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cells import HyperCell, LayerNormCell, Loop

ENCODER, DECODER, LATENT, MIXTURES = 256, 512, 128, 20
KL_WEIGHT, KL_TOLERANCE = 0.5, 0.2


class SketchRnn(nn.Module):
    """cell: lstm (without recurrent dropout, which PyTorch's fused LSTM does not know), layer_norm or hyper. is_packed:
    LSTMs skip the padding; else they run over it."""

    def __init__(self, cell="lstm", is_packed=False, compiles=False):
        super().__init__()
        self.is_fused, self.is_packed = cell == "lstm", is_packed
        if self.is_fused:
            self.encoder = nn.LSTM(5, ENCODER, bidirectional=True)
            self.decoder = nn.LSTM(5 + LATENT, DECODER)
            state_size = 2 * DECODER
        else:
            kind = {"layer_norm": LayerNormCell, "hyper": HyperCell}[cell]
            self.forwards = Loop(kind(5, ENCODER), compiles)
            self.backwards = Loop(kind(5, ENCODER), compiles)
            self.decoder = Loop(kind(5 + LATENT, DECODER), compiles)
            state_size = self.decoder.cell.state_size
        self.latent = nn.Linear(2 * ENCODER, 2 * LATENT)
        self.initial_state = nn.Linear(LATENT, state_size)
        self.output = nn.Linear(DECODER, 3 + 6 * MIXTURES)

    def encode(self, points, lengths):
        """points [L, B, 5] -> [B, 2Z]: mu and log variance."""
        if self.is_fused and self.is_packed:
            _, (h, _) = self.encoder(pack_padded_sequence(points, lengths))
            return self.latent(torch.cat([h[0], h[1]], 1))
        # Over the padding: the forward state is taken at each sketch's last point, and the backward one reads every
        # sketch reversed within its own length, so that both end at its edge.
        last = (lengths - 1)[None, :, None]
        places = torch.arange(len(points))[:, None]
        reversal = torch.where(places < lengths[None], lengths[None] - 1 - places, places)
        backwards = points.gather(0, reversal[..., None].expand_as(points))
        if self.is_fused:
            # One direction each: a bidirectional LSTM would begin its second one in the padding.
            ends = []
            for direction, x in (("", points), ("_reverse", backwards)):
                weights = [getattr(self.encoder, f"{name}_l0{direction}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                start = points.new_zeros(1, points.shape[1], ENCODER)
                h, _, _ = torch.lstm(x, (start, start), weights, True, 1, 0.0, self.training, False, False)
                ends.append(h.gather(0, last.expand(1, -1, ENCODER))[0])
            return self.latent(torch.cat(ends, 1))
        ends = []
        for loop, x in ((self.forwards, points), (self.backwards, backwards)):
            h = loop.cell.hidden(loop(x, points.new_zeros(points.shape[1], loop.cell.state_size)))
            ends.append(h.gather(0, last.expand(1, -1, ENCODER))[0])
        return self.latent(torch.cat(ends, 1))

    def decode(self, rows, z, lengths):
        """rows S_0 … S_Ns [L + 1, B, 5], z [B, Z] -> y of each [L + 1, B, 3 + 6M]."""
        x = torch.cat([rows, z.expand(len(rows), -1, -1)], 2)
        state = torch.tanh(self.initial_state(z))
        if not self.is_fused:
            return self.output(self.decoder.cell.hidden(self.decoder(x, state)))
        start = tuple(part[None].contiguous() for part in state.chunk(2, 1))
        if not self.is_packed:
            return self.output(self.decoder(x, start)[0])
        hidden, _ = self.decoder(pack_padded_sequence(x, lengths + 1), start)
        return self.output(pad_packed_sequence(hidden)[0])

    def loss(self, rows, lengths):
        """rows S_0 … S_Ns, then S_end up to the longest [L + 2, B, 5]; the total loss, over real points."""
        mu, log_variance = self.encode(rows[1:-1], lengths).chunk(2, 1)
        z = mu + torch.exp(log_variance / 2) * torch.randn_like(mu)
        y = self.decode(rows[:-1], z, lengths)
        targets = rows[1:]
        places = torch.arange(len(targets))[:, None]
        is_drawn, is_counted = places < lengths, places <= lengths
        divisor = targets.shape[1] * int(lengths.max())
        offsets = -log_density(y[is_drawn], targets[is_drawn]).sum()
        pens = nn.functional.cross_entropy(y[is_counted][:, :3], targets[is_counted][:, 2:], reduction="sum")
        kl = -0.5 * (1 + log_variance - mu**2 - log_variance.exp()).mean()
        return (offsets + pens) / divisor + KL_WEIGHT * kl.clamp(min=KL_TOLERANCE)


def log_density(y, targets):
    """log of the mixture's density + 1e-6 of each offset: y [R, 3 + 6M], targets [R, 5]."""
    log_pi, mu_x, mu_y, log_sigma_x, log_sigma_y, rho_hat = y[:, 3:].split(MIXTURES, 1)
    rho = torch.tanh(rho_hat)
    rest = 1 - rho**2
    x = (targets[:, :1] - mu_x) * torch.exp(-log_sigma_x)
    y = (targets[:, 1:2] - mu_y) * torch.exp(-log_sigma_y)
    log_normal = -(x**2 + y**2 - 2 * rho * x * y) / (2 * rest) - log_sigma_x - log_sigma_y - 0.5 * torch.log(rest)
    joint = torch.log_softmax(log_pi, 1) + log_normal - 1.8378770664093453  # log 2π
    return torch.log(torch.exp(torch.logsumexp(joint, 1)) + 1e-6)


def batch_of(lengths):
    """Random sketches with these numbers of points, longest first: rows [L + 2, B, 5] and the lengths."""
    lengths = torch.tensor(sorted(lengths, reverse=True))
    longest, count = int(lengths[0]), len(lengths)
    rows = torch.zeros(longest + 2, count, 5)
    rows[0, :, 2] = 1
    rows[1:, :, 4] = 1
    for b, length in enumerate(lengths.tolist()):
        rows[1 : length + 1, b] = 0
        rows[1 : length + 1, b, :2] = torch.randn(length, 2)
        lifted = torch.rand(length) < 0.1
        rows[1 : length + 1, b, 2], rows[1 : length + 1, b, 3] = (~lifted).float(), lifted.float()
    return rows, lengths


class Drawer(nn.Module):
    """Draws point by point: the cell's step, the output layer, and a draw from what it says."""

    def __init__(self, count):
        super().__init__()
        self.count = count
        self.cell = nn.LSTMCell(5 + LATENT, DECODER)
        self.initial_state = nn.Linear(LATENT, 2 * DECODER)
        self.output = nn.Linear(DECODER, 3 + 6 * MIXTURES)

    @torch.inference_mode()
    def draw(self, points, temperature=0.4):
        z = torch.randn(self.count, LATENT)
        h, c = torch.tanh(self.initial_state(z)).chunk(2, 1)
        x = torch.zeros(self.count, 5)
        x[:, 2] = 1
        rows = torch.arange(self.count)
        drawn = []
        for _ in range(points):
            h, c = self.cell(torch.cat([x, z], 1), (h, c))
            y = self.output(h)
            pen = torch.multinomial(torch.softmax(y[:, :2] / temperature, 1), 1)[:, 0]  # never the end
            parts = y[:, 3:].unflatten(1, (6, MIXTURES))
            chosen = torch.multinomial(torch.softmax(parts[:, 0] / temperature, 1), 1)[:, 0]
            _, mu_x, mu_y, log_sigma_x, log_sigma_y, rho_hat = parts[rows, :, chosen].unbind(1)
            rho = torch.tanh(rho_hat)
            e1, e2 = torch.randn(2, self.count) * temperature**0.5
            x = torch.zeros(self.count, 5)
            x[:, 0] = mu_x + torch.exp(log_sigma_x) * e1
            x[:, 1] = mu_y + torch.exp(log_sigma_y) * (rho * e1 + torch.sqrt(1 - rho**2) * e2)
            x[rows, 2 + pen] = 1
            drawn.append(x)
        return torch.stack(drawn)
