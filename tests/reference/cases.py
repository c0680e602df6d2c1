"""<case>/: dataset, checkpoint and expected results of one whole model."""

import os

import h5py
import numpy as np
import torch

import files
import metrics
import models
from draws import (
    adaptrans_parameters,
    band_frequencies,
    create,
    f32,
    noise,
    output_parameters,
    positions,
    put,
)


def cases(rng):
    """name: (model part of the config, M, fit mode, other settings)."""

    def pick(low, high):
        return int(rng.integers(low, high + 1))

    def dcls(low, high, interpolation="gaussian"):
        return dict(kind="dcls", gaussians=pick(low, high), interpolation=interpolation)

    def separable(rank):
        return dict(kind="separable", rank=rank)

    def adaptation(kind, kernel_frames="infinite", rectify=True, **scale):
        return dict(kind=kind, kernel_frames=kernel_frames, rectify=rectify, **scale)

    full = dict(kind="full")
    scale = dict(
        min_freq_hz=300.0,
        max_freq_hz=16000.0,
        scale=str(rng.choice(["mel", "erb", "log", "greenwood"])),
    )
    standard = dict(
        norm="batch", activation="sigmoid", output="parametric_sigmoid"
    )  # of nrf and dnet
    gradient = dict(gradient=True)
    return {
        "linear_full": (
            dict(kind="linear", context=pick(5, 15), output="identity", kernel=full),
            1,
            "population",
            gradient,
        ),
        "linear_separable_willmore": (
            dict(
                kind="linear",
                context=pick(8, 15),
                output="identity",
                kernel=separable(2),
                prefilter=adaptation("willmore"),
            ),
            3,
            "independent",
            dict(standardise="per_band"),
        ),
        "ln_full_adaptrans": (
            dict(
                kind="ln",
                context=pick(5, 12),
                output="parametric_sigmoid",
                kernel=full,
                prefilter=adaptation("adaptrans"),
            ),
            1,
            "population",
            gradient,
        ),
        "ln_dcls": (
            dict(kind="ln", context=pick(7, 20), output="parametric_softplus", kernel=dcls(2, 6)),
            4,
            "independent",
            {},
        ),
        "ln_bilinear_finite_adaptrans": (
            dict(
                kind="ln",
                context=pick(5, 15),
                output="double_exponential",
                kernel=dcls(4, 9, "bilinear"),
                prefilter=adaptation("adaptrans", pick(10, 50)),
            ),
            1,
            "population",
            {},
        ),
        "ln_centered_willmore": (
            dict(
                kind="ln",
                context=2 * pick(2, 6) + 1,
                output="sigmoid",
                padding="centered",
                kernel=separable(1),
                prefilter=adaptation("willmore", pick(10, 50), **scale),
            ),
            1,
            "population",
            dict(standardise=False),
        ),
        "nrf_full_adaptrans": (
            dict(
                kind="nrf",
                context=9,
                hidden=pick(5, 20),
                **standard,
                kernel=full,
                prefilter=adaptation("adaptrans"),
            ),
            1,
            "population",
            gradient,
        ),
        "nrf_separable_layer": (
            dict(
                kind="nrf",
                context=pick(5, 12),
                hidden=pick(4, 12),
                norm="layer",
                activation="tanh",
                output="relu",
                kernel=separable(pick(2, 3)),
            ),
            2,
            "population",
            {},
        ),
        "nrf_dcls_no_norm": (
            dict(
                kind="nrf",
                context=pick(8, 15),
                hidden=pick(3, 8),
                norm="none",
                activation="softplus",
                output="exp",
                kernel=dcls(2, 5),
            ),
            3,
            "independent",
            {},
        ),
        "dnet_full": (
            dict(kind="dnet", context=9, hidden=pick(5, 20), **standard, kernel=full),
            1,
            "population",
            gradient,
        ),
        "dnet_dcls_adaptrans": (
            dict(
                kind="dnet",
                context=pick(6, 12),
                hidden=pick(3, 8),
                norm="layer",
                activation="leaky_relu",
                output="identity",
                decay_input=False,
                kernel=dcls(2, 5),
                prefilter=adaptation("adaptrans"),
            ),
            2,
            "independent",
            {},
        ),
        "dnet_separable_willmore": (
            dict(
                kind="dnet",
                context=pick(5, 12),
                hidden=pick(4, 10),
                norm="batch",
                activation="relu",
                output="softplus",
                kernel=separable(1),
                prefilter=adaptation("willmore", rectify=False),
            ),
            2,
            "population",
            {},
        ),
        "conv2d": (
            dict(
                kind="conv2d",
                channels=10,
                kernel_size=[3, 9],
                hidden=20,
                norm="batch",
                activation="leaky_relu",
                output="parametric_sigmoid",
            ),
            1,
            "population",
            {},
        ),
        "conv2d_layer_adaptrans": (
            dict(
                kind="conv2d",
                channels=pick(5, 9),
                kernel_size=[2, pick(3, 5)],
                hidden=pick(5, 12),
                norm="layer",
                activation="leaky_relu",
                output="double_exponential",
                prefilter=adaptation("adaptrans", rectify=False),
            ),
            2,
            "independent",
            gradient,
        ),
        "statenet_gru_adaptrans": (
            dict(
                kind="statenet",
                cell="gru",
                context=pick(5, 9),
                channels=7,
                kernel_frequency=7,
                stride=3,
                norm="layer",
                activation="sigmoid",
                output="parametric_softplus",
                prefilter=adaptation("adaptrans"),
            ),
            1,
            "population",
            gradient,
        ),
        "statenet_lstm": (
            dict(
                kind="statenet",
                cell="lstm",
                channels=pick(3, 5),
                kernel_frequency=pick(3, 6),
                stride=2,
                hidden=pick(6, 15),
                norm="layer",
                activation="tanh",
                output="parametric_sigmoid",
            ),
            3,
            "independent",
            {},
        ),
        "statenet_gru_batch": (
            dict(kind="statenet", norm="batch", output="softplus"),
            1,
            "population",
            {},
        ),  # the rest by default
        "statenet_leaky_adaptrans": (
            dict(
                kind="statenet",
                context=5,
                channels=3,
                kernel_frequency=4,
                kernel_frames=3,
                stride=2,
                hidden=8,
                norm="layer",
                activation="sigmoid",
                readout="state_and_features",
                dropout=0.2,
                leaky_units=4,
                kernel=full,
                output="parametric_softplus",
                prefilter=adaptation("adaptrans"),
            ),
            1,
            "population",
            gradient,
        ),
        "statenet_leaky_dcls": (
            dict(
                kind="statenet",
                cell="lstm",
                context=8,
                channels=2,
                kernel_frequency=5,
                kernel_frames=2,
                stride=3,
                norm="batch",
                activation="tanh",
                leaky_units=5,
                kernel=dict(kind="dcls", gaussians=4, interpolation="gaussian"),
                decay_input=False,
                output="parametric_sigmoid",
            ),
            2,
            "independent",
            {},
        ),
    }


