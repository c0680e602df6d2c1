"""pieces.h5: one operation a group, with its gradients."""

from functools import partial

import numpy as np
import torch

import metrics
import models
from draws import (
    adaptrans_parameters,
    away_from_kinks,
    band_frequencies,
    create,
    f32,
    noise,
    output_parameters,
    positions,
    put,
)


def tensors(arrays):
    return {name: torch.tensor(value) for name, value in arrays.items()}


def check_gradient(function, arrays, weight, gradients, rng, step=1e-6):
    """Compare gradients with central differences along one random direction of each array."""
    for name in gradients:
        direction = rng.standard_normal(arrays[name].shape)

        def at(distance):
            moved = arrays | {name: arrays[name] + distance * direction}
            return float((function(**tensors(moved)) * weight).sum())

        expected = (at(step) - at(-step)) / (2 * step)
        found = (gradients[name] * direction).sum()
        assert abs(found - expected) <= 1e-4 * (1 + abs(expected)), (name, found, expected)


def piece(h, rng, name, function, inputs, parameters, smooth=True, fixed=(), **attributes):
    """Write one piece, function(**inputs, **parameters) -> output, and return its group.

    smooth: compare the gradients with differences. fixed: inputs without a gradient.
    """
    group = h.create_group(name)
    group.attrs.update({k: int(v) if isinstance(v, bool) else v for k, v in attributes.items()})
    arrays = {**inputs, **parameters}
    variables = {k: v.requires_grad_(k not in fixed) for k, v in tensors(arrays).items()}
    output = function(**variables)
    weight = f32(rng.standard_normal(tuple(output.shape)))
    (output * torch.tensor(weight)).sum().backward()
    gradients = {k: v.grad.numpy() for k, v in variables.items() if k not in fixed}
    assert all(np.isfinite(g).all() for g in gradients.values()), name
    if smooth:
        check_gradient(function, arrays, torch.tensor(weight), gradients, rng)

    for kind, values in (("inputs", inputs), ("parameters", parameters), ("gradients", gradients)):
        for k, v in values.items():
            put(group, f"{kind}/{k}", v.astype(np.float64 if kind == "gradients" else np.float32))
    put(group, "output", output.detach().numpy())
    put(group, "output_weight", weight.astype(np.float32))
    return group


