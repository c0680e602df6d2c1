"""summary.h5: receptive fields and their summary measures."""

import numpy as np

import metrics
from draws import create, f32, put
from models import band_centres


def stable(k, frequencies, dt_ms, rng):
    """Whether the measures stay within 1e-4 when values are off by 1e-6 of the largest."""
    exact, *others = (
        np.array(list(metrics.summary(x, frequencies, dt_ms).values()))
        for x in [k] + [k + 1e-6 * np.abs(k).max() * rng.standard_normal(k.shape) for _ in range(5)]
    )
    return all(np.allclose(other, exact, rtol=1e-4, atol=1e-6, equal_nan=True) for other in others)


def write_summary(path, rng):
    F, L, dt_ms = int(rng.integers(20, 35)), int(rng.integers(15, 30)), float(rng.choice([1, 2, 5]))
    scale = lambda kind: f32(
        band_centres(F, rng.uniform(200, 600), rng.uniform(12000, 20000), kind)
    )
    log, mel, greenwood = scale("log"), scale("mel"), scale("greenwood")
    lags = np.arange(L)

    def gabor(frequencies, direction=0.0, centre=(0.3, 0.7)):
        """A lobe in frequency and time under a grating that drifts where direction is not 0."""
        x = np.log2(frequencies / frequencies[0]) - rng.uniform(*centre) * np.log2(
            frequencies[-1] / frequencies[0]
        )
        t = (lags - rng.uniform(0.25, 0.45) * L) / L
        density, rate = rng.uniform(0.3, 0.6), rng.uniform(1.0, 2.0)
        lobe = np.exp(
            -((x[:, None] / rng.uniform(0.5, 0.9)) ** 2) / 2 - (t / rng.uniform(0.1, 0.18)) ** 2 / 2
        )
        across = 2 * np.pi * density * x[:, None]
        along = 2 * np.pi * rate * t
        return lobe * (
            np.cos(across + direction * along) if direction else np.cos(across) * np.cos(along)
        )

    noisy = lambda: gabor(mel) + 0.3 * rng.standard_normal((F, L))
    at_low_edge = lambda: np.exp(-np.arange(F) / 3)[:, None] * np.exp(-(((lags - 4) / 2) ** 2))
    impulse, with_nan = np.zeros((F, L)), gabor(log)
    impulse[int(rng.integers(2, F - 2)), int(rng.integers(2, L - 2))] = -1.5
    with_nan[3, 2] = np.nan
    two_equal = np.zeros((F, L))
    # Two frames and bands wide each: the largest rate and ripple are then unique.
    two_equal[2:4, 3:5] = two_equal[9:11, 7:9] = 1
    fields = {  # name: (draw a field, band centres)
        "separable_log": (lambda: gabor(log), log),
        "separable_mel": (lambda: gabor(mel), mel),
        "inhibitory": (lambda: -gabor(greenwood), greenwood),
        "upward": (lambda: gabor(log, 1.0), log),
        "downward_mel": (lambda: gabor(mel, -1.0), mel),
        "noisy": (noisy, mel),
        "noise_alone": (lambda: rng.standard_normal((F, L)), log),
        "at_low_edge": (at_low_edge, log),
        "at_current_frame": (lambda: gabor(log)[:, L // 3 :], log),
        "few_lags": (lambda: rng.standard_normal((F, 3)), mel),
        "single_band": (lambda: gabor(log)[F // 2 : F // 2 + 1] + 0.1, log[F // 2 : F // 2 + 1]),
        "single_lag": (lambda: gabor(log)[:, L // 3 : L // 3 + 1] + 0.01, log),
        "band_at_0_hz": (lambda: gabor(mel), np.concatenate([[0], mel[1:]])),
        "tiny": (lambda: 1e-12 * gabor(mel), mel),
        "impulse": (lambda: impulse, log),
        "two_equal_singular_values": (lambda: two_equal, log),
        "zero": (lambda: np.zeros((F, L)), log),
        "not_finite": (lambda: with_nan, log),
    }
    with create(path) as h:
        for name, (draw, frequencies) in fields.items():
            fixed = name in ("impulse", "two_equal_singular_values", "zero", "not_finite")
            k = next(
                k
                for k in (f32(draw()) for _ in range(100))
                if fixed or stable(k, frequencies, dt_ms, rng)
            )
            g = h.create_group(name)
            g.attrs["dt_ms"] = dt_ms
            put(g, "kernel", k.astype(np.float32))
            put(g, "frequencies_hz", frequencies)
            for measure, value in metrics.summary(k, frequencies, dt_ms).items():
                put(g, f"expected/{measure}", value)
