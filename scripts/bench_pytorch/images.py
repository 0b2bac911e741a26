"""The dense VAE of MNIST (Kingma & Welling 2013, arXiv 1312.6114) and DRAW with attention (Gregor et al. 2015, arXiv
1502.04623; equation numbers are the paper's) at the sizes of its MNIST model."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

SIDE = 28
PIXELS = SIDE * SIDE


class Vae(nn.Module):
    """784-256-2-256-784."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, 256), nn.ReLU(), nn.Linear(256, 4))
        self.decoder = nn.Sequential(nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, PIXELS))

    def loss(self, x):
        """x [B, 784]: the bound in nats per image."""
        mu, log_variance = self.encoder(x).chunk(2, 1)
        logits = self.decoder(mu + torch.exp(log_variance / 2) * torch.randn_like(mu))
        kl = -0.5 * (1 + log_variance - mu**2 - log_variance.exp()).sum()
        return (binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl) / len(x)


class Window(nn.Module):
    """n x n filters over the image that the decoder's state places (equations 21 to 26)."""

    def __init__(self, units, n):
        super().__init__()
        self.n, self.parameters_of = n, nn.Linear(units, 5)
        self.register_buffer("pixels", torch.arange(1, SIDE + 1, dtype=torch.float32))
        self.register_buffer("places", torch.arange(1, n + 1) - n / 2 - 0.5)

    def forward(self, h):
        """h [B, H] -> F_X, F_Y [B, n, 28] and the intensity [B, 1, 1]."""
        gx, gy, log_variance, log_stride, log_intensity = self.parameters_of(h).split(1, 1)
        stride = (SIDE - 1) / (self.n - 1) * torch.exp(log_stride)

        def filters(centre):
            means = (SIDE + 1) / 2 * (centre + 1) + self.places * stride
            bank = torch.exp(-((self.pixels - means[..., None]) ** 2) / (2 * torch.exp(log_variance)[..., None]))
            return bank / bank.sum(2, keepdim=True).clamp(min=1e-8)

        return filters(gx), filters(gy), torch.exp(log_intensity)[..., None]


class Draw(nn.Module):
    """T = 64 glimpses, read 2 x 2, write 5 x 5, LSTMs of 256, 100 latent dimensions per glimpse."""

    def __init__(self, glimpses=64, units=256, latent=100, read=2, write=5, compiles=False):
        super().__init__()
        self.glimpses, self.latent_size = glimpses, latent
        self.reading, self.writing = Window(units, read), Window(units, write)
        self.encoder = nn.LSTMCell(2 * read * read + units, units)
        self.latent = nn.Linear(units, 2 * latent)
        self.decoder = nn.LSTMCell(latent, units)
        self.patch = nn.Linear(units, write * write)
        self.start = nn.ParameterList([nn.Parameter(torch.zeros(size)) for size in (PIXELS, units, units, units, units)])
        self.step = torch.compile(self.glimpse) if compiles else self.glimpse

    def glimpse(self, x, noise, canvas, h_enc, c_enc, h_dec, c_dec):
        error = x - torch.sigmoid(canvas)  # (3)
        fx, fy, intensity = self.reading(h_dec)
        images = torch.stack([x, error], 1).unflatten(2, (SIDE, SIDE))
        patches = fy[:, None] @ images @ fx[:, None].transpose(2, 3) * intensity[:, None]  # (27)
        h_enc, c_enc = self.encoder(torch.cat([patches.flatten(1), h_dec], 1), (h_enc, c_enc))  # (5)
        mu, log_sigma = self.latent(h_enc).chunk(2, 1)
        h_dec, c_dec = self.decoder(mu + torch.exp(log_sigma) * noise, (h_dec, c_dec))  # (7)
        fx, fy, intensity = self.writing(h_dec)
        patch = self.patch(h_dec).unflatten(1, (self.writing.n, self.writing.n))
        canvas = canvas + (fy.transpose(1, 2) @ patch @ fx / intensity).flatten(1)  # (8, 29)
        kl = 0.5 * (mu**2 + torch.exp(2 * log_sigma) - 2 * log_sigma - 1).sum()  # (11)
        return canvas, h_enc, c_enc, h_dec, c_dec, kl

    def loss(self, x):
        """x [B, 784] of zeros and ones: the bound in nats per image (12)."""
        canvas, h_enc, c_enc, h_dec, c_dec = (part.expand(len(x), -1) for part in self.start)
        kl = 0
        for noise in torch.randn(self.glimpses, len(x), self.latent_size).unbind(0):
            canvas, h_enc, c_enc, h_dec, c_dec, more = self.step(x, noise, canvas, h_enc, c_enc, h_dec, c_dec)
            kl = kl + more
        return (binary_cross_entropy_with_logits(canvas, x, reduction="sum") + kl) / len(x)