def yaml_text(config):
    """A config as YAML: one line per top-level key."""

    def flow(v):
        if isinstance(v, dict):
            return "{" + ", ".join(f"{k}: {flow(x)}" for k, x in v.items()) + "}"
        return (
            "[" + ", ".join(map(flow, v)) + "]"
            if isinstance(v, list)
            else str(v).lower() if isinstance(v, bool) else str(v)
        )

    return "".join(f"{k}: {flow(v)}\n" for k, v in config.items())


def member_parameters(rng, model, F, N, frequencies_hz, dt_ms):
    """Random parameters and buffers of one member: two dicts of arrays by name."""
    p, buffers = {}, {}
    C = 2 if model.get("prefilter", {}).get("kind") == "adaptrans" else 1
    H, L = model.get("hidden", N), model.get("context")
    uniform = lambda bound, *shape: rng.uniform(-bound, bound, shape)

    def add_norm(name, K):
        if model["norm"] != "none":
            p[f"{name}/weight"], p[f"{name}/bias"] = rng.uniform(0.6, 1.4, K), uniform(0.5, K)
        if model["norm"] == "batch":
            buffers[f"{name}/running_mean"], buffers[f"{name}/running_var"] = uniform(
                0.4, K
            ), rng.uniform(0.4, 1.5, K)

    if C == 2:
        p.update(
            {
                f"prefilter/{k}": v
                for k, v in adaptrans_parameters(rng, frequencies_hz, dt_ms).items()
            }
        )
    if model["kind"] == "conv2d":
        K, (K_f, K_t) = model["channels"], model["kernel_size"]
        for i in (1, 2, 3):
            K_in = C if i == 1 else K
            p[f"conv{i}/weight"] = (
                1.5 * rng.standard_normal((K, K_in, K_f, K_t)) / np.sqrt(K_in * K_f * K_t)
            )
            p[f"conv{i}/bias"] = uniform(0.3, K)
            add_norm(f"norm{i}", K)
        bands = F - 3 * (K_f - 1)
        p["dense/weight"], p["dense/bias"] = 2 * rng.standard_normal((H, K * bands)) / np.sqrt(
            K * bands
        ), uniform(0.3, H)
    elif model["kind"] == "statenet":
        model = {**models.DEFAULTS["statenet"], **model}
        K, K_f, gates = (
            model["channels"],
            model["kernel_frequency"],
            {"gru": 3, "lstm": 4}[model["cell"]],
        )
        P = (F - K_f) // model["stride"] + 1
        H, K_features = model.get("hidden", K * P), K * P
        K_t = model["kernel_frames"]
        local = (P, K, C, K_f) if K_t == 1 else (P, K, C, K_f, K_t)
        p["local/weight"] = 2 * rng.standard_normal(local) / np.sqrt(C * K_f * K_t)
        p["local/bias"] = uniform(0.3, P, K)
        add_norm("norm", K)
        p["recurrent/input_weight"] = 3 * rng.standard_normal((gates * H, K * P)) / np.sqrt(K * P)
        p["recurrent/hidden_weight"] = rng.standard_normal((gates * H, H)) / np.sqrt(H)
        p["recurrent/input_bias"], p["recurrent/hidden_bias"] = uniform(0.5, gates * H), uniform(
            0.5, gates * H
        )
    if model["kind"] not in ("conv2d", "statenet") or model.get("leaky_units", 0) > 0:
        kernel, K = model["kernel"], model.get("leaky_units", H)
        size = np.sqrt(C * F * L)
        if kernel["kind"] == "full":
            p["strf/weight"] = 1.5 * rng.standard_normal((K, C, F, L)) / size
        elif kernel["kind"] == "dcls":
            G = kernel["gaussians"]
            p["strf/weight"], p["strf/position"] = uniform(3, K, C, G) / np.sqrt(C * G), positions(
                rng, K, C, G, F, L
            )
            if kernel["interpolation"] == "gaussian":
                p["strf/sigma"] = rng.uniform(0.2, 2, (2, K, C, G))
        else:
            p["strf/frequency"] = rng.standard_normal((K, C, kernel["rank"], F)) / np.sqrt(C * F)
            p["strf/time"] = (
                1.5 * rng.standard_normal((K, C, kernel["rank"], L)) / np.sqrt(kernel["rank"] * L)
            )
        p["strf/bias"] = uniform(0.5, K)
    if model["kind"] in ("nrf", "dnet"):
        add_norm("norm", H)
    if model["kind"] == "dnet":
        p["hidden_decay/d"], p["output_decay/d"] = rng.uniform(0.3, 3, H), rng.uniform(0.3, 3, N)
    if model["kind"] == "statenet":
        if model["leaky_units"] > 0:
            add_norm("leaky_norm", model["leaky_units"])
            p["leaky/d"] = rng.uniform(0.3, 3, model["leaky_units"])
        H += (model["readout"] == "state_and_features") * K_features + model["leaky_units"]
    if model["kind"] in ("nrf", "dnet", "conv2d", "statenet"):
        p["readout/weight"], p["readout/bias"] = 2.5 * rng.standard_normal((N, H)) / np.sqrt(
            H
        ), uniform(0.5, N)
    if model["output"] in models.PARAMETRIC:
        p.update({f"output/{k}": v for k, v in output_parameters(rng, model["output"], N).items()})
    return p, buffers


