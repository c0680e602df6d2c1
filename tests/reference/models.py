"""Slow, clear reference of the models of docs/models.md: torch float64, one member at a time.

Tensors have the shapes of docs/models.md without the leading axis M of members. Time is the last
axis (frames of dt ms). Lag axes run into the past: index 0 is the current frame.
"""

import numpy as np
import torch

NORM_EPS = 1e-5  # of batch and layer norm
MOMENTUM = 0.1  # of batch norm's running statistics
SIGMA_FLOOR = 0.27  # of DCLS, in grid points
LEAKY_SLOPE = 0.1
RATE_FLOOR = 1e-8  # what the Poisson loss adds to a rate

torch.set_num_threads(1)


def per_channel(v, z):
    """v (K) shaped to go with z (K, ...)."""
    return v.reshape((-1,) + (1,) * (z.ndim - 1))


# ---- prefilters

SCALES = {  # name: (Hz -> scale, scale -> Hz)
    "mel": (lambda f: 2595 * np.log10(1 + f / 700), lambda s: 700 * (10 ** (s / 2595) - 1)),
    "erb": (lambda f: 21.4 * np.log10(1 + 0.00437 * f), lambda s: (10 ** (s / 21.4) - 1) / 0.00437),
    "log": (np.log10, lambda s: 10**s),
    "greenwood": (
        lambda f: np.log10(f / 165.4 + 0.88) / 2.1,
        lambda s: 165.4 * (10 ** (2.1 * s) - 0.88),
    ),
}


def band_centres(n_bands, min_freq_hz, max_freq_hz, scale):
    """n_bands frequencies (Hz) equally spaced on a scale, both ends included."""
    to_scale, to_hz = SCALES[scale]
    return to_hz(
        np.linspace(to_scale(np.float64(min_freq_hz)), to_scale(np.float64(max_freq_hz)), n_bands)
    )


def time_constants(frequencies_hz):
    """tau (ms) per band, Willmore et al. 2016."""
    tau = 500.0 - 105.0 * np.log10(np.asarray(frequencies_hz, np.float64))
    for band, value in enumerate(tau):
        if value <= 0:
            raise ValueError(
                f"band {band} ({frequencies_hz[band]} Hz) has a time constant of {value} ms"
            )
    return tau


def adaptation(frequencies_hz, dt_ms):
    """a = exp(-dt / tau) per band."""
    return np.exp(-dt_ms / time_constants(frequencies_hz))


def held(x, lag):
    """x (F, T) delayed by lag frames, its first frame held before the start."""
    lag = min(lag, x.shape[1])
    return torch.cat([x[:, :1]] * lag + [x[:, : x.shape[1] - lag]], 1)


def exponential_average(x, a, frames="infinite"):
    """E(x) of the past of x (F, T), a per band (F).

    frames: 'infinite', or K >= 2 for K - 1 past frames.
    """
    if frames == "infinite":
        average = [x[:, 0]]
        for t in range(1, x.shape[1]):
            average.append(a * average[-1] + (1 - a) * x[:, t - 1])
        return torch.stack(average, 1)
    if frames < 2:
        raise ValueError(
            f"kernel_frames is {frames}: at least 2 are needed, the current frame and one past"
        )
    total = norm = 0.0
    for k in range(frames - 1):
        total = total + (a**k)[:, None] * held(x, 1 + k)
        norm = norm + a**k
    return total / norm[:, None]


def adaptrans(x, d_on, d_off, p, frames="infinite", rectify=True):
    """ON and OFF of x (F, T), parameters (F) -> (2, F, T)."""
    a_on, a_off, w = 1 / (1 + d_on**2), 1 / (1 + d_off**2), 1 / (1 + p**2)
    on = x - w[:, None] * exponential_average(x, a_on, frames)
    off = -w[:, None] * x + exponential_average(x, a_off, frames)
    out = torch.stack([on, off], 0)
    return relu(out) if rectify else out


