#!/usr/bin/env python3
"""Spectrograms of a made sound by other people's programs, for tests/sound/test_reference.cpp.

    python3 make_sounds.py           # writes tests/vectors/sounds/sounds.h5
    python3 make_sounds.py --check   # compares what the packages say now with it

Needs numpy, scipy, h5py, gammatone 1.0.3, librosa 0.11, naplib 2.6.
"""
import pathlib
import sys

import gammatone.gtgram
import h5py
import librosa
import naplib
import numpy as np
import scipy.signal

FILE = pathlib.Path(__file__).parents[1] / "vectors/sounds/sounds.h5"


def made_sound(rate, seconds):
    """A sweep with harmonics, noise that swells, a click: float32, so that both sides see the same."""
    t = np.arange(int(rate * seconds)) / rate
    sweep = 2 * np.pi * (400 * t + 4000 * t**2)
    x = 0.2 * sum(np.sin(h * sweep) / h for h in (1, 2, 3))
    x += 0.1 * t / seconds * np.random.default_rng(1).standard_normal(len(t))
    x[len(t) // 2] += 0.5
    x[: int(0.02 * rate)] = 0
    return x.astype(np.float32)


def frames(x, hop, window):
    """Windows that end with their frame of `hop` samples, silence before the sound."""
    T = -(-len(x) // hop)
    padded = np.concatenate([np.zeros(window - hop), x.astype(float), np.zeros(T * hop - len(x))])
    return np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:T]


def log_frequency(x, rate, hop, bands, low, high):
    """Rahman et al.: through scipy's own spectrogram."""
    window = 2 * hop
    T = -(-len(x) // hop)
    padded = np.concatenate([np.zeros(window - hop), x.astype(float), np.zeros(T * hop - len(x))])
    f, _, S = scipy.signal.spectrogram(padded, rate, np.hamming(window), window, window - hop, 4 * window,
                                       detrend=False, scaling="spectrum", mode="magnitude")
    S *= np.hamming(window).sum()
    with np.errstate(divide="ignore"):
        log_f = np.log10(f)
    centres = np.linspace(np.log10(low), np.log10(high), bands)
    W = np.maximum(0, 1 - np.abs(log_f - centres[:, None]) / (centres[1] - centres[0]))
    return W / W.sum(1, keepdims=True) @ S


def stft(x, rate, hop, width, low, high):
    """STRFPak's window, each frequency summed directly."""
    deviation = rate / (2 * np.pi * width)
    window = int(np.round(6 * deviation))
    n = np.arange(window)
    w = np.exp(-0.5 * ((n - (window - 1) / 2) / deviation) ** 2)
    f = np.arange(low, high + 1, width)
    return np.abs(np.exp(-2j * np.pi * f[:, None] * n / rate) @ (frames(x, hop, window) * w).T)


def mel(x, rate, hop, **options):
    """LibROSA's frames begin where ours begin: of a sound with a frame of silence ahead."""
    padded = np.concatenate([np.zeros(hop, np.float32), x]).astype(float)
    return librosa.feature.melspectrogram(y=padded, sr=rate, n_fft=2 * hop, hop_length=hop, center=False,
                                          dtype=np.float64, **options)


# docs/spectrograms.md, nsl.
POLES = np.array([-0.0238 + 1.03602j, -0.08294 + 0.98917j, -0.22769 + 0.81267j])
ZEROS = np.array([-0.02445 + 1.07608j, -0.29106 + 1.16647j])


def nsl(x, rate, hop, time_constant=0.008):
    """The filters of docs/spectrograms.md, made discrete and run as state spaces by scipy."""
    prototype = scipy.signal.zpk2ss(np.r_[ZEROS, ZEROS.conj(), -0.52163], np.r_[POLES, POLES.conj(), -3.27257],
                                    0.19308)
    prototype = [np.real(m) for m in prototype]
    turns = 2 * np.pi * 440 * 2 ** ((np.arange(129) - 31) / 24) / rate
    A, B, C, D = (np.stack(m) for m in list(zip(*(scipy.signal.cont2discrete(prototype, turn, method="impulse")
                                                  for turn in turns)))[:4])
    x = np.r_[x.astype(float), np.zeros(-len(x) % hop)]
    keep = np.exp(-1 / (time_constant * rate))
    state, level, out = np.zeros((129, A.shape[1], 1)), np.zeros(128), []
    for n, sample in enumerate(x):
        y = (C @ state + D * sample)[:, 0, 0]
        state = A @ state + B * sample
        level = keep * level + (1 - keep) * np.maximum(y[:-1] - y[1:], 0)
        if (n + 1) % hop == 0:
            out.append(level)
    return np.stack(out, 1)


def computed():
    rate, hop = 32000, 160
    x = made_sound(rate, 0.3)
    out = {"wave": x, "log_frequency": log_frequency(x, rate, hop, 34, 500, 15000)}
    out["gammatone"] = gammatone.gtgram.gtgram(x.astype(float), rate, 0.005, 0.005, 20, 200)
    out["gammatone_hz"] = gammatone.filters.centre_freqs(rate, 20, 200)[::-1]
    out["nsl"] = nsl(x, rate, hop)
    out["stft"] = stft(x, rate, hop, 125, 250, 8000)
    out["mel_slaney"] = mel(x, rate, hop, n_mels=32, fmin=50, fmax=16000)
    out["mel_htk"] = mel(x, rate, hop, n_mels=20, fmin=300, fmax=12000, htk=True, norm=None, power=1.0)
    out["mel_hz"] = librosa.mel_frequencies(34, fmin=50, fmax=16000)[1:-1]
    slow = made_sound(16000, 0.5)
    out["wave_16k"] = slow
    out["naplib"] = naplib.features.auditory_spectrogram(slow.astype(float), 16000, 5, 8, "linear").T
    return out


def main():
    values = computed()
    if "--check" in sys.argv[1:]:
        with h5py.File(FILE) as file:
            for name, value in values.items():
                far = np.abs(file[name][:] - value).max() / np.abs(value).max()
                print(f"{name}: {far:.1e} of its range")
                assert far < 1e-6, name
        return
    with h5py.File(FILE, "w") as file:
        for name, value in values.items():
            file.create_dataset(name, data=np.asarray(value, "f4"), compression=9, shuffle=True)


main()