def write_dataset(path, rng, frequencies_hz, dt_ms, units, mean, std, longest):
    """A small dataset: 2 to 4 stimuli of different lengths and numbers of trials.

    mean, std: about those of the spectrograms.
    """
    F, N = len(frequencies_hz), len(units)
    dtype, missing = rng.choice([np.float32, np.float64]), rng.random() < 0.3
    with create(path) as h:
        h.attrs.update(
            {
                "format": "strffit-dataset",
                "version": 1,
                "name": "test vector",
                "dt_ms": float(dt_ms),
            }
        )
        put(h, "frequencies_hz", frequencies_hz)
        h.create_dataset("units/id", data=np.array(units, object), dtype=h5py.string_dtype())
        for s in range(int(rng.integers(2, 5))):
            T, R = int(rng.integers(60, longest)), int(rng.integers(1, 4))
            x = mean + std * (noise(rng, F, T) + rng.uniform(-0.5, 0.5, (F, 1)))
            responses = rng.poisson(0.4, (N, R, T)).astype(np.float32 if missing else np.uint8)
            if missing:
                responses[0, -1] = np.nan
            put(
                h, f"stimuli/s{s}/spectrogram", (np.round(32 * x) / 32).astype(dtype)
            )  # rounded, so that it compresses
            put(h, f"stimuli/s{s}/responses", responses)
            h[f"stimuli/s{s}"].attrs["split"] = ("train", "test", "train", "valid")[s]