def willmore(x, a, frames="infinite", rectify=True):
    """Adaptation of the inferior colliculus of x (F, T), a per band (F) -> (1, F, T)."""
    out = (x - exponential_average(x, a, frames))[None]
    return relu(out) if rectify else out


def prefilter(settings, p, x, frequencies_hz, dt_ms):
    """The prefilter of a config applied to a standardised spectrogram (F, T) -> (C, F, T)."""
    kind, frames, rectify = settings["kind"], settings["kernel_frames"], settings["rectify"]
    if kind == "none":
        return x[None]
    if kind == "adaptrans":
        return adaptrans(
            x, p["prefilter/d_on"], p["prefilter/d_off"], p["prefilter/p"], frames, rectify
        )
    if kind == "willmore":
        if settings.get("scale"):
            frequencies_hz = band_centres(
                x.shape[0], settings["min_freq_hz"], settings["max_freq_hz"], settings["scale"]
            )
        a = torch.as_tensor(adaptation(frequencies_hz, dt_ms), dtype=x.dtype)
        return willmore(x, a, frames, rectify)
    raise ValueError(f"no prefilter {kind!r}")


# ---- kernels


def dcls_kernel(weight, position, sigma, n_bands, n_lags, interpolation="gaussian"):
    """Kernel (K, C, F, L) from weight (K, C, G), position and sigma (2, K, C, G).

    First index of position and sigma: 0 frequency, 1 lag; both are in grid points. `bilinear` uses
    no sigma.
    """
    shares = []
    for axis, n in enumerate((n_bands, n_lags)):
        distance = torch.arange(n, dtype=weight.dtype) - position[axis][..., None]  # (K, C, G, n)
        if interpolation == "gaussian":
            share = torch.exp(-((distance / (abs(sigma[axis]) + SIGMA_FLOOR)[..., None]) ** 2) / 2)
            share = share / share.sum(-1)[..., None]
        elif interpolation == "bilinear":
            share = relu(1 - abs(distance))  # 1 at the position, 0 at one grid point from it
        else:
            raise ValueError(f"no interpolation {interpolation!r}")
        shares.append(share)
    return torch.einsum("kcg,kcgf,kcgl->kcfl", weight, shares[0], shares[1])


def separable_kernel(frequency, time):
    """Kernel (K, C, F, L) from frequency (K, C, rank, F) and time (K, C, rank, L)."""
    return torch.einsum("kcrf,kcrl->kcfl", frequency, time)


def kernel(model, p, n_bands):
    """The STRF kernel (K, C, F, L) of a member."""
    settings = model["kernel"]
    if settings["kind"] == "full":
        return p["strf/weight"]
    if settings["kind"] == "dcls":
        return dcls_kernel(
            p["strf/weight"],
            p["strf/position"],
            p.get("strf/sigma"),
            n_bands,
            model["context"],
            settings.get("interpolation", "gaussian"),
        )
    if settings["kind"] == "separable":
        return separable_kernel(p["strf/frequency"], p["strf/time"])
    raise ValueError(f"no kernel {settings['kind']!r}")


def exported_kernel(model, p, n_bands):
    """The kernel as `export-strfs` gives it: batch norm folded in.

    Layer norm depends on the input and stays out.
    """
    k = kernel(model, p, n_bands)
    name = {"nrf": "norm", "dnet": "norm", "statenet": "leaky_norm"}.get(model["kind"])
    if name and model["norm"] == "batch":
        k = k * per_channel(
            p[f"{name}/weight"] / torch.sqrt(p[f"{name}/running_var"] + NORM_EPS), k
        )
    return k


def delayed(x, lag):
    """x (..., T) delayed by lag frames (advanced where lag < 0), zero beyond its ends."""
    frames = x.shape[-1]
    n = min(abs(lag), frames)
    zeros = torch.zeros_like(x[..., :n])
    return torch.cat([zeros, x[..., : frames - n]] if lag >= 0 else [x[..., n:], zeros], -1)


