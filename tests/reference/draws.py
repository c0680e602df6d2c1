"""Random numbers of the vectors, and how they are written."""

import h5py
import numpy as np
import torch

import models


def f32(x):
    """x rounded to float32 numbers, as float64."""
    return np.asarray(x, np.float32).astype(np.float64)


def create(path):
    """A new HDF5 file, in the compact layout that HDF5 1.8 and later read."""
    return h5py.File(path, "w", libver=("v108", "v108"))


def put(group, name, value):
    """A dataset, compressed where it is large enough to gain from it."""
    large = np.size(np.asarray(value)) > 1000
    group.create_dataset(
        name, data=np.asarray(value), compression="gzip" if large else None, shuffle=large
    )


def noise(rng, *shape, memory=0.7):
    """Unit-variance noise with correlation `memory` between frames (last axis)."""
    x = rng.standard_normal(shape)
    for t in range(1, shape[-1]):
        x[..., t] = memory * x[..., t - 1] + np.sqrt(1 - memory**2) * x[..., t]
    return x


def band_frequencies(rng, F):
    """F ascending band centres (Hz)."""
    return f32(
        models.band_centres(
            F, rng.uniform(200, 800), rng.uniform(9000, 24000), rng.choice(["mel", "log", "erb"])
        )
    )


def adaptrans_parameters(rng, frequencies_hz, dt_ms):
    """d_on, d_off, p (F) around their starting values."""
    d = np.sqrt(1 / models.adaptation(frequencies_hz, dt_ms) - 1)
    w = rng.uniform(0.5, 0.95, len(d))
    return {
        "d_on": f32(d * rng.uniform(0.7, 1.6, len(d))),
        "d_off": f32(d * rng.uniform(0.7, 1.6, len(d))),
        "p": f32(np.sqrt(1 / w - 1)),
    }


def positions(rng, K, C, G, F, L):
    """DCLS positions (2, K, C, G) over the grid.

    None is within 0.05 of a grid point, where `bilinear` has a kink.
    """
    p = np.stack(
        [rng.uniform(0, n - 1, (K, C, G)) if n > 1 else np.zeros((K, C, G)) for n in (F, L)]
    )
    return f32(np.floor(p) + np.clip(p - np.floor(p), 0.05, 0.95))


def away_from_kinks(draw, *functions, margin=1e-5):
    """draw() until no function of it comes within margin of 0, where rectification has a kink."""
    while True:
        x = draw()
        if all(function(torch.tensor(x)).abs().min() > margin for function in functions):
            return x


def output_parameters(rng, kind, N):
    """a, b, c, d (N) of a parametric output."""
    gain, threshold = rng.uniform(0.6, 1.6, N), rng.uniform(-0.5, 0.8, N)
    c, d = (threshold, gain) if kind == "parametric_sigmoid" else (gain, threshold)
    return {
        "a": f32(rng.uniform(0, 0.3, N)),
        "b": f32(rng.uniform(0.5, 2, N)),
        "c": f32(c),
        "d": f32(d),
    }
