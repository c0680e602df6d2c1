"""Datasets from NumPy arrays (docs/formats.md)."""

from __future__ import annotations

import os
import pathlib
import tempfile
from typing import Any, Mapping, Sequence, Union

import h5py
import numpy as np

Arrays = Union[Mapping[str, Any], Sequence[Any]]  # at run time 3.9 has no |
_SPLITS = ("train", "valid", "test")


def _by_key(arrays: Arrays, what: str) -> dict[str, Any]:
    """Arrays under their keys; of a list sound_000, sound_001, ..."""
    if isinstance(arrays, Mapping):
        found = {str(key): value for key, value in arrays.items()}
    else:
        found = {f"sound_{i:03d}": value for i, value in enumerate(arrays)}
    if not found:
        raise ValueError(f"{what}: expected an array for each stimulus; found none")
    for key in found:
        if not key or "/" in key or key == ".":
            raise ValueError(f"{what}: a key may hold no / and not be empty; found {key!r}")
    return found


def _numbers(value: Any, what: str) -> np.ndarray[Any, Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what}: expected numbers; found {array.dtype}")
    return array


def _responses(value: Any, what: str, frames: int) -> np.ndarray[Any, Any]:
    """(N, R, T); the trials of a unit may be of different number: a list of (R, T) arrays."""
    if isinstance(value, (list, tuple)) and value and np.ndim(value[0]) == 2:
        units = [_numbers(unit, what).astype("f4") for unit in value]
        for unit in units:
            if unit.ndim != 2 or unit.shape[1] != frames:
                raise ValueError(f"{what}: expected (trials, {frames}) for each unit; found {unit.shape}")
        most = max(unit.shape[0] for unit in units)
        array = np.full((len(units), most, frames), np.nan, "f4")
        for n, unit in enumerate(units):
            array[n, : unit.shape[0]] = unit
        return array
    array = _numbers(value, what)
    if array.ndim != 3 or array.shape[2] != frames:
        raise ValueError(
            f"{what}: expected (units, trials, {frames}), {frames} frames as its spectrogram has; "
            f"found {array.shape}"
        )
    if array.dtype.kind == "f":
        return array.astype("f4")
    return array.astype("i4") if array.dtype.kind != "b" else array.astype("u1")