def write_checkpoint(path, rng, config, M, dataset):
    """Random members of a model for a dataset."""
    model, F, units = config["model"], len(dataset.frequencies_hz), dataset.units
    population = config["fit"]["mode"] == "population"
    N = len(units) if population else 1
    members = [
        member_parameters(rng, model, F, N, dataset.frequencies_hz, dataset.dt_ms) for _ in range(M)
    ]
    with create(path) as h:
        h.attrs.update(
            {
                "format": "strffit-checkpoint",
                "version": 1,
                "model": model["kind"],
                "config": yaml_text(config),
                "dt_ms": dataset.dt_ms,
                "epoch": int(rng.integers(1, 90)),
            }
        )
        put(h, "frequencies_hz", dataset.frequencies_hz)
        h.create_dataset("units/id", data=np.array(units, object), dtype=h5py.string_dtype())
        if config["data"]["standardise"]:
            train = [x for x, _ in dataset.stimuli.values()][::2]
            mean, std = metrics.training_statistics(
                train, per_band=config["data"]["standardise"] == "per_band"
            )
            put(h, "standardise/mean", f32(mean))
            put(h, "standardise/std", f32(std))
        put(h, "members/unit", np.full(M, -1) if population else rng.permutation(len(units))[:M])
        put(h, "members/seed", np.arange(M) if population else np.zeros(M, int))
        put(h, "members/fold", np.zeros(M, int))
        for group, index in (("parameters", 0), ("buffers", 1)):
            for name in members[0][index]:
                put(
                    h,
                    f"{group}/{name}",
                    np.stack([m[index][name] for m in members]).astype(np.float32),
                )


def write_expected(path, checkpoint_path, dataset_path, gradient):
    """Predictions, kernels and, where asked for, gradient STRFs."""
    data, kernels = files.read_dataset(dataset_path), files.strf_kernels(checkpoint_path)
    strfs = {} if kernels is None else {"kernel": kernels}
    if gradient:
        strfs["gradient"] = files.gradient_strfs(checkpoint_path, dataset_path)
    with create(path) as h:
        h.attrs.update({"format": "strffit-results", "version": 1})
        for key, r in files.predict(checkpoint_path, dataset_path).items():
            put(h, f"predictions/{key}", r)
        for name, k in strfs.items():
            put(h, f"strf/{name}", k)
            h[f"strf/{name}"].attrs["lag_ms"] = np.arange(k.shape[-1]) * data.dt_ms
            h[f"strf/{name}"].attrs["frequency_hz"] = data.frequencies_hz
        if kernels is not None:
            h["strf/kernel"].attrs["channel"] = np.array(
                ["input"] if kernels.shape[2] == 1 else ["ON", "OFF"], object
            )


def worth_comparing(checkpoint_path, dataset_path, gradient):
    """Whether every output varies, stays within bounds, and hardly depends on rounding.

    Single precision gives the same outputs to 2e-5 of their standard deviation. gradient: and the
    same gradient STRFs to 3e-5 of theirs.
    """

    def outputs(precision):  # (M, N, frames)
        predictions = files.predict(checkpoint_path, dataset_path, precision)
        return np.concatenate(list(predictions.values()), axis=-1)

    double, single = outputs(torch.float64), outputs(torch.float32)
    std = double.std(axis=-1)
    if (std < np.maximum(0.05, 0.1 * np.abs(double.mean(axis=-1)))).any():
        return False
    if np.abs(double).max() > 50 or (np.abs(single - double).max(axis=-1) > 2e-5 * std).any():
        return False
    if not gradient:
        return True
    double, single = (
        files.gradient_strfs(checkpoint_path, dataset_path, precision)
        for precision in (torch.float64, torch.float32)
    )
    return (np.abs(single - double).max(axis=(-2, -1)) <= 3e-5 * double.std(axis=(-2, -1))).all()


def write_case(folder, rng, model, M, mode, settings):
    """One model with its data; parameters are drawn again until its outputs are worth comparing."""
    os.makedirs(folder, exist_ok=True)
    gradient, standard = settings.get("gradient", False), settings.get("standardise", True)
    F = int(rng.integers(10, 15)) if gradient else int(rng.integers(12, 35))
    n_units = int(rng.integers(2, 4)) if gradient else int(rng.integers(max(M, 3), 7))
    mean, std = (rng.uniform(20, 50), rng.uniform(6, 15)) if standard else (0.2, 1.1)
    checkpoint, dataset = f"{folder}/checkpoint.h5", f"{folder}/dataset.h5"
    write_dataset(
        dataset,
        rng,
        band_frequencies(rng, F),
        float(rng.choice([1, 2, 5, 10])),
        [f"unit{n}" for n in range(n_units)],
        mean,
        std,
        100 if gradient else 220,
    )
    config = {"model": model, "data": {"standardise": standard}, "fit": {"mode": mode}}
    for _ in range(100):
        write_checkpoint(checkpoint, rng, config, M, files.read_dataset(dataset))
        if worth_comparing(checkpoint, dataset, gradient):
            return write_expected(f"{folder}/expected.h5", checkpoint, dataset, gradient)
    raise RuntimeError(f"{folder}: no parameters found whose outputs are worth comparing")
