"""The Python package, by the program that STRFFIT_PROGRAM names or the wheel holds.

References: h5py reads what was written, the program judges it, and scores of the command line are
those of the arrays.
"""

import json
import os

import h5py
import numpy as np
import pytest

import strffit

UNITS, TRIALS, BANDS, FRAMES = 3, 6, 8, 300
BAND_CENTRES = np.geomspace(500, 8000, BANDS)


def recording(seed=0):
    """Sounds of noise, and units that follow one band each."""
    random = np.random.default_rng(seed)
    sounds, responses = {}, {}
    for i in range(10):
        sound = random.normal(size=(BANDS, FRAMES + 10 * i))
        rate = 0.4 * np.exp(0.8 * sound[[1, 3, 5]])
        sounds[f"s{i}"] = sound
        responses[f"s{i}"] = random.poisson(rate[:, None], (UNITS, TRIALS, rate.shape[1]))
    return sounds, responses


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    sounds, responses = recording()
    split = {f"s{i}": "train" if i < 6 else "valid" if i < 8 else "test" for i in range(10)}
    return strffit.write_dataset(
        tmp_path_factory.mktemp("data") / "data.h5",
        sounds,
        responses,
        dt_ms=5,
        frequencies_hz=BAND_CENTRES,
        unit_ids=["a", "b", "c"],
        split=split,
        units={"depth_um": [100, 200, 300], "area": ["A1", "A1", "AAF"]},
        name="noise",
    )


@pytest.fixture(scope="module", params=["population", "independent"])
def fitted(request, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    config = folder / "fit.yaml"
    config.write_text(strffit.run(["init", "ln"]))
    strffit.run(
        [
            "train",
            config,
            f"data.file={data}",
            "fit.max_epochs=3",
            f"fit.mode={request.param}",
            "fit.seeds=[0, 1]",
            "--out",
            folder / "run",
        ],
        quiet=True,
    )
    return folder / "run"


def test_dataset_is_what_was_given(data):
    sounds, responses = recording()
    with h5py.File(data) as file:
        assert file.attrs["format"] == "strffit-dataset" and file.attrs["dt_ms"] == 5
        np.testing.assert_array_equal(file["frequencies_hz"][()], BAND_CENTRES)
        assert [one.decode() for one in file["units/area"][()]] == ["A1", "A1", "AAF"]
        for key, sound in sounds.items():
            np.testing.assert_array_equal(file[f"stimuli/{key}/spectrogram"][()], sound)
            np.testing.assert_array_equal(file[f"stimuli/{key}/responses"][()], responses[key])
    assert "noise" in strffit.run(["inspect", data])


def test_trials_of_different_numbers_and_lists(tmp_path):
    sounds, _ = recording()
    sound = sounds["s0"]
    units = [np.ones((2, FRAMES)), np.zeros((4, FRAMES))]
    path = strffit.write_dataset(tmp_path / "x.h5", [sound], [units], dt_ms=2.5, frequencies_hz=BAND_CENTRES)
    with h5py.File(path) as file:
        responses = file["stimuli/sound_000/responses"][()]
        assert [one.decode() for one in file["units/id"][()]] == ["unit_000", "unit_001"]
    assert responses.shape == (2, 4, FRAMES)
    assert np.isnan(responses[0, 2:]).all() and not np.isnan(responses[1]).any()
    with pytest.raises(FileExistsError):
        strffit.write_dataset(path, [sound], dt_ms=2.5, frequencies_hz=BAND_CENTRES)
    strffit.write_dataset(path, [sound], dt_ms=2.5, frequencies_hz=BAND_CENTRES, overwrite=True)
    with h5py.File(path) as file:
        assert "units" not in file
    assert os.listdir(tmp_path) == ["x.h5"]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"dt_ms": 0}, "dt_ms"),
        ({"dt_ms": float("nan")}, "dt_ms"),
        ({"frequencies_hz": BAND_CENTRES[::-1]}, "ascending"),
        ({"spectrograms": [np.zeros((BANDS - 1, FRAMES))]}, r"spectrograms\['sound_000'\]"),
        ({"spectrograms": [np.full((BANDS, FRAMES), np.nan)]}, "NaN"),
        ({"spectrograms": []}, "found none"),
        ({"spectrograms": {"a/b": np.zeros((BANDS, FRAMES))}}, "no /"),
        ({"responses": [np.zeros((UNITS, FRAMES))]}, "units, trials"),
        ({"responses": [np.zeros((UNITS, TRIALS, FRAMES - 1))]}, "frames as its spectrogram"),
        ({"responses": {"other": np.zeros((UNITS, TRIALS, FRAMES))}}, "no spectrogram for 'other'"),
        ({"responses": [np.full((UNITS, TRIALS, FRAMES), "x")]}, "expected numbers"),
        ({"unit_ids": ["a", "b"]}, "unit_ids: expected 3"),
        ({"unit_ids": ["a", "b", "a"]}, "'a' is there twice"),
        ({"split": ["training"]}, "train, valid or test"),
        ({"split": ["train", "test"]}, "split: expected 1"),
        ({"units": {"depth": [1]}}, "expected 3 values"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, change, message):
    arguments = {
        "spectrograms": [np.zeros((BANDS, FRAMES))],
        "responses": [np.zeros((UNITS, TRIALS, FRAMES))],
        "dt_ms": 5,
        "frequencies_hz": BAND_CENTRES,
        **change,
    }
    with pytest.raises(ValueError, match=message):
        strffit.write_dataset(tmp_path / "x.h5", **arguments)
    assert os.listdir(tmp_path) == []


