"""metrics.h5: populations of units, each unit there for one reason."""

import h5py
import numpy as np

import metrics
from draws import create, f32, noise, put


def write_population(h, name, units, trials, predictions, **smoothing):
    """units [N strings], trials {key: (N, R, T)}, predictions {key: (N, T)}.

    smoothing: smooth_ms and dt_ms.
    """
    g = h.create_group(name)
    g.attrs.update(smoothing)
    g.create_dataset("unit", data=np.array(units, object), dtype=h5py.string_dtype())
    for key in trials:
        put(g, f"responses/{key}", trials[key].astype(np.float32))
        put(g, f"predictions/{key}", predictions[key].astype(np.float32))
    for metric, values in metrics.metrics_of_units(trials, predictions, **smoothing).items():
        put(g, f"expected/{metric}", values)


def write_metrics(path, rng):
    repeats = [
        1,
        2,
        5,
        8,
        10,
        13,
        20,
    ]  # 8: 35 ways to halve the trials, 10: 126, 13 (12 used): 462, 20: 92,378
    units = [
        "ordinary",
        "another one",
        "strong signal",
        "some trials missing",
        "a stimulus missing",
        "a trial ends early",
        "frames missing in all trials",
        "one trial left of each stimulus",
        "no response anywhere",
        "constant",
        "silent",
        "noise alone",
        "few spikes",
        "rates, not counts",
        "constant prediction",
        "negative predictions",
        "mean rate differs between stimuli",
        "anticorrelated trials",
    ]
    at = {name: n for n, name in enumerate(units)}
    trials, predictions = {}, {}
    for s, R in enumerate(repeats):
        T = int(rng.integers(40, 120))
        rate = np.exp(0.8 * noise(rng, len(units), T) - 0.7)
        rate[at["strong signal"]] *= 5
        rate[at["noise alone"]] = 0.5
        rate[at["few spikes"]] *= 0.03
        rate[at["mean rate differs between stimuli"]] *= 0.2 + s
        y = rng.poisson(rate[:, None], (len(units), R, T)).astype(np.float64)
        r = rate * np.exp(0.3 * noise(rng, len(units), T))
        y[at["constant"]], y[at["silent"]], y[at["no response anywhere"]] = 2, 0, np.nan
        y[at["rates, not counts"]] *= 0.25
        r[at["rates, not counts"]] *= 0.25
        y[at["some trials missing"], R // 2 + 1 :] = np.nan
        y[at["one trial left of each stimulus"], 1:] = np.nan
        y[at["a trial ends early"], 0, T - 9 :] = np.nan
        y[at["frames missing in all trials"], :, 3:8] = np.nan
        if s in (2, 4):
            y[at["a stimulus missing"]] = np.nan
        wave = 1 + np.sign(np.sin(np.arange(T)))
        y[at["anticorrelated trials"]] = [wave if i % 2 else 2 - wave for i in range(R)]
        r[at["constant prediction"]] = 0.5
        r[at["negative predictions"]] -= 0.3
        trials[f"s{s}"], predictions[f"s{s}"] = f32(y), f32(r)
    with create(path) as h:
        write_population(h, "mixed", units, trials, predictions)
        keep = [
            at[u]
            for u in ("ordinary", "strong signal", "no response anywhere", "rates, not counts")
        ]
        write_population(
            h,
            "single_trials",
            [units[n] for n in keep],
            {k: y[keep, :1] for k, y in trials.items()},
            {k: r[keep] for k, r in predictions.items()},
        )
        write_population(h, "one_stimulus", units, {"s4": trials["s4"]}, {"s4": predictions["s4"]})
        keys = ("s1", "s3", "s5")
        write_population(
            h,
            "smoothed",
            units,
            {k: trials[k] for k in keys},
            {k: predictions[k] for k in keys},
            smooth_ms=21.0,
            dt_ms=float(rng.choice([2, 5])),
        )
