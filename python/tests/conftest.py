"""Fixtures of all tests. LIMN_COMMAND names the built command limn; tests that need it are skipped aloud without."""

import os
import subprocess

import numpy as np
import pytest

import limn

SMALL = {"dec_rnn_size": 14, "enc_rnn_size": 9, "z_size": 5, "num_mixture": 3, "batch_size": 20, "sample_every": 0}


@pytest.fixture(scope="session")
def doodles():
    return limn.load("builtin:doodles")


@pytest.fixture(scope="session")
def command():
    """Runs the command on the products of this package: those of oneDNN round differently."""
    program = os.environ.get("LIMN_COMMAND")
    if not program:
        pytest.skip("LIMN_COMMAND does not name the built command limn")

    def run(*arguments, cwd=None):
        environment = {**os.environ, "LIMN_GEMM": "own"}
        done = subprocess.run([program, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A small Sketch-RNN after a few steps."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    return limn.train("sketch-rnn", "builtin:doodles-10", folder, num_steps=6, valid_every=3, save_every=3, **SMALL)


@pytest.fixture(scope="session")
def vae_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "vae"
    return limn.train("vae", "builtin:shapes", folder, num_steps=4, z_size=2, batch_size=20, sample_every=0)


@pytest.fixture(scope="session")
def draw_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "draw"
    options = {"time_steps": 3, "z_size": 4, "enc_rnn_size": 11, "dec_rnn_size": 13}
    known = limn.train_options("draw")
    return limn.train("draw", "builtin:shapes", folder, num_steps=2, batch_size=10, sample_every=0,
                      **{name: value for name, value in options.items() if name in known})


@pytest.fixture
def rows():
    """Two strokes as stroke-3."""
    return np.array([[1, 2, 0], [3, 4, 1], [-5, 6, 0], [0.5, -0.25, 1]], np.float32)
