"""Reads the files of docs/formats.md and predicts from them with the reference of models.py."""

import math
from types import SimpleNamespace

import h5py
import numpy as np
import torch
import yaml

import models
from metrics import standardise


def open_file(path, form):
    """An open HDF5 file of the given format, version 1."""
    h = h5py.File(path, "r")
    if h.attrs.get("format") != form or h.attrs.get("version", 0) > 1:
        raise ValueError(f"{path}: not version 1 of {form}")
    return h


def read_dataset(path):
    """dt_ms, frequencies_hz (F), units, stimuli {key: (spectrogram, responses)}."""
    with open_file(path, "strffit-dataset") as h:
        stimuli = {
            key: (
                h[f"stimuli/{key}/spectrogram"][()].astype(np.float64),
                h[f"stimuli/{key}/responses"][()].astype(np.float64),
            )
            for key in sorted(h["stimuli"])
        }
        return SimpleNamespace(
            dt_ms=float(h.attrs["dt_ms"]),
            frequencies_hz=h["frequencies_hz"][()].astype(np.float64),
            units=[u.decode() for u in h["units/id"][()]],
            stimuli=stimuli,
        )


def read_checkpoint(path):
    """model (settings), members [{name: array}], mean, std, frequencies_hz, dt_ms.

    members: parameters and buffers.
    """
    with open_file(path, "strffit-checkpoint") as h:
        arrays = {}
        for group in ("parameters", "buffers"):
            if group in h:
                names = []
                h[group].visit(names.append)
                found = {name: h[group][name] for name in names}
                arrays |= {
                    name: item[()].astype(np.float64)
                    for name, item in found.items()
                    if isinstance(item, h5py.Dataset)
                }
        n_members = len(h["members/unit"])
        mean, std = (
            h[f"standardise/{name}"][()] if "standardise" in h else default
            for name, default in (("mean", 0.0), ("std", 1.0))
        )
        return SimpleNamespace(
            model=models.model_settings(yaml.safe_load(h.attrs["config"])),
            mean=np.asarray(mean, np.float64),
            std=np.asarray(std, np.float64),
            dt_ms=float(h.attrs["dt_ms"]),
            frequencies_hz=h["frequencies_hz"][()].astype(np.float64),
            members=[{name: array[m] for name, array in arrays.items()} for m in range(n_members)],
        )


def standardised(checkpoint, dataset, precision):
    """{key: standardised spectrogram (F, T)} of a dataset, for a checkpoint."""
    if not math.isclose(dataset.dt_ms, checkpoint.dt_ms):
        raise ValueError(f"frames of {dataset.dt_ms} ms, the model has {checkpoint.dt_ms} ms")
    if len(dataset.frequencies_hz) != len(checkpoint.frequencies_hz):
        raise ValueError("dataset and model differ in their bands")
    return {
        key: torch.as_tensor(standardise(x, checkpoint.mean, checkpoint.std), dtype=precision)
        for key, (x, _) in dataset.stimuli.items()
    }


def parameters(member, precision):
    return {name: torch.as_tensor(value, dtype=precision) for name, value in member.items()}


def predict(checkpoint_path, dataset_path, precision=torch.float64):
    """Responses of every member to every stimulus of a dataset: {key: (M, N, T)}."""
    c = read_checkpoint(checkpoint_path)
    members = [parameters(member, precision) for member in c.members]
    return {
        key: np.stack(
            [models.forward(c.model, p, x, c.frequencies_hz, c.dt_ms).numpy() for p in members]
        )
        for key, x in standardised(c, read_dataset(dataset_path), precision).items()
    }


def strf_kernels(checkpoint_path):
    """Exported kernels (M, K, C, F, L) of a checkpoint; None for a kind without."""
    c = read_checkpoint(checkpoint_path)
    if not models.has_kernel(c.model):
        return None
    members = [parameters(member, torch.float64) for member in c.members]
    bands = len(c.frequencies_hz)
    return np.stack([models.exported_kernel(c.model, p, bands).numpy() for p in members])


def gradient_strfs(checkpoint_path, dataset_path, precision=torch.float64):
    """Gradient STRFs (M, N, F, L) of a checkpoint over all stimuli of a dataset."""
    c = read_checkpoint(checkpoint_path)
    spectrograms = list(standardised(c, read_dataset(dataset_path), precision).values())
    members = [parameters(member, precision) for member in c.members]
    return np.stack(
        [
            models.gradient_strf(c.model, p, spectrograms, c.frequencies_hz, c.dt_ms).numpy()
            for p in members
        ]
    )
