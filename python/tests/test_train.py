"""Training: the same run as the command's, callbacks, Ctrl-C, and other threads meanwhile."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import limn
from conftest import SMALL

DATA = "builtin:doodles-10"


def weights(folder):
    return limn.load(folder / "checkpoints" / "last.safetensors").weights()


def assert_same(a, b):
    assert set(a) == set(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_a_run_reports_and_saves(tmp_path):
    steps, validations, notices = [], [], []
    run = limn.train("sketch-rnn", DATA, tmp_path / "run", num_steps=4, valid_every=2, **SMALL,
                     on_step=lambda p: steps.append((p.step, p.num_steps, p.losses["total"])),
                     on_validation=lambda step, losses, best: validations.append((step, losses["total"], best)),
                     on_notice=notices.append)
    assert [step for step, *_ in steps] == [1, 2, 3, 4] and all(n == 4 for _, n, _ in steps)
    assert [step for step, *_ in validations] == [2, 4] and validations[0][2] is True
    assert run.step == 4 and run.best_total == min(total for _, total, _ in validations)
    assert (run.path / "config.toml").exists() and run.model().latent_size == 5
    assert all(isinstance(notice, str) for notice in notices)


def test_weights_are_those_of_the_command(tmp_path, command):
    options = [f"{name}={value}" for name, value in SMALL.items()]
    command("train", "sketch-rnn", "--data", DATA, "--out", tmp_path / "theirs", "--set", *options, "--steps", 5,
            "--quiet")
    limn.train("sketch-rnn", DATA, tmp_path / "ours", num_steps=5, **SMALL)
    assert_same(weights(tmp_path / "theirs"), weights(tmp_path / "ours"))


def test_a_callback_that_raises_stops_and_the_run_continues(tmp_path):
    class Enough(Exception):
        pass

    def stop(progress):
        if progress.step == 3:
            raise Enough

    with pytest.raises(Enough):
        limn.train("sketch-rnn", DATA, tmp_path / "cut", num_steps=6, on_step=stop, **SMALL)
    run = limn.train("sketch-rnn", DATA, tmp_path / "cut", resume=True)
    limn.train("sketch-rnn", DATA, tmp_path / "whole", num_steps=6, **SMALL)
    assert run.step == 6
    assert_same(weights(tmp_path / "cut"), weights(tmp_path / "whole"))


def test_ctrl_c_saves_and_raises(tmp_path):
    script = textwrap.dedent("""
        import sys, limn
        def say(progress):
            print("step", progress.step, flush=True)
        try:
            limn.train("sketch-rnn", "builtin:doodles-10", sys.argv[1], num_steps=1000000, on_step=say,
                       sample_every=0, batch_size=10, dec_rnn_size=8, enc_rnn_size=8)
        except KeyboardInterrupt:
            print("interrupted", limn.load(sys.argv[1]).step, flush=True)
    """)
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("step")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 0 and output.strip().splitlines()[-1].startswith("interrupted")


def test_other_threads_run_meanwhile(tmp_path):
    ticks = []
    is_done = threading.Event()

    def tick():
        while not is_done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        began = time.monotonic()
        limn.train("sketch-rnn", DATA, tmp_path / "run", num_steps=8, sample_every=0, dec_rnn_size=128,
                   enc_rnn_size=64)
        ended = time.monotonic()
    finally:
        is_done.set()
        thread.join()
    during = [tick for tick in ticks if began < tick < ended]
    assert len(during) > 10, f"{len(during)} ticks in {ended - began:.2f} s"


def test_threads_draw_the_same(doodles):
    expected = doodles.sample(8, seed=6)
    results = [None] * 4

    def draw(i):
        results[i] = doodles.sample(8, seed=6)

    threads = [threading.Thread(target=draw, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(drawn == expected for drawn in results)


def test_init_from_starts_with_the_weights(small_run, tmp_path):
    run = limn.train("sketch-rnn", DATA, tmp_path / "run", init_from=str(small_run.path), num_steps=1,
                     learning_rate=1e-30, min_learning_rate=1e-30, batch_size=20, sample_every=0, average_weights=False)
    for name, value in weights(run.path).items():
        np.testing.assert_allclose(value, limn.load(small_run.path).weights()[name], atol=1e-6, err_msg=name)


def test_wrong_options_leave_no_folder(tmp_path):
    out = tmp_path / "run"
    for options, message in [
        ({"num_step": 3}, "num_steps"),
        ({"num_steps": -1}, "num_steps"),
        ({"train_for": "long"}, "long"),
        ({"preset": "nothing"}, "preset nothing"),
        ({"resume": True}, "run"),
        ({"resume": True, "overwrite": True}, "overwrite"),
        ({"data": "nothing.npz"}, "nothing.npz"),
        ({"data": 3}, "write_sketches"),
    ]:
        with pytest.raises(limn.Error, match=message):
            limn.train("sketch-rnn", **{"data": DATA, "out": out, **options})
        assert not out.exists(), options
    with pytest.raises(limn.Error, match="sketch-rnn"):
        limn.train("sketchrnn")


def test_a_run_is_not_overwritten_unasked(small_run):
    with pytest.raises(limn.Error, match="small"):
        limn.train("sketch-rnn", DATA, small_run.path, num_steps=1, **SMALL)


def test_options_have_defaults_and_meanings():
    options = limn.train_options("vae")
    assert options["batch_size"][0] > 0 and all(meaning for _, meaning in options.values())
    assert "sample_every" in options and os.fspath("x") == "x"
