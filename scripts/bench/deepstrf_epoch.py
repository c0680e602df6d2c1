"""Times deepSTRF 0.1.0: reads jobs, one JSON object per line, and answers each with another.

It stays running, so that deepSTRF and strffit alternate without starting PyTorch each time.
    {"job": "epochs", "kind": "nrf", "adaptrans": true, "batch": "all", "epochs": 3}
        -> seconds of each epoch of one unit, without the first (warm-up)
    {"job": "fit", "kind": "nrf", "adaptrans": true, "unit": 0, "epochs": 50}
        -> seconds of a whole fit of one unit, one sound per step, scored on the validation
           sounds after every epoch
"""
import argparse
import json
import sys
import time
import types

# deepSTRF imports torchaudio. These models do not use it, and it does not support every torch.
for name in ("torchaudio", "torchaudio.functional", "torchaudio.transforms"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["torchaudio"].functional = sys.modules["torchaudio.functional"]
sys.modules["torchaudio"].transforms = sys.modules["torchaudio.transforms"]

import h5py
import numpy as np
import torch
from deepSTRF.models.audio import audio_zoo
from deepSTRF.models.prefiltering import make_prefiltering


def read(path):
    """({split: [(spectrogram (F, T), response (N, T), mean over trials)]}, frequencies, dt in ms),
    spectrograms standardised on the training sounds."""
    splits = {"train": [], "valid": [], "test": []}
    with h5py.File(path) as file:
        for key, sound in file["stimuli"].items():
            split = sound.attrs.get("split")
            if split not in splits:
                raise SystemExit(f"{path}: /stimuli/{key} has no split; the benchmark needs train, "
                                 "valid or test at every stimulus")
            spectrogram = sound["spectrogram"][()].astype("f4")
            response = np.nanmean(sound["responses"][()].astype("f4"), axis=1)
            splits[split].append((spectrogram, response))
        frequencies, dt_ms = file["frequencies_hz"][()], float(file.attrs["dt_ms"])
    if not splits["train"]:
        raise SystemExit(f"{path}: no stimulus is marked train")
    if len({x.shape for s in ("train", "valid") for x, _ in splits[s]}) > 1:
        raise SystemExit(f"{path}: deepSTRF batches only sounds of one length; the sounds "
                         "of this dataset differ in length")
    values = np.concatenate([x.ravel() for x, _ in splits["train"]])
    mean, std = values.mean(), values.std()
    standardised = {s: [((x - mean) / std, r) for x, r in items] for s, items in splits.items()}
    return standardised, frequencies, dt_ms


def build(kind, adaptrans, data, context, hidden):
    splits, frequencies, dt_ms = data
    bands = splits["train"][0][0].shape[0]
    prefilter = None
    if adaptrans:
        low, high = float(frequencies[0]), float(frequencies[-1])
        prefilter = make_prefiltering("adaptrans", bands, dt_ms, low, high, "mel")
    if kind == "linear":
        return audio_zoo.Linear(bands, context, 1, prefiltering=prefilter)
    if kind == "ln":
        return audio_zoo.LinearNonlinear(bands, context, 1, prefiltering=prefilter)
    if kind == "nrf":
        return audio_zoo.NetworkReceptiveField(bands, context, hidden, 1, prefiltering=prefilter)
    if kind == "dnet":
        return audio_zoo.DNet(bands, context, hidden, out_neurons=1, prefiltering=prefilter)
    if kind == "conv2d":
        return audio_zoo.ConvNet2D(bands, out_neurons=1, prefiltering=prefilter)
    return audio_zoo.StateNet(bands, out_neurons=1, prefiltering=prefilter)


def stacked(items, unit, device):
    """Sounds (B, 1, F, T) and the unit's responses (B, T)."""
    x = torch.tensor(np.stack([sound for sound, _ in items]))[:, None]
    y = torch.tensor(np.stack([response[unit] for _, response in items]))
    if not torch.isfinite(y).all():
        raise SystemExit(f"unit {unit}: frames without a response, which deepSTRF's loss needs")
    return x.to(device), y.to(device)


def clock(device):
    """Time in seconds, after the device has finished its work."""
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def train_epoch(model, optimiser, x, y, batch):
    for i in range(0, len(x), batch):
        optimiser.zero_grad(set_to_none=True)
        target = y[i:i + batch]
        loss = ((model(x[i:i + batch]).reshape(target.shape) - target) ** 2).mean()
        loss.backward()
        optimiser.step()


def new_model(job, data, options):
    torch.manual_seed(0)
    model = build(job["kind"], job["adaptrans"], data, options.context, options.hidden)
    model = model.to(options.device)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)


def epochs(job, data, options):
    x, y = stacked(data[0]["train"], 0, options.device)
    batch = len(x) if job["batch"] == "all" else job["batch"]
    model, optimiser = new_model(job, data, options)
    seconds = []
    for _ in range(1 + job["epochs"]):
        start = clock(options.device)
        train_epoch(model, optimiser, x, y, batch)
        seconds.append(clock(options.device) - start)
    return {"seconds": seconds[1:], "parameters": sum(p.numel() for p in model.parameters())}


def fit(job, data, options):
    start = clock(options.device)
    x, y = stacked(data[0]["train"], job["unit"], options.device)
    valid_x, valid_y = stacked(data[0]["valid"], job["unit"], options.device)
    model, optimiser = new_model(job, data, options)
    best_cc, best_state = -np.inf, None
    for _ in range(job["epochs"]):
        model.train()
        order = torch.randperm(len(x), device=x.device)
        train_epoch(model, optimiser, x[order], y[order], 1)
        model.eval()
        with torch.no_grad():
            prediction = model(valid_x).reshape(-1)
        cc = np.corrcoef(prediction.cpu().numpy(), valid_y.reshape(-1).cpu().numpy())[0, 1]
        if cc > best_cc:
            best_cc, best_state = cc, {k: v.clone() for k, v in model.state_dict().items()}
    assert best_state is not None, "no epoch had a score"
    return {"seconds": clock(options.device) - start, "valid_cc": float(best_cc)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dataset")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--hidden", type=int, required=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = read(options.dataset)
    answers = sys.stdout
    sys.stdout = sys.stderr  # so that nothing a library prints looks like an answer
    name = "cpu" if options.device == "cpu" else torch.cuda.get_device_name()
    print(json.dumps({"ready": True, "torch": torch.__version__, "device": name}), file=answers,
          flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        answer = {"epochs": epochs, "fit": fit}[job["job"]](job, data, options)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