def test_results_are_those_of_the_command_line(fitted):
    results = strffit.open_results(fitted)
    assert list(results.units["unit"].values) == ["a", "b", "c"]
    assert list(results.units["depth_um"].values) == [100, 200, 300]
    test = results.scores["cc"].sel(split="test")
    with h5py.File(fitted / "results.h5") as file:
        stored = file["metrics/test/cc"][()]
        np.testing.assert_array_equal(test.values.reshape(stored.shape), stored)
        strfs = file["strf/kernel"][()]
        np.testing.assert_array_equal(results.strfs.values, strfs)
        prediction = file["predictions/s9"][()]
        np.testing.assert_array_equal(results.predictions["s9"].values.reshape(prediction.shape), prediction)
    if "unit" in test.dims:
        assert test.dims == ("member", "unit") and test.sizes["member"] == 2
    else:
        with h5py.File(fitted / "results.h5") as file:
            assert list(test["unit"].values) == ["abc"[unit] for unit in file["members/unit"][()]]
    assert results.strfs.sizes["frequency_hz"] == BANDS
    assert results.predictions["s9"]["time_ms"].values[1] == 5
    assert results.history["train_loss"].sizes["epoch"] == 3
    assert results.attrs["format"] == "strffit-results"
    # The unit that follows band 1 has its receptive field there.
    field = results.strfs.isel(channel=0, lag_ms=0).mean("kernel") if "unit" in results.strfs.coords else None
    if field is not None:
        assert int(np.abs(field.values[0]).argmax()) == 1
    evaluated = json.loads(strffit.run(["eval", fitted, "--json"]))
    assert evaluated


def test_exit_codes_are_exceptions(data, tmp_path, capsys):
    with pytest.raises(strffit.ConfigError, match='no command "trian"; did you mean "train"') as caught:
        strffit.run(["trian"], quiet=True)
    assert caught.value.code == 2 and isinstance(caught.value, ValueError)
    assert capsys.readouterr().err == ""
    with pytest.raises(strffit.DataError, match="nothing.h5") as caught:
        strffit.run(["inspect", tmp_path / "nothing.h5"])
    assert caught.value.code == 3 and "nothing.h5" in capsys.readouterr().err
    with pytest.raises(strffit.RunError):
        strffit.run(["simulate", "--out", "/proc/nowhere/data.h5"], quiet=True)
    with pytest.raises(TypeError, match="list of arguments"):
        strffit.run("eval")


def test_files_that_are_no_results(data, tmp_path):
    with pytest.raises(ValueError, match="expected strffit-results; found strffit-dataset"):
        strffit.open_results(data)
    with pytest.raises(FileNotFoundError, match="no results.h5"):
        strffit.open_results(tmp_path)
