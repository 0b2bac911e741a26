"""Recurrent cells of Sketch-RNN in PyTorch: a fused LSTM, and the layer-normalised LSTM (Ba et al. 2016) and HyperLSTM
(Ha et al. 2016), which PyTorch does not have, as loops over a step that may be compiled."""

import math

import torch
from torch import nn

KEEP = 0.9  # recurrent dropout without memory loss (Semeniuta et al. 2016), on the candidate
EPSILON = 1e-3


def normalised(gates, gamma, beta):
    """Layer normalisation of the last axis, with biased variance."""
    variance, mean = torch.var_mean(gates, -1, unbiased=False, keepdim=True)
    return (gates - mean) * torch.rsqrt(variance + EPSILON) * gamma + beta


def gated(a, cell, mask, gamma, beta, gamma_cell, beta_cell):
    """From pre-activations a [B, 4, H] of i, f, g, o and the mask of the candidate [B, H]: the new h and c."""
    i, f, g, o = normalised(a, gamma, beta).unbind(1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * (torch.tanh(g) * mask)
    return torch.sigmoid(o) * torch.tanh(normalised(cell, gamma_cell, beta_cell)), cell


class LayerNormCell(nn.Module):
    """x already multiplied by W_ih: ax [B, 4H]."""

    def __init__(self, inputs, units):
        super().__init__()
        self.units = units
        self.weight_ih = nn.Parameter(torch.randn(4 * units, inputs) / math.sqrt(inputs))
        self.weight_hh = nn.Parameter(torch.randn(4 * units, units) / math.sqrt(units))
        self.gamma, self.beta = nn.Parameter(torch.ones(4, units)), nn.Parameter(torch.zeros(4, units))
        self.gamma_cell, self.beta_cell = nn.Parameter(torch.ones(units)), nn.Parameter(torch.zeros(units))

    @property
    def state_size(self):
        return 2 * self.units

    def project(self, x):
        return x @ self.weight_ih.t()

    def forward(self, ax, state, mask):
        h, c = state.chunk(2, 1)
        a = (ax + h @ self.weight_hh.t()).unflatten(1, (4, self.units))
        h, c = gated(a, c, mask, self.gamma, self.beta, self.gamma_cell, self.beta_cell)
        return torch.cat([h, c], 1)

    def hidden(self, states):
        return states[..., : self.units]


class HyperCell(nn.Module):
    """A small layer-normalised cell scales the gates of the large one."""

    def __init__(self, inputs, units, hyper_units=256, embedding=32):
        super().__init__()
        self.units, self.hyper_units, self.embedding = units, hyper_units, embedding
        self.small = LayerNormCell(inputs + units, hyper_units)
        self.weight_ih = nn.Parameter(torch.randn(4 * units, inputs) / math.sqrt(inputs))
        self.weight_hh = nn.Parameter(torch.randn(4 * units, units) / math.sqrt(units))
        self.bias = nn.Parameter(torch.zeros(4, units))
        # Of x, h and the shift, each for the four gates: hyper state -> embedding -> scale.
        self.to_embedding = nn.Parameter(torch.zeros(hyper_units, 12 * embedding))
        self.embedding_bias = nn.Parameter(torch.ones(8 * embedding))
        self.to_scale = nn.Parameter(torch.full((12, embedding, units), 0.1 / embedding))
        self.gamma, self.beta = nn.Parameter(torch.ones(4, units)), nn.Parameter(torch.zeros(4, units))
        self.gamma_cell, self.beta_cell = nn.Parameter(torch.ones(units)), nn.Parameter(torch.zeros(units))

    @property
    def state_size(self):
        return 2 * self.units + 2 * self.hyper_units

    def project(self, x):
        """The part that x adds to the gates of both cells, for all steps in one product."""
        inputs = self.weight_ih.shape[1]
        return x @ torch.cat([self.weight_ih, self.small.weight_ih[:, :inputs]]).t()

    def forward(self, ax, state, mask):
        large, small = state.split([2 * self.units, 2 * self.hyper_units], 1)
        h, c = large.chunk(2, 1)
        ax, ax_small = ax.split([4 * self.units, 4 * self.hyper_units], 1)
        inputs = self.weight_ih.shape[1]
        small_mask = mask[:, self.units :]
        small = self.small(ax_small + h @ self.small.weight_ih[:, inputs:].t(), small, small_mask)
        z = small[:, : self.hyper_units] @ self.to_embedding
        z = z + nn.functional.pad(self.embedding_bias, (0, 4 * self.embedding))
        scales = torch.einsum("bke,keu->bku", z.unflatten(1, (12, self.embedding)), self.to_scale)
        scale_x, scale_h, shift = scales.chunk(3, 1)
        ah = (h @ self.weight_hh.t()).unflatten(1, (4, self.units))
        a = scale_x * ax.unflatten(1, (4, self.units)) + scale_h * ah + shift + self.bias
        h, c = gated(a, c, mask[:, : self.units], self.gamma, self.beta, self.gamma_cell, self.beta_cell)
        return torch.cat([h, c, small], 1)

    def hidden(self, states):
        return states[..., : self.units]


class Loop(nn.Module):
    """A cell over all steps: x [L, B, X], state [B, S] -> states of all steps [L, B, S]. With `compiles` the step is
    compiled once and called at every step."""

    def __init__(self, cell, compiles):
        super().__init__()
        self.cell = cell
        self.step = torch.compile(cell) if compiles else cell

    def forward(self, x, state):
        width = self.cell.units + getattr(self.cell, "hyper_units", 0)
        masks = torch.empty(len(x), x.shape[1], width).bernoulli_(KEEP).div_(KEEP)
        states = []
        for ax, mask in zip(self.cell.project(x).unbind(0), masks.unbind(0)):
            state = self.step(ax, state, mask)
            states.append(state)
        return torch.stack(states)
