"""VAE and DRAW: arrays of pictures in and out."""

import numpy as np
import pytest

import limn


@pytest.fixture(scope="module")
def vae(vae_run):
    return vae_run.model()


@pytest.fixture(scope="module")
def draw(draw_run):
    return draw_run.model()


def pictures(model, n=3):
    return np.random.default_rng(5).random((n, *model.shape), np.float32)


def test_images_are_arrays(vae):
    images = vae.sample(5, seed=2)
    assert images.shape == (5, *vae.shape) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    np.testing.assert_allclose(vae.sample(2, seed=2), images[:2], atol=1e-6)


def test_posterior_and_reconstruction(vae):
    x = pictures(vae)
    mu, log_variance = vae.encode(x)
    assert mu.shape == log_variance.shape == (3, vae.latent_size)
    np.testing.assert_array_equal(mu, vae.latents(x))
    np.testing.assert_array_equal(vae.reconstruct(x, mean=True), vae.decode(mu))
    assert not np.array_equal(vae.latents(x, mean=False, seed=1), vae.latents(x, mean=False, seed=2))


def test_a_dense_vae_is_the_one_of_numpy(vae):
    x = pictures(vae, 2)
    weights = vae.weights()
    assert all(value.dtype == np.float32 for value in weights.values())
    assert sum(value.size for value in weights.values()) > 0
    _, log_variance = vae.encode(x)
    z = vae.latents(x, mean=False, seed=3)
    noise = (z - vae.latents(x)) / np.exp(log_variance / 2)
    again = vae.latents(x[::-1], mean=False, seed=3)
    np.testing.assert_allclose((again - vae.latents(x[::-1])) / np.exp(vae.encode(x[::-1])[1] / 2), noise, atol=1e-3)


@pytest.mark.parametrize("shape", ["[H, W]", "[n, H, W]", "uint8"])
def test_images_come_in_several_shapes(vae, shape):
    x = pictures(vae)
    if vae.shape[0] != 1:
        pytest.skip("the model draws in colour")
    whole = (x * 255).round().astype(np.uint8)
    expected = vae.encode(whole.astype(np.float32) / np.float32(255))[0]
    given = {"[H, W]": whole[0, 0], "[n, H, W]": whole[:, 0], "uint8": whole}[shape]
    mu = vae.encode(given)[0]
    np.testing.assert_allclose(mu, expected[: len(mu)], atol=1e-5)


def test_manifold_is_the_plane_of_z(vae):
    plane = vae.manifold(3, prior="standard")
    assert plane.shape == (3, 3, *vae.shape)
    quantiles = np.array([-1.6448536, 0, 1.6448536], np.float32)  # of 5, 50 and 95 percent
    z = np.array([[x, y] for y in quantiles for x in quantiles], np.float32)
    np.testing.assert_allclose(plane.reshape(9, *vae.shape), vae.decode(z), atol=1e-5)


def test_steps_end_in_the_image(draw):
    steps = draw.steps(2, seed=3)
    n, t = steps.canvases.shape[:2]
    assert (n, t) == (2, draw.options["time_steps"])
    np.testing.assert_allclose(steps.canvases[:, -1], draw.sample(2, seed=3), atol=1e-6)
    assert steps.reads is None and steps.writes.shape == (2, t, 4)
    assert "<svg" in steps._repr_svg_()


def test_views_keep_their_owner_alive(draw):
    canvases = draw.steps(1, seed=3).canvases
    copy = canvases.copy()
    pile = [np.full(1000, 7.0) for _ in range(100)]
    np.testing.assert_array_equal(canvases, copy)
    del pile


def test_redrawing_reads_windows(draw):
    steps = draw.redrawing_steps(pictures(draw, 2))
    assert steps.reads.shape == steps.writes.shape == (2, draw.options["time_steps"], 4)


def test_losses_are_those_of_the_command(vae_run, command):
    import json

    figures = json.loads(command("eval", vae_run.path, "--data", "builtin:shapes", "--json"))
    for name, value in vae_run.model().evaluate("builtin:shapes").items():
        assert figures[name] == value, name


def test_sheets_and_png(vae, tmp_path):
    images = vae.sample(4)
    sheet = limn.sheet(images, columns=2, title="four")
    assert sheet.svg().count("<image") == 4 and "four" in sheet._repr_svg_()
    sheet.save(tmp_path / "four.svg")
    png = limn.png(images[0])
    assert png.startswith(b"\x89PNG\r\n")
    (tmp_path / "one.png").write_bytes(png)
    if vae.shape[0] == 1:
        expected = vae.encode((images[0] * 255).round() / 255)[0]
        np.testing.assert_allclose(vae.encode(str(tmp_path / "one.png"))[0], expected, atol=1e-4)


def test_wrong_calls_are_refused(vae, draw):
    for call, message in [
        (lambda: vae.encode(np.zeros((2, 5, 5))), "the model's are"),
        (lambda: vae.encode(pictures(vae) * 2), r"\[0, 1\]"),
        (lambda: vae.steps(), "not step by step"),
        (lambda: draw.encode(pictures(draw)), "depends on its own draws"),
        (lambda: draw.manifold(), "a manifold shows 2"),
        (lambda: limn.png(np.zeros((2, 4, 4))), "2 images"),
        (lambda: limn.sheet([]), "images|nothing"),
    ]:
        with pytest.raises(limn.Error, match=message):
            call()
    with pytest.raises(limn.Error, match="paints no strokes"):
        limn.sheet(limn.read_sketches("builtin:doodles:test#0")).save("sheet.png")