def strf(x, k, bias, ahead=0):
    """z[o, t] = bias[o] + sum k[o, c, f, l] x[c, f, t - l + ahead].

    x (C, F, T), k (K, C, F, L), bias (K) -> (K, T).
    """
    z = bias[:, None]
    for lag in range(k.shape[-1]):
        z = z + torch.einsum("kcf,cft->kt", k[..., lag], delayed(x, lag - ahead))
    return z


def conv2d(x, weight, bias, ahead=0):
    """2-D convolution, valid in frequency, zero-padded in time.

    x (C, F, T), weight (K, C, K_f, K_t), bias (K) -> (K, F - K_f + 1, T):
    out[o, f, t] = bias + sum weight[o, c, i, l] x[c, f + i, t - l + ahead]
    """
    bands = x.shape[1] - weight.shape[2] + 1
    out = bias[:, None, None]
    for i in range(weight.shape[2]):
        for lag in range(weight.shape[3]):
            out = out + torch.einsum(
                "kc,cft->kft", weight[:, :, i, lag], delayed(x[:, i : i + bands], lag - ahead)
            )
    return out


def locally_connected(x, weight, bias, stride):
    """Own weights at each position along frequency.

    x (C, F, T), weight (P, K, C, K_f, K_t), bias (P, K) -> (K, P, T):
    out[k, j, t] = bias[j, k] + sum weight[j, k, c, i, l] x[c, stride j + i, t - l]
    A weight without its last axis sees the current frame alone.
    """
    bands = weight.shape[3]
    if weight.ndim == 4:
        weight = weight[..., None]
    positions = []
    for j in range(weight.shape[0]):
        out = bias[j][:, None]
        for lag in range(weight.shape[4]):
            own = delayed(x[:, stride * j : stride * j + bands], lag)
            out = out + torch.einsum("kci,cit->kt", weight[j, ..., lag], own)
        positions.append(out)
    return torch.stack(positions, 1)


# ---- recurrent layers


def gru(u, input_weight, hidden_weight, input_bias, hidden_bias):
    """GRU from a zero state, gates r, z, n.

    u (I, T), weights (3 H, I) and (3 H, H), biases (3 H) -> (H, T).
    """
    H, from_input = hidden_weight.shape[1], input_weight @ u + input_bias[:, None]
    h, states = u.new_zeros(H), []
    for t in range(u.shape[1]):
        x, y = from_input[:, t], hidden_weight @ h + hidden_bias
        r, z = sigmoid(x[:H] + y[:H]), sigmoid(x[H : 2 * H] + y[H : 2 * H])
        n = torch.tanh(x[2 * H :] + r * y[2 * H :])
        h = (1 - z) * n + z * h
        states.append(h)
    return torch.stack(states, 1)


def lstm(u, input_weight, hidden_weight, input_bias, hidden_bias):
    """LSTM from zero states, gates i, f, g, o.

    u (I, T), weights (4 H, I) and (4 H, H), biases (4 H) -> (H, T).
    """
    H, from_input = hidden_weight.shape[1], input_weight @ u + input_bias[:, None]
    h, c, states = u.new_zeros(H), u.new_zeros(H), []
    for t in range(u.shape[1]):
        s = from_input[:, t] + hidden_weight @ h + hidden_bias
        i, f, g, o = (
            sigmoid(s[:H]),
            sigmoid(s[H : 2 * H]),
            torch.tanh(s[2 * H : 3 * H]),
            sigmoid(s[3 * H :]),
        )
        c = f * c + i * g
        h = o * torch.tanh(c)
        states.append(h)
    return torch.stack(states, 1)


CELLS = {"gru": gru, "lstm": lstm}


# ---- norms, activations, decay


def batch_norm(z, weight, bias, running_mean, running_var):
    """Batch norm in evaluation of z (K, ..., T), parameters and running statistics (K)."""
    z = (z - per_channel(running_mean, z)) / torch.sqrt(per_channel(running_var, z) + NORM_EPS)
    return z * per_channel(weight, z) + per_channel(bias, z)