def write_pieces(path, rng):
    with create(path) as h:
        # prefilters
        for dt_ms in (1.0, 5.0):
            F, T = int(rng.integers(6, 11)), int(rng.integers(60, 90))
            frequencies = band_frequencies(rng, F)
            p, a = adaptrans_parameters(rng, frequencies, dt_ms), f32(
                models.adaptation(frequencies, dt_ms)
            )
            lengths = ["infinite", int(rng.integers(5, 40)), T + 20]
            x = away_from_kinks(
                lambda: f32(noise(rng, F, T) + 0.3),
                *(
                    lambda x, K=K: models.adaptrans(x, **tensors(p), frames=K, rectify=False)
                    for K in lengths
                ),
                *(
                    lambda x, K=K: models.willmore(x, torch.tensor(a), frames=K, rectify=False)[
                        ..., 1:
                    ]
                    for K in lengths
                ),
            )
            for K, rectify in zip(
                np.repeat(np.array(lengths, object), 2)[:5], (True, False, True, False, True)
            ):
                length = K if K == "infinite" else f"{K}_frames"
                name = f"dt{dt_ms:g}_{length}{'' if rectify else '_unrectified'}"
                options = {"frames": K, "rectify": rectify}
                about = {
                    "kernel_frames": 0 if K == "infinite" else K,
                    "rectify": rectify,
                    "dt_ms": dt_ms,
                    "smooth": not rectify,
                }
                piece(
                    h,
                    rng,
                    f"adaptrans_{name}",
                    partial(models.adaptrans, **options),
                    {"x": x},
                    p,
                    **about,
                )
                piece(
                    h,
                    rng,
                    f"willmore_{name}",
                    partial(models.willmore, **options),
                    {"x": x, "a": a},
                    {},
                    **about,
                )

        # decay
        H, T = int(rng.integers(4, 9)), int(rng.integers(80, 120))
        for decay_input in (True, False):
            piece(
                h,
                rng,
                "decay" if decay_input else "decay_without_input_factor",
                partial(models.decay, decay_input=decay_input),
                {"s": f32(noise(rng, H, T) + 0.5)},
                {"d": f32(np.linspace(0.3, 3, H) * rng.uniform(0.9, 1.1, H))},
                decay_input=decay_input,
            )

        # kernels
        long_lags = (int(rng.integers(8, 16)), int(rng.integers(18, 30)))
        for F, L in ((34, 9), long_lags, (int(rng.integers(5, 30)), 1), (1, 12), (11, 11)):
            K, C, G, rank = (int(n) for n in rng.integers([2, 1, 2, 1], [4, 3, 6, 4]))
            weight, position = f32(rng.uniform(-1, 1, (K, C, G))), positions(rng, K, C, G, F, L)
            sigma = f32(rng.uniform(0.2, 3, (2, K, C, G)) * rng.choice([-1, 1], (2, K, C, G)))
            inside = np.minimum(position, np.reshape([F - 1, L - 1], (2, 1, 1, 1)))
            inside[:, 0, 0, 0] = 0, L - 1  # in a corner of the grid
            size = {"n_bands": F, "n_lags": L}
            piece(
                h,
                rng,
                f"dcls_gaussian_{F}x{L}",
                partial(models.dcls_kernel, **size),
                {},
                {"weight": weight, "position": inside, "sigma": sigma},
                **size,
            )
            if F > 1 and L > 1:
                bilinear = partial(models.dcls_kernel, sigma=None, interpolation="bilinear", **size)
                piece(
                    h,
                    rng,
                    f"dcls_bilinear_{F}x{L}",
                    bilinear,
                    {},
                    {"weight": weight, "position": position},
                    **size,
                )
            piece(
                h,
                rng,
                f"separable_{F}x{L}_rank{rank}",
                models.separable_kernel,
                {},
                {
                    "frequency": f32(rng.standard_normal((K, C, rank, F))),
                    "time": f32(rng.standard_normal((K, C, rank, L))),
                },
            )
        # at corners and on a grid point: no gradient
        on_grid = f32([[[[0, 0, 9, 9, 4]]], [[[0, 6, 0, 6, 3]]]])
        g = h.create_group("dcls_bilinear_on_grid_10x7")
        weight = f32(rng.uniform(-1, 1, (1, 1, 5)))
        put(g, "parameters/weight", weight.astype(np.float32))
        put(g, "parameters/position", on_grid.astype(np.float32))
        bilinear = partial(
            models.dcls_kernel, sigma=None, n_bands=10, n_lags=7, interpolation="bilinear"
        )
        put(g, "output", bilinear(torch.tensor(weight), torch.tensor(on_grid)))
        g.attrs.update({"n_bands": 10, "n_lags": 7})

        # convolutions; `ahead` is the number of frames that a kernel reaches into the future
        K, C, F, half, T = (int(n) for n in rng.integers([2, 1, 6, 2, 20], [5, 3, 12, 5, 50]))
        L = 2 * half + 1
        for name, ahead, frames in (
            ("strf", 0, T),
            ("strf_centered", half, T),
            ("strf_longer_than_stimulus", 0, L - 2),
        ):
            piece(
                h,
                rng,
                name,
                partial(models.strf, ahead=ahead),
                {"x": f32(noise(rng, C, F, frames))},
                {"k": f32(rng.standard_normal((K, C, F, L))), "bias": f32(rng.standard_normal(K))},
                ahead=ahead,
            )
        piece(
            h,
            rng,
            "conv2d",
            models.conv2d,
            {"x": f32(noise(rng, C, F, T))},
            {"weight": f32(rng.standard_normal((K, C, 3, 5))), "bias": f32(rng.standard_normal(K))},
        )
        for stride, bands in ((1, 4), (3, 5)):
            K_l, C_l, F_l = (int(n) for n in rng.integers([3, 2, 12], [6, 4, 22]))
            P = (F_l - bands) // stride + 1
            piece(
                h,
                rng,
                f"locally_connected_stride{stride}",
                partial(models.locally_connected, stride=stride),
                {"x": f32(noise(rng, C_l, F_l, T))},
                {
                    "weight": f32(rng.standard_normal((P, K_l, C_l, bands))),
                    "bias": f32(rng.standard_normal((P, K_l))),
                },
                stride=stride,
            )

        # recurrent layers
        for cell, gates in (("gru", 3), ("lstm", 4)):
            I, H, T_u = (int(n) for n in rng.integers([3, 3, 20], [8, 8, 50]))
            piece(
                h,
                rng,
                cell,
                models.CELLS[cell],
                {"u": f32(noise(rng, I, T_u))},
                {
                    **{
                        name: f32(rng.standard_normal((gates * H, n)) / np.sqrt(n))
                        for name, n in (("input_weight", I), ("hidden_weight", H))
                    },
                    **{
                        name: f32(rng.uniform(-0.5, 0.5, gates * H))
                        for name in ("input_bias", "hidden_bias")
                    },
                },
            )

        # norms of (K, T) and of (K, F, T)
        for shape in ((6, T), (4, F, T)):
            K, name = shape[0], f"{len(shape) - 1}d"
            z, weight, bias = (
                f32(2 * noise(rng, *shape) + 1),
                f32(rng.uniform(0.5, 1.5, K)),
                f32(rng.standard_normal(K)),
            )
            statistics = {
                "running_mean": f32(rng.uniform(0, 2, K)),
                "running_var": f32(rng.uniform(1, 6, K)),
            }
            piece(
                h,
                rng,
                f"batch_norm_{name}",
                models.batch_norm,
                {"z": z, **statistics},
                {"weight": weight, "bias": bias},
            )
            piece(
                h,
                rng,
                f"layer_norm_{name}",
                models.layer_norm,
                {"z": z},
                {"weight": weight, "bias": bias},
            )
            short = int(rng.integers(3, T // 2))
            g = piece(
                h,
                rng,
                f"batch_norm_training_{name}",
                models.batch_norm_in_training,
                {"z": z},
                {"weight": weight, "bias": bias},
                lengths=[short, T - short - 2, 2],
            )
            for kind, before, after in zip(
                statistics,
                statistics.values(),
                models.updated_statistics(**tensors({"z": z, **statistics})),
            ):
                put(g, f"inputs/{kind}", before.astype(np.float32))
                put(g, f"updated/{kind}", after)

        # activations: x (N, T); in `extremes` some x are so large that the formulas as written
        # overflow in single precision
        N, T = int(rng.integers(3, 7)), int(rng.integers(40, 90))
        x = f32(1.5 * noise(rng, N, T))
        extreme = f32(
            np.where(rng.random((N, T)) < 0.2, rng.choice([-300.0, -90.0, 90.0, 300.0], (N, T)), x)
        )
        for kind, function in models.ACTIVATIONS.items():
            piece(h, rng, kind, function, {"x": x}, {}, smooth=kind not in ("relu", "leaky_relu"))
            if kind != "exp":
                piece(h, rng, f"{kind}_extremes", function, {"x": extreme}, {}, smooth=False)
        for kind, function in models.PARAMETRIC.items():
            piece(h, rng, kind, function, {"x": x}, output_parameters(rng, kind, N))
            piece(
                h,
                rng,
                f"{kind}_extremes",
                function,
                {"x": extreme},
                output_parameters(rng, kind, N),
                smooth=False,
            )

        # scales and time constants
        g = h.create_group("scales")
        n, low, high = (
            int(rng.integers(8, 34)),
            float(f32(rng.uniform(100, 900))),
            float(f32(rng.uniform(8000, 40000))),
        )
        g.attrs.update({"n_bands": n, "min_freq_hz": low, "max_freq_hz": high})
        for scale in models.SCALES:
            centres = models.band_centres(n, low, high, scale)
            put(g, f"{scale}/frequencies_hz", centres)
            put(g, f"{scale}/tau_ms", models.time_constants(centres))
            for dt_ms in (1, 5):
                put(g, f"{scale}/a_dt{dt_ms}", models.adaptation(centres, dt_ms))

        # smoothing of trials, with frames missing in some, in all, and a trial missing
        for smooth_ms, dt_ms in ((21.0, 1.0), (21.0, 5.0), (40.0, 5.0), (4.0, 5.0)):
            y = f32(rng.poisson(0.4, (4, int(rng.integers(30, 80)))))
            y[0, rng.integers(5, 25, 3)] = y[1, -7:] = y[2] = y[:, 26] = np.nan
            smoothed = metrics.smooth(y, smooth_ms, dt_ms)
            g = h.create_group(f"smoothing_{smooth_ms:g}ms_dt{dt_ms:g}")
            g.attrs.update({"smooth_ms": smooth_ms, "dt_ms": dt_ms})
            put(g, "inputs/y", y.astype(np.float32))
            put(g, "output", smoothed)
            put(g, "target", metrics.trial_mean(smoothed))

        # losses: frames missing in some units and in all; one with nothing but missing frames
        N, T = int(rng.integers(3, 7)), int(rng.integers(40, 90))
        r = f32(np.exp(1.2 * noise(rng, N, T)))
        y = f32(rng.poisson(r * np.exp(0.5 * noise(rng, N, T))))
        y[0, 3:9] = y[1] = y[:, 30:33] = np.nan
        for kind in models.LOSSES:
            function = partial(models.loss, kind)
            piece(h, rng, f"loss_{kind}", function, {"r": r, "y": y}, {}, fixed=("y",))
            piece(
                h,
                rng,
                f"loss_{kind}_nothing_counts",
                function,
                {"r": r, "y": np.full_like(y, np.nan)},
                {},
                fixed=("y",),
            )

        # two steps of AdamW, members with different rates
        rates, decays = f32([1e-3, 3e-2, 1e-3, 0]), f32([0, 1e-4, 0.5, 0.1])
        shape = (len(rates), *(int(n) for n in rng.integers(2, 6, 2)))
        p, gradients = f32(rng.standard_normal(shape)), f32(rng.standard_normal((2, *shape)))
        gradients[:, :, 0, 0] = gradients[0, :, 1, 1] = 0
        gradients[:, :, 0, 1] *= f32(1e-7)  # near the 1e-8 of the formula
        steps = np.empty((2, *shape))
        for member, (rate, decay) in enumerate(zip(rates, decays)):
            state = torch.tensor(p[member]), 0.0, 0.0
            for t in (1, 2):
                now, m, v = state
                gradient = torch.tensor(gradients[t - 1, member])
                state = models.adamw_step(now, gradient, m, v, t, rate, decay)
                steps[t - 1, member] = state[0]
        g = h.create_group("adamw")
        for name, values in (
            ("inputs/gradient", gradients),
            ("inputs/learning_rate", rates),
            ("inputs/weight_decay", decays),
            ("parameters/p", p),
        ):
            put(g, name, values.astype(np.float32))
        put(g, "output", steps)

        # a local layer that sees frames before the current one
        frames, stride, bands = 3, 2, 4
        K_l, C_l, F_l, T_l = 3, 2, 11, 25
        P = (F_l - bands) // stride + 1
        piece(
            h,
            rng,
            "locally_connected_3_frames",
            partial(models.locally_connected, stride=stride),
            {"x": f32(noise(rng, C_l, F_l, T_l))},
            {
                "weight": f32(rng.standard_normal((P, K_l, C_l, bands, frames))),
                "bias": f32(rng.standard_normal((P, K_l))),
            },
            stride=stride,
        )

        # which units dropout keeps: keys below 2^53, which float64 holds
        keys, units = rng.integers(0, 2**53, 4), 40
        for fraction, step, layer in ((0.2, 1, 0), (0.2, 1, 1), (0.5, 12345, 1)):
            g = h.create_group(f"kept_units_{fraction:g}_step{step}_layer{layer}")
            g.attrs.update({"fraction": fraction, "step": step, "layer": layer})
            put(g, "inputs/key", keys.astype(np.float64))
            put(
                g,
                "output",
                np.stack([models.kept_units(int(k), step, layer, units, fraction) for k in keys]),
            )
