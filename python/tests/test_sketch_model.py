"""A Sketch-RNN: its arithmetic against NumPy, its drawings against the command's."""

import _thread
import json
import threading
import time

import numpy as np
import pytest

import limn


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def decoder_outputs(weights, inputs, z):
    """y of every row by an LSTM in double precision, gates i, f, g, o (docs/papers/cells.md)."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    h, c = np.split(np.tanh(w["decoder.initial_state.weight"] @ z + w["decoder.initial_state.bias"]), 2)
    rows = []
    for x in inputs:
        gates = w["decoder.cell.weight_ih"] @ np.concatenate([x, z]) + w["decoder.cell.weight_hh"] @ h
        i, f, g, o = np.split(gates + w["decoder.cell.bias"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        rows.append(w["decoder.output.weight"] @ h + w["decoder.output.bias"])
    return np.stack(rows)


def decoder_inputs(model, drawing):
    inputs = np.concatenate([[[0, 0, 1, 0, 0]], drawing.stroke5[:-1]]).astype(np.float64)
    inputs[:, :2] /= model.scale_factor
    return inputs


def test_precision_is_of_the_decoders_weights(doodles, vae_run):
    smaller = limn.load("builtin:doodles", precision="bf16")
    drawings = [[d.stroke3.tolist() for d in model.sample(3, seed=7)] for model in (doodles, smaller)]
    assert drawings[0] != drawings[1]
    (drawing,) = limn.read_sketches("builtin:doodles:test#0")
    np.testing.assert_array_equal(smaller.encode(drawing)[0], doodles.encode(drawing)[0])
    z = doodles.encode(drawing)[0][0]
    np.testing.assert_allclose(smaller.outputs(drawing, z), doodles.outputs(drawing, z), rtol=0.1, atol=0.1)
    with pytest.raises(limn.Error, match="precision: f16 is none; use f32, bf16"):
        limn.load("builtin:doodles", precision="f16")
    with pytest.raises(limn.Error, match="it draws images"):
        limn.load(vae_run.path, precision="bf16")


@pytest.mark.parametrize("number", [0, 17])
def test_outputs_are_those_of_numpy(doodles, number):
    (drawing,) = limn.read_sketches(f"builtin:doodles:test#{number}")
    z = doodles.encode(drawing)[0][0]
    expected = decoder_outputs(doodles.weights(), decoder_inputs(doodles, drawing), z.astype(np.float64))
    np.testing.assert_allclose(doodles.outputs(drawing, z), expected, rtol=1e-4, atol=1e-4)


def test_outputs_and_encoder_are_those_of_torch(doodles):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    (drawing,) = limn.read_sketches("builtin:doodles:test#5")
    weights = {name: torch.from_numpy(value) for name, value in doodles.weights().items()}

    def lstm(prefix):
        cell = torch.nn.LSTM(weights[prefix + "weight_ih"].shape[1], weights[prefix + "weight_hh"].shape[1])
        cell.load_state_dict({
            "weight_ih_l0": weights[prefix + "weight_ih"],
            "weight_hh_l0": weights[prefix + "weight_hh"],
            "bias_ih_l0": weights[prefix + "bias"],
            "bias_hh_l0": torch.zeros_like(weights[prefix + "bias"]),
        })
        return cell

    def linear(name, x):
        return torch.nn.functional.linear(x, weights[name + ".weight"], weights[name + ".bias"])

    inputs = torch.from_numpy(decoder_inputs(doodles, drawing)).float()
    with torch.no_grad():
        points = inputs[1:, None]
        _, (forward, _) = lstm("encoder.forward.")(points)
        _, (backward, _) = lstm("encoder.backward.")(points.flip(0))
        h = torch.cat([forward[0], backward[0]], 1)
        mu, log_variance = linear("encoder.mu", h), linear("encoder.log_variance", h)
        state = [part[None].contiguous() for part in torch.tanh(linear("decoder.initial_state", mu)).chunk(2, 1)]
        hidden, _ = lstm("decoder.cell.")(torch.cat([inputs, mu.expand(len(inputs), -1)], 1)[:, None], tuple(state))
        y = linear("decoder.output", hidden[:, 0])
    ours_mu, ours_log_variance = doodles.encode(drawing)
    np.testing.assert_allclose(ours_mu, mu, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours_log_variance, log_variance, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(doodles.outputs(drawing, mu.numpy()[0]), y, rtol=1e-4, atol=1e-4)


def test_drawings_follow_from_seed_and_number(doodles):
    five, three = doodles.sample(5, seed=4), doodles.sample(3, seed=4)
    assert five[:3] == three
    assert doodles.sample(3, seed=5) != three
    assert all(not drawing.is_blank for drawing in doodles.sample(20, seed=2, skip_blank=True))


def test_greedy_has_no_temperature(doodles):
    z = doodles.latents("builtin:doodles:test#1")
    assert doodles.decode(z, greedy=True, temperature=0.1) == doodles.decode(z[0], greedy=True, temperature=0.9)


def test_encode_gives_mean_and_spread(doodles):
    some = limn.read_sketches("builtin:doodles:test")[:7]
    mu, log_variance = doodles.encode(some)
    assert mu.shape == log_variance.shape == (7, doodles.latent_size) and mu.dtype == np.float32
    np.testing.assert_array_equal(mu, doodles.latents(some))
    np.testing.assert_allclose(mu[3], doodles.encode(some[3].stroke5)[0][0], rtol=1e-5, atol=1e-5)
    z = np.stack([doodles.latents(some, mean=False, seed=seed) for seed in range(40)])
    assert abs(((z - mu) / np.exp(log_variance / 2)).std() - 1) < 0.05


def test_reconstructions_are_drawings_of_the_latent_vectors(doodles):
    some = limn.read_sketches("builtin:doodles:test")[:3]
    assert doodles.reconstruct(some, mean=True, seed=3) == doodles.decode(doodles.latents(some), seed=3)
    fitted = doodles.reconstruct([d.scaled(3) for d in some], mean=True, fit=True)
    widths = [d.bounds[2] - d.bounds[0] for d in fitted]
    assert np.median(widths) > 2 * np.median([d.bounds[2] - d.bounds[0] for d in doodles.reconstruct(some, mean=True)])


def test_endings_begin_with_what_is_given(doodles):
    (drawing,) = limn.read_sketches("builtin:doodles:test#31")
    endings = doodles.complete(drawing, 4, points=8, seed=2)
    assert len(endings) == 4 and len({ending.svg() for ending in endings}) > 1
    for ending in endings:
        np.testing.assert_allclose(ending.stroke3[:8, :2], drawing.stroke3[:8, :2], rtol=1e-5, atol=1e-4)
    own = drawing.scaled(5)
    for ending in doodles.complete(own, 2, points=8, fit=True):
        np.testing.assert_allclose(ending.stroke3[:8], own.stroke3[:8])


def test_interpolation_has_both_ends(doodles):
    path = limn.interpolate(doodles, "builtin:doodles:test#0", "builtin:doodles:test#1", 5, greedy=True)
    z = doodles.latents(["builtin:doodles:test#0", "builtin:doodles:test#1"])
    assert len(path) == 5 and [path[0], path[-1]] == doodles.decode(z, greedy=True)
    between = limn.interpolate_latents([1, 0], [0, 1], 3)
    np.testing.assert_allclose(between, [[1, 0], [0.5**0.5, 0.5**0.5], [0, 1]], atol=1e-6)


def test_interpolation_takes_a_name_beside_a_drawing_and_own_sizes(doodles, tmp_path):
    named = "builtin:doodles:test#0", "builtin:doodles:test#1"
    first, second = limn.read_sketches("builtin:doodles:test")[:2]
    assert limn.interpolate(doodles, first, named[1], 3) == limn.interpolate(doodles, *named, 3)
    limn.write_sketches(tmp_path / "two.npz", [first, second])
    with pytest.raises(limn.Error, match="1 and 2 drawings, expected one each"):
        limn.interpolate(doodles, first, tmp_path / "two.npz", 3)
    fitted = limn.interpolate(doodles, first.scaled(9), second, 3, fit=True)
    assert fitted != limn.interpolate(doodles, first.scaled(9), second, 3)
    with pytest.raises(limn.Error, match="finite"):
        limn.interpolate_latents([float("nan"), 0], [0, 1], 3)


def test_many_drawings_are_one_sequence(tmp_path):
    small = limn.train("sketch-rnn", "builtin:doodles-10", tmp_path / "run", num_steps=2, dec_rnn_size=9,
                       enc_rnn_size=7, z_size=3, num_mixture=2, sample_every=0).model()
    many = small.sample(1030, seed=4)  # more than are drawn between two looks at Ctrl-C
    assert len(many) == 1030 and many[:3] == small.sample(3, seed=4)
    assert len({*many[1020:]} - {*many[:10]}) > 0


@pytest.mark.parametrize("seed", [-1, 2**64, 10**30])
def test_a_seed_out_of_range_is_said(doodles, vae_run, seed):
    for call in (doodles.sample, vae_run.model().sample):
        with pytest.raises(limn.Error, match="seed: expected a whole number from 0"):
            call(1, seed=seed)
    assert doodles.sample(1, seed=np.int64(3)) == doodles.sample(1, seed=3)


def test_ctrl_c_ends_a_long_sample(doodles):
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        doodles.sample(1_000_000)
    assert time.monotonic() - begin < 30


def test_drawings_are_those_of_the_command(doodles, command, tmp_path):
    """Same seed, same bits: files of both, written by one writer, are the same bytes read back."""
    drawings = {
        "sample": (["-n", 6, "--seed", 3, "--temperature", 0.5], doodles.sample(6, seed=3, temperature=0.5)),
        "complete": (
            ["--in", "builtin:doodles:test#31", "--points", 8, "-n", 3],
            doodles.complete("builtin:doodles:test#31", 3, points=8),
        ),
        "reconstruct": (
            ["--in", "builtin:doodles:test", "-n", 4],
            doodles.reconstruct(limn.read_sketches("builtin:doodles:test")[:4]),
        ),
        "interpolate": (
            ["--from", "builtin:doodles:test#2", "--to", "builtin:doodles:test#9", "--steps", 4],
            limn.interpolate(doodles, "builtin:doodles:test#2", "builtin:doodles:test#9", 4),
        ),
    }
    for name, (arguments, ours) in drawings.items():
        path = tmp_path / f"{name}.json"
        command(name, "builtin:doodles", *arguments, "-o", path)
        limn.write_sketches(tmp_path / "ours.json", ours)
        assert path.read_text() == (tmp_path / "ours.json").read_text(), name


def test_latent_vectors_are_those_of_the_command(doodles, command, tmp_path):
    path = tmp_path / "z.npy"
    command("encode", "builtin:doodles", "--in", "builtin:doodles:test#3", "builtin:doodles:test#4", "-o", path)
    np.testing.assert_array_equal(np.load(path), doodles.latents(["builtin:doodles:test#3", "builtin:doodles:test#4"]))


def test_losses_are_those_of_the_command(small_run, command):
    figures = json.loads(command("eval", small_run.path, "--data", "builtin:doodles-10", "--json"))
    ours = small_run.model().evaluate("builtin:doodles-10")
    assert set(ours) == set(figures) - {"data", "split"}
    for name, value in ours.items():
        assert figures[name] == value, name


def test_magentas_model_draws_the_same(doodles, command, tmp_path):
    path = tmp_path / "doodles.json"
    command("export", "builtin:doodles", "--to", "magenta-json", "-o", path)
    model = limn.load(path)
    assert model.family == "sketch_rnn" and model.max_seq_len > 0
    drawing = limn.read_sketches("builtin:doodles:test#0")[0]
    z = np.linspace(-1, 1, model.latent_size) if model.latent_size else None
    expected = doodles.outputs(drawing, z)
    spread = np.abs(expected).max()
    assert np.abs(model.outputs(drawing, z) - expected).max() < 1e-3 * spread  # that format keeps 8 or 16 bits


def test_wrong_calls_are_refused(doodles):
    (drawing,) = limn.read_sketches("builtin:doodles:test#0")
    for call, message in [
        (lambda: doodles.sample(0), "n: 0"),
        (lambda: doodles.sample(temperature=0), "temperature"),
        (lambda: doodles.sample(prior="flat"), "usual, fitted, standard"),
        (lambda: doodles.sample(sigma_temperature="x"), "sqrt, linear"),
        (lambda: doodles.decode(np.zeros((2, 3))), r"\[2, 3\], expected \[64\]"),
        (lambda: doodles.decode(np.full(64, np.nan)), "not finite"),
        (lambda: doodles.outputs(drawing), "z: is needed"),
        (lambda: doodles.complete(drawing, points=1000), "points: 1000"),
        (lambda: doodles.complete([drawing, drawing]), "expected one"),
        (lambda: doodles.encode(3), "list of them"),
        (lambda: doodles.evaluate(split="training"), "train"),
        (lambda: limn.load("nothing.safetensors"), "nothing.safetensors"),
        (lambda: limn.load("builtin:dodles"), "builtin:doodles"),
    ]:
        with pytest.raises(limn.Error, match=message):
            call()
    with pytest.raises(TypeError):
        doodles.sample("many")


def test_a_hostile_model_is_refused(small_run, tmp_path):
    whole = (small_run.path / "checkpoints" / "best.safetensors").read_bytes()
    path = tmp_path / "cut.safetensors"
    for length in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(limn.Error, match="cut.safetensors"):
            limn.load(path)