def batch_statistics(z):
    """Mean and variance (divisor n) of z (K, ...) per channel, and n.

    z holds real frames only, all stimuli joined.
    """
    z = z.reshape((z.shape[0], -1))
    mean = z.mean(1)
    return mean, ((z - mean[:, None]) ** 2).mean(1), z.shape[1]


def batch_norm_in_training(z, weight, bias):
    """Batch norm in training of z (K, ..., T), the stimuli of a batch joined along time."""
    mean, var, _ = batch_statistics(z)
    return batch_norm(z, weight, bias, mean, var)


def updated_statistics(z, running_mean, running_var):
    """Running statistics (K) after a training step on z (K, ..., T).

    The variance enters with divisor n - 1.
    """
    mean, var, n = batch_statistics(z)
    return (
        (1 - MOMENTUM) * running_mean + MOMENTUM * mean,
        (1 - MOMENTUM) * running_var + MOMENTUM * var * n / (n - 1),
    )


def layer_norm(z, weight, bias):
    """Layer norm of z (K, ..., T) over its channels, at each frame (and band), divisor K."""
    centred = z - z.mean(0)[None]
    z = centred / torch.sqrt((centred**2).mean(0)[None] + NORM_EPS)
    return z * per_channel(weight, z) + per_channel(bias, z)


def norm(kind, p, name, z):
    """The norm called `name` among the parameters p, applied to z (K, ..., T)."""
    if kind == "none":
        return z
    if kind == "batch":
        return batch_norm(
            z, *(p[f"{name}/{part}"] for part in ("weight", "bias", "running_mean", "running_var"))
        )
    if kind == "layer":
        return layer_norm(z, p[f"{name}/weight"], p[f"{name}/bias"])
    raise ValueError(f"no norm {kind!r}")


def relu(x):
    return x * (x > 0)


def leaky_relu(x):
    return torch.where(x > 0, x, LEAKY_SLOPE * x)


def sigmoid(x):
    return (1 + torch.tanh(x / 2)) / 2  # 1 / (1 + exp(-x)) without overflow


def softplus(x):
    return torch.logaddexp(x, torch.zeros_like(x))  # log(1 + exp(x)) without overflow


ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": lambda x: torch.tanh(x),
    "softplus": softplus,
    "exp": lambda x: torch.exp(x),
}


def parametric_sigmoid(x, a, b, c, d):
    """a + b / (1 + exp(-(x - c) / d)) of x (N, T), parameters (N)."""
    return a[:, None] + b[:, None] * sigmoid((x - c[:, None]) / d[:, None])


def parametric_softplus(x, a, b, c, d):
    """a + b log(1 + exp(c (x - d))) / c of x (N, T), parameters (N)."""
    return a[:, None] + b[:, None] * softplus(c[:, None] * (x - d[:, None])) / c[:, None]


def double_exponential(x, a, b, c, d):
    """a + b exp(-exp(-c (x - d))) of x (N, T), parameters (N)."""
    return a[:, None] + b[:, None] * torch.exp(-torch.exp(-c[:, None] * (x - d[:, None])))


PARAMETRIC = {
    "parametric_sigmoid": parametric_sigmoid,
    "parametric_softplus": parametric_softplus,
    "double_exponential": double_exponential,
}


def output_activation(kind, p, x):
    """g of a config applied to x (N, T)."""
    if kind in PARAMETRIC:
        return PARAMETRIC[kind](x, *(p[f"output/{name}"] for name in "abcd"))
    return ACTIVATIONS[kind](x)


def decay(s, d, decay_input=True):
    """Leaky units of s (H, T), d (H) -> (H, T), with tau = 1 + d^2 frames.

    They start as if s[:, 0] had lasted for ever.
    """
    A = 1 - 1 / (1 + d**2)
    gain = 1 - A if decay_input else 1.0
    y = [s[:, 0] if decay_input else s[:, 0] / (1 - A)]
    for t in range(1, s.shape[1]):
        y.append(A * y[-1] + gain * s[:, t])
    return torch.stack(y, 1)


# ---- dropout


