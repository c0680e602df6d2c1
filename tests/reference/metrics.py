"""Slow, clear reference of preparation, metrics and summaries in docs/models.md: numpy float64.

Arrays have the shapes of docs/models.md. A metric is of one unit. NaN: missing or undefined.
"""

import math

import numpy as np

RATE_FLOOR = 1e-8  # lowest predicted rate in bits_per_spike
CONSTANT = 1e-6  # range of a constant signal, of its largest magnitude
MOST_SPLITS = 126  # of the trials in cc_max


# ---- before the model


def training_statistics(spectrograms, per_band=False):
    """Mean and std (divisor n) of [(F, T)] over frames and all bands or each: scalars or (F)."""
    x = np.concatenate([np.asarray(s, np.float64) for s in spectrograms], axis=1)
    axis = 1 if per_band else None
    return x.mean(axis=axis), x.std(axis=axis)


def standardise(x, mean, std):
    """(x - mean) / std of x (F, T); mean and std scalar or (F)."""
    return (np.asarray(x, np.float64) - np.reshape(mean, (-1, 1))) / np.reshape(std, (-1, 1))


def trial_mean(responses):
    """Mean over the trials present, (..., R, T) -> (..., T); NaN where none is."""
    present = ~np.isnan(responses)
    count = present.sum(-2)
    total = np.where(present, responses, 0.0).sum(-2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def hann_window(smooth_ms, dt_ms):
    """The odd-length Hann window of smooth_ms (its two ends are 0; a single frame is 1)."""
    return np.hanning(2 * math.floor(smooth_ms / (2 * dt_ms) + 1e-9) + 1)


def smooth(y, smooth_ms, dt_ms):
    """Every trial of y (..., T) smoothed with a centred Hann window.

    Its weights are divided by their sum over the frames present.
    """
    if y.ndim > 1:
        return np.stack([smooth(trial, smooth_ms, dt_ms) for trial in y])
    window = hann_window(smooth_ms, dt_ms)
    half = len(window) // 2
    out = np.full(len(y), np.nan)
    for t in range(len(y)):
        if np.isnan(y[t]):
            continue
        total = weight = 0.0
        for j, w in enumerate(window):
            s = t + j - half
            if 0 <= s < len(y) and not np.isnan(y[s]):
                total, weight = total + w * y[s], weight + w
        out[t] = total / weight
    return out


# ---- summary of a field (F, L)


def peak(x, y):
    """Place of the largest y over ascending x: top of the parabola through it and its neighbours.

    At the ends: the place itself.
    """
    i = int(np.argmax(y))
    if i == 0 or i == len(y) - 1:
        return float(x[i])
    before, after = x[i] - x[i - 1], x[i + 1] - x[i]
    fall_before, fall_after = y[i] - y[i - 1], y[i] - y[i + 1]
    slope = before * fall_after + after * fall_before
    return float(
        x[i]
        if slope == 0
        else x[i] + (after**2 * fall_before - before**2 * fall_after) / (2 * slope)
    )


def half_width(x, y):
    """Full width over ascending x of the lobe of y around its largest value, at half of it.

    NaN where the lobe runs off an end.
    """
    top, ends = int(np.argmax(y)), []
    for step in (-1, 1):
        i = top
        while 0 <= i < len(y) and y[i] > y[top] / 2:
            i += step
        if not 0 <= i < len(y):
            return math.nan
        share = (y[i - step] - y[top] / 2) / (y[i - step] - y[i])
        ends.append(x[i - step] + share * (x[i] - x[i - step]))
    return float(ends[1] - ends[0])


def turned(y):
    """y or -y: the one whose value of largest magnitude is positive."""
    return y if y[np.argmax(np.abs(y))] > 0 else -y


def tuning_peak(x, tuning):
    """Peak of a tuning curve, NaN where it is flat."""
    return peak(x, tuning) if tuning.max() - tuning.min() > 1e-6 * tuning.max() else math.nan


def summary(k, frequencies_hz, dt_ms):
    """Summary measures of a field (F, L) by name, NaN where undefined."""
    names = (
        "best_frequency_hz",
        "bandwidth_octaves",
        "latency_ms",
        "duration_ms",
        "separability",
        "best_rate_hz",
        "best_ripple_cycles_per_octave",
    )
    out = dict.fromkeys(names, math.nan)
    if not np.isfinite(k).all() or not k.any():
        return out
    F, L = k.shape
    k = k / np.abs(k).max()
    octaves = np.log2(frequencies_hz) if (np.asarray(frequencies_hz) > 0).all() else None

    u, s, v = np.linalg.svd(k, full_matrices=False)
    out["separability"] = float(s[0] ** 2 / (s**2).sum())
    if len(s) == 1 or s[1] < (1 - 1e-6) * s[0]:
        spectral, temporal = turned(u[:, 0]), turned(v[0])
        out["latency_ms"] = peak(np.arange(L) * dt_ms, temporal)
        out["duration_ms"] = half_width(
            np.arange(-1, L + 1) * dt_ms, np.concatenate([[0], temporal, [0]])
        )
        if octaves is not None:
            out["best_frequency_hz"] = 2 ** peak(octaves, spectral)
            out["bandwidth_octaves"] = half_width(octaves, spectral)

    if octaves is not None:
        even = np.linspace(octaves[0], octaves[-1], F)
        resampled = np.stack([np.interp(even, octaves, k[:, lag]) for lag in range(L)], axis=1)
        magnitude = np.abs(np.fft.fft2(resampled, (8 * F, 8 * L)))
        out["best_rate_hz"] = tuning_peak(
            np.arange(4 * L + 1) / (8 * L * dt_ms / 1000), magnitude.sum(axis=0)[: 4 * L + 1]
        )
        if F > 1:
            spacing = (octaves[-1] - octaves[0]) / (F - 1)
            out["best_ripple_cycles_per_octave"] = tuning_peak(
                np.arange(4 * F + 1) / (8 * F * spacing), magnitude.sum(axis=1)[: 4 * F + 1]
            )
    return out


# ---- metrics, one unit at a time


def constant(x):
    """Whether all values of x are the same, but for roundings."""
    return x.max() - x.min() <= CONSTANT * np.abs(x).max()


def variance(x):
    """Variance with divisor n - 1: NaN for fewer than 2 values, exactly 0 of a constant."""
    return (
        math.nan
        if len(x) < 2
        else 0.0 if constant(x) else float(((x - x.mean()) ** 2).sum() / (len(x) - 1))
    )


def covariance(x, y):
    """Covariance with divisor n - 1, NaN for fewer than 2 values."""
    return math.nan if len(x) < 2 else float(((x - x.mean()) * (y - y.mean())).sum() / (len(x) - 1))


def correlation(x, y):
    """Pearson correlation, NaN where either is constant."""
    if len(x) < 2 or constant(x) or constant(y):
        return math.nan
    return covariance(x, y) / math.sqrt(variance(x) * variance(y))


def complete_block(trials, prediction):
    """The gapless part of a stimulus, (R, T) and (T) -> (R', T') and (T').

    Trials without any number are left out, then the frames that any of the others lacks.
    """
    trials = trials[~np.isnan(trials).all(axis=1)]
    frames = ~np.isnan(trials).any(axis=0)
    return trials[:, frames], prediction[frames]


def repeated_blocks(trials, prediction):
    """The complete blocks with at least 2 trials and 2 frames, for noise-corrected metrics."""
    blocks = [complete_block(x, r) for x, r in zip(trials, prediction)]
    return [(block, r) for block, r in blocks if block.shape[0] >= 2 and block.shape[1] >= 2]


def powers(block):
    """Signal and noise power of a complete block (R, T)."""
    R = len(block)
    total = sum(variance(trial) for trial in block) / R
    signal = (R * variance(block.mean(axis=0)) - total) / (R - 1)
    return signal, total - signal


def weighted_by_frames(pairs):
    """Mean of the values of [(value, frames)]; NaN of none."""
    frames = sum(n for _, n in pairs)
    return sum(value * n for value, n in pairs) / frames if frames else math.nan


def signal_and_noise_power(blocks):
    """SP and NP over complete blocks [(R, T)], weighted by frames."""
    return tuple(
        weighted_by_frames([(powers(block)[i], block.shape[1]) for block in blocks]) for i in (0, 1)
    )


def combination(rank, n, k):
    """Entry number `rank` of itertools.combinations(range(n), k)."""
    chosen, item = [], 0
    while len(chosen) < k:
        starting = math.comb(n - item - 1, k - len(chosen) - 1)  # entries that go on with this item
        if rank < starting:
            chosen.append(item)
        else:
            rank -= starting
        item += 1
    return chosen


def halves(R, most=MOST_SPLITS):
    """Ways to halve R (even) trials: the halves with trial 0, in lexicographic order.

    Where there are more than `most`: as many, evenly spaced.
    """
    n_splits = math.comb(R, R // 2) // 2
    used = min(most, n_splits)
    return [combination(i * n_splits // used, R, R // 2) for i in range(used)]


def half_correlation(block):
    """Mean correlation of the trial means of two halves of block (R, T), without an odd last trial.

    A split with a constant half has no correlation and is left out; NaN where none has one.
    """
    R = len(block) - len(block) % 2
    found = []
    for half in halves(R):
        other = [i for i in range(R) if i not in half]
        found.append(correlation(block[half].mean(axis=0), block[other].mean(axis=0)))
    found = [rho for rho in found if not math.isnan(rho)]
    return sum(found) / len(found) if found else math.nan


def cc_max(blocks):
    """sqrt(2 rho / (1 + rho)) over complete blocks [(R, T)], weighted by frames.

    Blocks with rho <= 0 or none are left out.
    """
    rhos = [(half_correlation(block), block.shape[1]) for block in blocks]
    return weighted_by_frames(
        [(math.sqrt(2 * rho / (1 + rho)), frames) for rho, frames in rhos if rho > 0]
    )


def bits_per_spike(trials, prediction):
    """Poisson gain over the unit's mean rate on the same frames, in bits per spike.

    trials [(R, T)], prediction [(T)] per frame; summed over the trials present. NaN without spikes
    and where a response is no count.
    """
    spikes = np.concatenate(
        [np.nansum(x, axis=0) for x in trials]
    )  # per frame, over the trials present
    present = np.concatenate([(~np.isnan(x)).sum(axis=0) for x in trials])
    rate = np.maximum(np.concatenate(prediction), RATE_FLOOR)
    values = np.concatenate([x[~np.isnan(x)] for x in trials])
    if spikes.sum() == 0 or (values < 0).any() or (values != np.round(values)).any():
        return math.nan
    mean = spikes.sum() / present.sum()
    gain = (spikes * np.log(rate / mean) - present * (rate - mean)).sum()
    return float(gain / math.log(2) / spikes.sum())


def metrics(trials, prediction):
    """Every metric of one unit by name: trials [(R, T)] and prediction [(T)] per stimulus."""
    y, r = np.concatenate([trial_mean(x) for x in trials]), np.concatenate(prediction)
    y, r = y[~np.isnan(y)], r[~np.isnan(y)]
    varies = len(y) >= 2 and not constant(y)
    out = {
        "cc": correlation(r, y),
        "mse": float(((y - r) ** 2).mean()) if len(y) else math.nan,
        "fve": (
            float(1 - ((y - r) ** 2).sum() / ((y - y.mean()) ** 2).sum()) if varies else math.nan
        ),
        "bits_per_spike": bits_per_spike(trials, prediction),
    }
    pairs = repeated_blocks(trials, prediction)
    blocks = [block for block, _ in pairs]
    SP, NP = signal_and_noise_power(blocks)
    y, r = (
        np.concatenate([np.zeros(0), *parts])
        for parts in ([b.mean(axis=0) for b in blocks], [r for _, r in pairs])
    )
    out.update(
        {
            "signal_power": SP,
            "noise_power": NP,
            "snr": SP / NP if NP > 0 else math.nan,
            "spe": (variance(y) - variance(y - r)) / SP if SP > 0 else math.nan,
            "cc_norm": (
                covariance(r, y) / math.sqrt(variance(r) * SP)
                if SP > 0 and variance(r) > 0
                else math.nan
            ),
            "cc_max": cc_max(blocks),
        }
    )
    out["cc_norm_hsu"] = out["cc"] / out["cc_max"]
    return out


def metrics_of_units(responses, predictions, smooth_ms=None, dt_ms=None):
    """responses {key: (N, R, T)}, predictions {key: (N, T)} -> {metric: (N)}.

    smooth_ms: of smoothed trials.
    """
    keys = sorted(responses)
    if smooth_ms:
        responses = {k: smooth(responses[k], smooth_ms, dt_ms) for k in keys}
    n_units = len(responses[keys[0]])
    found = [
        metrics([responses[k][n] for k in keys], [predictions[k][n] for k in keys])
        for n in range(n_units)
    ]
    if smooth_ms:
        found = [{**m, "bits_per_spike": math.nan} for m in found]  # no counts any more
    return {name: np.array([m[name] for m in found]) for name in found[0]}
