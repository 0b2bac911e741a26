"""Drawings against NumPy, and the files of drawings."""

import pickle
import warnings

import numpy as np
import pytest

import limn


def test_rows_are_those_given(rows):
    drawing = limn.Drawing(rows)
    assert drawing.stroke3.dtype == np.float32
    np.testing.assert_array_equal(drawing.stroke3, rows)
    assert len(drawing) == 4 and repr(drawing) == "Drawing(4 points, 2 strokes)"


def test_stroke5_marks_pen_and_end(rows):
    five = limn.Drawing(rows).stroke5
    np.testing.assert_array_equal(five[:-1, :2], rows[:, :2])
    np.testing.assert_array_equal(five[:-1, 3], rows[:, 2])
    np.testing.assert_array_equal(five[:, 2:].sum(1), np.ones(5))
    np.testing.assert_array_equal(five[-1], [0, 0, 0, 0, 1])
    assert limn.Drawing(five) == limn.Drawing(rows)


def test_strokes_are_cumulated_offsets(rows):
    positions = np.cumsum(rows[:, :2], axis=0)
    strokes = limn.Drawing(rows).strokes
    np.testing.assert_array_equal(strokes[0], positions[:2])
    np.testing.assert_array_equal(strokes[1], positions[2:])
    assert limn.Drawing.from_strokes(strokes) == limn.Drawing(rows)
    assert limn.Drawing(rows).bounds == (*positions.min(0), *positions.max(0))


def test_any_numbers_become_float32(rows):
    for given in (rows.astype(np.float64), rows[:2].astype(np.int16), np.asfortranarray(rows), rows.tolist()):
        np.testing.assert_array_equal(limn.Drawing(given).stroke3, np.asarray(given, np.float32))


def test_a_drawing_is_a_picture(rows):
    svg = limn.Drawing(rows)._repr_svg_()
    assert svg == limn.Drawing(rows).svg() and "<svg" in svg and svg.count("<path") == 2


def test_arrays_own_their_memory(rows):
    array = limn.Drawing(rows).stroke3
    array[0, 0] = 7
    assert array[0, 0] == 7 and limn.Drawing(rows).stroke3[0, 0] == 1


def test_pickle_keeps_all_points():
    drawing = limn.Drawing([[1, 2, 0], [0, 0, 1]])
    assert pickle.loads(pickle.dumps(drawing)) == drawing


@pytest.mark.parametrize("ending", ["npz", "json", "ndjson", "svg"])
def test_files_give_the_drawing_back(tmp_path, rows, ending):
    path = tmp_path / f"drawing.{ending}"
    limn.Drawing(rows * [100, 100, 1]).save(path)
    (back,) = limn.read_sketches(str(path))
    assert len(back.strokes) == 2


def test_numpy_reads_what_limn_writes(tmp_path, rows):
    path = tmp_path / "set.npz"
    whole = np.round(rows * [4, 4, 1]).astype(np.float32)
    limn.write_sketches(path, {"train": [whole, whole[:2]], "test": [whole[:2]]})
    arrays = np.load(path, allow_pickle=True, encoding="latin1")
    np.testing.assert_array_equal(arrays["train"][0], whole)
    splits = limn.read_splits(path)
    assert [len(splits[name]) for name in ("train", "valid", "test")] == [2, 0, 1]
    assert limn.read_sketches(f"{path}:test#0")[0] == splits["test"][0]


def test_limn_reads_what_numpy_writes(tmp_path, rows):
    path = tmp_path / "numpy.npz"
    for save in (np.savez, np.savez_compressed):
        save(path, train=np.stack([rows, rows]))
        assert limn.read_sketches(str(path)) == [limn.Drawing(rows)] * 2


def test_simplified_and_scaled(rows):
    line = limn.Drawing([[0, 0, 0], [1, 0.01, 0], [1, -0.01, 0], [1, 0, 1]])
    assert len(line.simplified(0.1)) == 2
    np.testing.assert_array_equal(limn.Drawing(rows).scaled(2).stroke3, rows * [2, 2, 1])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([[1, 2]], r"2 columns"),
        ([[1, 2, 3]], r"third column"),
        ([[float("nan"), 2, 1]], "not finite"),
        ("text", "not an array of real numbers"),
        ([1, 2, 3], r"is \[3\], expected"),
        ([[2e38, 0, 0], [2e38, 0, 1]], "point 1 has no place"),
        ([[1, 2, 0], [1, 2]], "not an array of real numbers"),
    ],
)
def test_wrong_rows_are_refused_in_one_line(wrong, message):
    with pytest.raises(limn.Error, match=message) as error:
        limn.Drawing(wrong)
    assert "\n" not in str(error.value) and isinstance(error.value, ValueError)


def test_positions_are_finite(rows):
    drawing = limn.Drawing(rows)
    for wrong in (
        lambda: limn.Drawing.from_strokes([[[0, 0], [1, float("nan")], [5, 5]]]),
        lambda: drawing.scaled(float("inf")),
        lambda: drawing.scaled(3e38).scaled(100),
        lambda: drawing.simplified(-1),
        lambda: drawing.simplified(float("nan")),
    ):
        with pytest.raises(limn.Error, match="finite|expected 0 or more"):
            wrong()


def test_equal_drawings_have_one_place_in_a_set(rows):
    again = limn.Drawing(limn.Drawing(rows).stroke3)
    assert again == limn.Drawing(rows) and len({again, limn.Drawing(rows), limn.Drawing(rows[:2])}) == 2
    assert hash(limn.Drawing([[0.0, 1, 1]])) == hash(limn.Drawing([[-0.0, 1, 1]]))


def test_a_drawing_may_be_empty():
    assert limn.Drawing([]) == limn.Drawing(np.zeros((0, 3))) and len(limn.Drawing([])) == 0


def test_what_reading_notes_is_a_warning(tmp_path):
    path = tmp_path / "positions.npz"
    positions = np.array([[10, 20, 0], [23, 44, 0], [43, 68, 1]])
    np.savez(path, train=np.stack([positions] * 3))
    with pytest.warns(UserWarning, match="positions"):
        read = limn.read_sketches(path)
    np.testing.assert_array_equal(read[0].stroke3[:, :2], positions[:, :2])
    for reader in (limn.read_sketches, lambda p, **options: limn.read_splits(p, **options)["train"]):
        (strokes,) = reader(path, absolute=True)[0].strokes
        np.testing.assert_array_equal(strokes - strokes[0], positions[:, :2] - positions[0, :2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            limn.read_splits(path)


def test_values_of_another_kind_are_refused(tmp_path, rows):
    with pytest.raises(limn.Error, match="'train', 'valid' and 'test'"):
        limn.write_sketches(tmp_path / "set.npz", {1: [rows]})
    with pytest.raises(TypeError, match="never initialised"):
        limn.sheet(limn.Drawing.__new__(limn.Drawing))
    assert not list(tmp_path.iterdir())


def test_missing_and_damaged_files_are_refused(tmp_path, rows):
    with pytest.raises(limn.Error, match="nothing.npz"):
        limn.read_sketches(str(tmp_path / "nothing.npz"))
    path = tmp_path / "cut.npz"
    limn.write_sketches(path, [rows] * 20)
    whole = path.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(limn.Error, match="cut.npz"):
            limn.read_sketches(str(path))
    middle = bytearray(whole)
    middle[len(whole) // 2] ^= 0xFF
    path.write_bytes(middle)
    with pytest.raises(limn.Error, match="cut.npz"):
        limn.read_sketches(str(path))
    with pytest.raises(limn.Error, match="use .npz"):
        limn.write_sketches(tmp_path / "what.xyz", [rows])