def mixed(z):
    """The finaliser of splitmix64, on a whole number below 2^64."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def kept_units(key, step, layer, units, fraction):
    """What each unit (units) is multiplied with in a step of training: 0, or 1 / (1 - fraction)."""
    stride, kept = 0x9E3779B97F4A7C15, []
    for unit in range(units):
        state = mixed((key + stride) % 2**64)
        for number in (step, layer, unit):
            state = mixed(state ^ mixed((number + stride) % 2**64))
        share = (mixed((state + stride) % 2**64) >> 11) / 2**53
        kept.append(0 if share < fraction else 1 / (1 - fraction))
    return np.array(kept)


def dense(x, weight, bias):
    """weight (N, H), bias (N) on x (H, T) -> (N, T)."""
    return torch.einsum("nh,ht->nt", weight, x) + bias[:, None]


# ---- whole models

DEFAULTS = {
    "linear": {"norm": "none", "output": "identity"},
    "ln": {"norm": "none", "output": "parametric_sigmoid"},
    "nrf": {"hidden": 20, "norm": "batch", "activation": "sigmoid", "output": "parametric_sigmoid"},
    "dnet": {
        "hidden": 20,
        "norm": "batch",
        "activation": "sigmoid",
        "output": "parametric_sigmoid",
    },
    "conv2d": {
        "hidden": 20,
        "norm": "batch",
        "activation": "leaky_relu",
        "output": "parametric_sigmoid",
        "channels": 10,
        "kernel_size": [3, 9],
    },
    "statenet": {
        "norm": "layer",
        "activation": "sigmoid",
        "output": "parametric_softplus",
        "cell": "gru",
        "channels": 7,
        "kernel_frequency": 7,
        "stride": 3,
        "kernel_frames": 1,
        "readout": "state",
        "leaky_units": 0,
    },
}


def has_kernel(model):
    """Whether a model has STRF kernels: statenet those of its leaky units."""
    return model["kind"] != "conv2d" and (model["kind"] != "statenet" or model["leaky_units"] > 0)


DEFAULT_PREFILTER = {"kind": "none", "kernel_frames": "infinite", "rectify": True}


def model_settings(config):
    """The `model` part of a config with its defaults filled in."""
    given = config["model"]
    if given["kind"] not in DEFAULTS:
        raise ValueError(f"no model {given['kind']!r}")
    model = {
        "context": 9,
        "padding": "causal",
        "decay_input": True,
        "kernel": {"kind": "full"},
        **DEFAULTS[given["kind"]],
        **given,
    }
    model["prefilter"] = {**DEFAULT_PREFILTER, **(given.get("prefilter") or {})}
    if model["kind"] in ("linear", "ln") and model["norm"] != "none":
        raise ValueError(f"{model['kind']} has no norm, the config asks for {model['norm']!r}")
    if model["kind"] == "statenet" and model["padding"] != "causal":
        raise ValueError("statenet has no padding to choose")
    return model


def context(model):
    """L: how many frames a kernel covers, the current one included."""
    return 3 * (model["kernel_size"][1] - 1) + 1 if model["kind"] == "conv2d" else model["context"]


def frames_ahead(model, frames):
    """How many of a kernel's frames lie in the future: none, or half with `centered`."""
    if model["padding"] == "causal":
        return 0
    if model["padding"] != "centered" or frames % 2 == 0:
        raise ValueError(f"padding {model['padding']!r} with a kernel of {frames} frames")
    return (frames - 1) // 2