def write_dataset(
    path: str | os.PathLike[str],
    spectrograms: Arrays,
    responses: Arrays | None = None,
    *,
    dt_ms: float,
    frequencies_hz: Sequence[float] | np.ndarray[Any, Any],
    unit_ids: Sequence[str] | None = None,
    split: Mapping[str, str] | Sequence[str | None] | None = None,
    category: Mapping[str, str] | Sequence[str | None] | None = None,
    units: Mapping[str, Sequence[Any]] | None = None,
    name: str | None = None,
    reference: str | None = None,
    overwrite: bool = False,
) -> pathlib.Path:
    """Writes a dataset that ``strffit train``, ``inspect`` and the others read.

    :param path: of the HDF5 file.
    :param spectrograms: an (F, T) array for each stimulus, by its key or in a list; T may differ.
    :param responses: likewise (N, R, T): units, trials, frames; NaN where a trial, unit or frame is
        missing. A list of (R, T) arrays, one a unit, where units have different numbers of trials.
        None: sounds alone, for ``strffit predict``.
    :param dt_ms: width of a frame.
    :param frequencies_hz: (F) centres of the bands, ascending.
    :param unit_ids: (N) unique; ``unit_000``, ... where there are none.
    :param split: "train", "valid" or "test" of each stimulus, by key or in the order of a list.
    :param category: likewise a word of your own ("speech").
    :param units: further facts about each unit, (N, ...): ``{"depth_um": [...], "area": [...]}``.
    :param name: of the dataset.
    :param reference: the article that it comes from.
    :param overwrite: replace a file that is there.
    :raises ValueError: where arrays do not fit each other; it says which.
    :raises FileExistsError: where the file is there.
    """
    path = pathlib.Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already: overwrite=True replaces it")
    if not (np.isfinite(dt_ms) and dt_ms > 0):
        raise ValueError(f"dt_ms: expected a number above 0; found {dt_ms}")
    frequencies = _numbers(frequencies_hz, "frequencies_hz").astype("f8")
    if frequencies.ndim != 1 or frequencies.size == 0 or not (np.diff(frequencies) > 0).all():
        raise ValueError("frequencies_hz: expected the centres of the bands, ascending")
    sounds = _by_key(spectrograms, "spectrograms")
    keys = list(sounds)
    checked: dict[str, np.ndarray[Any, Any]] = {}
    for key, value in sounds.items():
        sound = _numbers(value, f"spectrograms[{key!r}]")
        if sound.ndim != 2 or sound.shape[0] != frequencies.size or sound.shape[1] == 0:
            raise ValueError(
                f"spectrograms[{key!r}]: expected ({frequencies.size}, frames), as frequencies_hz "
                f"has {frequencies.size} bands; found {sound.shape}"
            )
        if not np.isfinite(sound).all():
            raise ValueError(f"spectrograms[{key!r}]: holds NaN or infinity")
        checked[key] = sound if sound.dtype == np.dtype("f8") else sound.astype("f4")

    recorded: dict[str, np.ndarray[Any, Any]] = {}
    ids: list[str] = []
    if responses is not None:
        given = _by_key(responses, "responses")
        if unknown := [key for key in given if key not in checked]:
            raise ValueError(f"responses: no spectrogram for {', '.join(map(repr, unknown))}")
        for key, value in given.items():
            recorded[key] = _responses(value, f"responses[{key!r}]", checked[key].shape[1])
        count = next(iter(recorded.values())).shape[0]
        for key, array in recorded.items():
            if array.shape[0] != count:
                raise ValueError(
                    f"responses[{key!r}]: expected {count} units, as the first; found {array.shape[0]}"
                )
        ids = [f"unit_{n:03d}" for n in range(count)] if unit_ids is None else [str(i) for i in unit_ids]
        if len(ids) != count:
            raise ValueError(f"unit_ids: expected {count}, as responses have units; found {len(ids)}")
        if len(set(ids)) != len(ids):
            twice = next(i for i in ids if ids.count(i) > 1)
            raise ValueError(f"unit_ids: {twice!r} is there twice")
    elif unit_ids is not None or units is not None:
        raise ValueError("unit_ids and units: there are no responses")

    splits, categories = _words(split, keys, "split"), _words(category, keys, "category")
    for key, word in splits.items():
        if word not in _SPLITS:
            raise ValueError(f"split[{key!r}]: expected train, valid or test; found {word!r}")
    facts: dict[str, list[str] | np.ndarray[Any, Any]] = {}
    for fact, column in (units or {}).items():
        if fact == "id" or "/" in fact:
            raise ValueError(f"units: {fact!r} cannot be a name")
        if len(column) != len(ids):
            raise ValueError(f"units[{fact!r}]: expected {len(ids)} values; found {len(column)}")
        array = np.asarray(column)
        facts[fact] = [str(text) for text in column] if array.dtype.kind in "OUS" else array

    # Beside its place first: a file is whole or not there.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    try:
        with h5py.File(temporary, "w") as file:
            file.attrs["format"] = "strffit-dataset"
            file.attrs["version"] = 1
            file.attrs["dt_ms"] = float(dt_ms)
            for attribute, text in (("name", name), ("reference", reference)):
                if text is not None:
                    file.attrs[attribute] = text
            file["frequencies_hz"] = frequencies
            if recorded:
                file.create_dataset("units/id", data=ids, dtype=h5py.string_dtype())
                for fact, values in facts.items():
                    if isinstance(values, list):
                        file.create_dataset(f"units/{fact}", data=values, dtype=h5py.string_dtype())
                    else:
                        file[f"units/{fact}"] = values
            for key in keys:
                stimulus = file.create_group(f"stimuli/{key}")
                stimulus["spectrogram"] = checked[key]
                if key in recorded:
                    stimulus.create_dataset(
                        "responses", data=recorded[key], compression="gzip", compression_opts=1, shuffle=True
                    )
                if key in splits:
                    stimulus.attrs["split"] = splits[key]
                if key in categories:
                    stimulus.attrs["category"] = categories[key]
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def _words(
    given: Mapping[str, str] | Sequence[str | None] | None, keys: list[str], what: str
) -> dict[str, str]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        if unknown := [key for key in given if str(key) not in keys]:
            raise ValueError(f"{what}: no spectrogram {unknown[0]!r}")
        return {str(key): word for key, word in given.items()}
    if len(given) != len(keys):
        raise ValueError(f"{what}: expected {len(keys)}, one a stimulus; found {len(given)}")
    return {key: word for key, word in zip(keys, given) if word is not None}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