def forward(model, p, x, frequencies_hz, dt_ms):
    """Response (N, T) of one member to a standardised spectrogram x (F, T).

    p: parameters and buffers by name.
    """
    kind, n_bands = model["kind"], x.shape[0]
    activation = ACTIVATIONS[model.get("activation", "identity")]
    x = prefilter(model["prefilter"], p, x, frequencies_hz, dt_ms)  # (C, F, T)

    if kind == "conv2d":
        for i in (1, 2, 3):
            x = conv2d(
                x,
                p[f"conv{i}/weight"],
                p[f"conv{i}/bias"],
                frames_ahead(model, p[f"conv{i}/weight"].shape[-1]),
            )
            x = activation(norm(model["norm"], p, f"norm{i}", x))
        h = activation(dense(x.reshape((-1, x.shape[-1])), p["dense/weight"], p["dense/bias"]))
        return output_activation(
            model["output"], p, dense(h, p["readout/weight"], p["readout/bias"])
        )

    if kind == "statenet":
        e = norm(
            model["norm"],
            p,
            "norm",
            locally_connected(x, p["local/weight"], p["local/bias"], model["stride"]),
        )
        u = activation(e).reshape((-1, x.shape[-1]))  # channel-major
        h = CELLS[model["cell"]](
            u,
            *(
                p[f"recurrent/{name}"]
                for name in ("input_weight", "hidden_weight", "input_bias", "hidden_bias")
            ),
        )
        if model["readout"] == "state_and_features":
            h = torch.cat([h, u])
        if model["leaky_units"] > 0:
            z = strf(x, kernel(model, p, n_bands), p["strf/bias"])
            z = activation(norm(model["norm"], p, "leaky_norm", z))
            h = torch.cat([h, decay(z, p["leaky/d"], model["decay_input"])])
        return output_activation(
            model["output"], p, dense(h, p["readout/weight"], p["readout/bias"])
        )

    z = strf(
        x, kernel(model, p, n_bands), p["strf/bias"], frames_ahead(model, model["context"])
    )  # (K, T)
    if kind == "linear" or kind == "ln":
        return output_activation(model["output"], p, z)

    h = activation(norm(model["norm"], p, "norm", z))
    if kind == "dnet":
        h = decay(h, p["hidden_decay/d"], model["decay_input"])
    r = output_activation(model["output"], p, dense(h, p["readout/weight"], p["readout/bias"]))
    if kind == "dnet":
        r = decay(r, p["output_decay/d"], model["decay_input"])
    return r


def gradient_strf(model, p, spectrograms, frequencies_hz, dt_ms):
    """Mean of d r[n, t] / d x[f, t - l] over stimuli and frames t >= L: (N, F, L).

    spectrograms: standardised, [(F, T)]. Before t = L a lag reaches a stimulus's first frame, which
    stands for all the frames before it.
    """
    n_lags = context(model)
    total, frames = 0.0, 0
    for x in spectrograms:
        x = x.clone().requires_grad_()
        r = forward(model, p, x, frequencies_hz, dt_ms)
        t = torch.arange(n_lags, x.shape[1])
        one_frame = torch.eye(x.shape[1], dtype=x.dtype)[t]
        lagged = (t[:, None] - torch.arange(n_lags))[:, None].expand(-1, len(x), -1)
        rows = []
        for unit in r:
            (g,) = torch.autograd.grad(
                unit, x, one_frame, retain_graph=True, is_grads_batched=True
            )  # (frames, F, T)
            rows.append(g.gather(2, lagged).sum(0))
        total, frames = total + torch.stack(rows), frames + len(t)
    return total / frames


# ---- training


def huber(e):
    size = abs(e)
    return torch.where(size <= 1, e**2 / 2, size - 0.5)


LOSSES = {  # of prediction r and target y
    "mse": lambda r, y: (r - y) ** 2,
    "poisson": lambda r, y: r - y * torch.log(r + RATE_FLOOR),
    "huber": lambda r, y: huber(r - y),
}


def loss(kind, r, y):
    """Mean over the units and frames of r and y (N, T) where y is not NaN; 0 where none is."""
    counts = y == y
    each = LOSSES[kind](r, torch.where(counts, y, torch.zeros_like(y)))
    return (each * counts).sum() / max(int(counts.sum()), 1)


def adamw_step(p, gradient, m, v, t, learning_rate, weight_decay):
    """Step t = 1, 2, ... of AdamW with decoupled decay: the new p, m and v, of one shape."""
    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
    step = m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return p - learning_rate * (step + weight_decay * p), m, v
