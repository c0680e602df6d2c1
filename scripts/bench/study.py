"""Measurements for users: whole studies, time to accuracy, scaling, start-up, memory."""
import json
import pathlib
import statistics
import subprocess

import h5py

from programs import PUBLISHED
from report import number

# For ns1_even.h5 only: score that deepSTRF reaches with AdapTrans as a population model, the time in
# seconds on one core (AdamW, one sound per step, until 25 epochs without improvement), and the factor
# by which strffit has to be faster. Measured once, not by this benchmark.
NS1_EVEN = "e68c99ab9da085dcdc68fae7eb15ad4709c63f7b710def22b8ce601b4cd79445"
ACCURACY = {"linear": (0.627, 61, 20), "nrf": (0.663, 113, 20), "dnet": (0.718, 120, 20),
            "conv2d": (0.756, 179, 4)}
PRODUCTS = pathlib.Path("build/release/bench_products")
NO_OUTPUT = ("output.predictions=none", "output.kernels=false")


def member_epoch_ms(run):
    """Median epoch per member, without the first one (warm-up)."""
    return 1e3 * statistics.median(run["epoch_seconds"][1:]) / run["members"]


def seeds(count):
    return f"fit.seeds=[{','.join(map(str, range(count)))}]"


def measure(state, deepstrf, strffit, dataset, dataset_sha256, scratch, quick):
    """Tables, each {title, note, header, rows, loads}; True or False means goal reached or not."""
    tables = [whole_study(state, deepstrf, strffit, dataset, quick)]
    if dataset_sha256 == NS1_EVEN:
        tables.append(time_to_accuracy(state, strffit, dataset, quick))
    tables.append(growth(state, strffit, scratch, quick))
    tables.append(growth_with_data(state, strffit, scratch, quick))
    tables.append(start_up(state, strffit, dataset, quick))
    tables.append(memory(state, strffit, dataset, quick))
    tables.append(memory_of_4000(state, strffit, scratch, quick))
    if PRODUCTS.exists():
        tables.append(products(state, quick))
        tables.append(statenet_limit(state, strffit, dataset, quick))
    return tables


def loads(*samples):
    return [sample["load"] for sample in samples]


def whole_study(state, deepstrf, strffit, dataset, quick):
    return fits_in_turn(state, deepstrf, strffit, dataset, quick, [("", ())], asked=20)


def on_gpu(state, deepstrf, strffit, dataset, quick):
    """A whole study of both programs on a GPU."""
    ways = [("", ()), (", CUDA graphs", ("run.cuda_graphs=true",))]
    return [fits_in_turn(state, deepstrf, strffit, dataset, quick, ways, asked=200)]


def fits_in_turn(state, deepstrf, strffit, dataset, quick, ways, asked):
    """Whole runs of strffit with these settings, compared with consecutive fits of deepSTRF."""
    epochs, n_seeds = (2, 1) if quick else (50, 10)
    theirs = state.take("study of deepSTRF", 2, lambda: deepstrf.ask(
        job="fit", kind="nrf", adaptrans=True, unit=len(state.samples("study of deepSTRF")),
        epochs=epochs) | {"start": deepstrf.start_seconds})
    fit = statistics.mean(sample["seconds"] for sample in theirs)
    rows, all_samples = [], list(theirs)
    for name, settings in ways:
        ours = state.take(f"study of strffit{name}", 1, lambda: strffit.train(
            "nrf", True, dataset, "fit.mode=independent", *PUBLISHED["nrf"], seeds(n_seeds),
            "fit.batch=1", f"fit.max_epochs={epochs}", "fit.patience=1000000", *settings))[0]
        total = theirs[0]["start"] + fit * ours["members"]
        rows.append([f"strffit{name}", number(total), number(ours["wall"]),
                     number(total / ours["wall"]), asked, total / ours["wall"] >= asked,
                     number(ours["peak_megabytes"])])
        all_samples.append(ours)
    return {"title": f"A study: {ours['members']} fits of nrf with AdapTrans, {epochs} epochs",
            "note": f"Whole processes. strffit ran all {ours['members']} fits; of deepSTRF "
                    f"{len(theirs)} fits were measured, one after the other, and multiplied: "
                    f"{theirs[0]['start']:.1f} s to start and {fit:.1f} s a fit. "
                    f"Command: `{ours['command']}`",
            "header": ["program", "deepSTRF, s (computed)", "strffit, s", "factor", "asked",
                       "reached", "strffit, peak MB"],
            "rows": rows, "loads": loads(*all_samples)}


def time_to_accuracy(state, strffit, dataset, quick):
    rows, all_samples = [], []
    for kind, (target, seconds, share) in ACCURACY.items():
        limit = ("fit.max_epochs=2",) if quick else ()
        # conv2d takes half a minute.
        samples = state.take(f"accuracy of {kind}", 1 if quick or kind == "conv2d" else 3,
                             lambda: strffit.train(kind, True, dataset, *limit, threads=1))
        wall = statistics.median(sample["wall"] for sample in samples)
        score = statistics.median(sample["test_cc_norm"] for sample in samples)
        # If the score is not reached, there is no time to it and no factor.
        factor = number(seconds / wall) if score >= target else "score not reached"
        rows.append([kind, target, f"{score:.3f}", seconds, number(seconds / share), number(wall),
                     factor, score >= target and wall <= seconds / share])
        all_samples += samples
    return {"title": "Time to accuracy, population models with AdapTrans",
            "note": "From the shell prompt to the saved result, one thread, the configurations of "
                    "`configs/` as they are; mean test cc_norm over units. deepSTRF's scores and "
                    "seconds were measured once on one core, not in this run.",
            "header": ["model", "deepSTRF, cc_norm", "strffit, cc_norm", "deepSTRF, s", "asked, s",
                       "strffit, s", "factor", "score and time reached"],
            "rows": rows, "loads": loads(*all_samples)}


def growth(state, strffit, scratch, quick):
    dataset = strffit.simulate(scratch / "growth.h5", units=10, bands=34, stimuli=20, seconds=5)
    rows, all_samples = [], []
    counts = ((1, 1), (10, 1)) if quick else ((1, 1), (10, 1), (10, 10), (10, 100))
    for kind, adaptrans in (("linear", False), ("nrf", False), ("nrf", True)):
        costs = []
        for units, n_seeds in counts:
            members = units * n_seeds
            epochs = 2 if quick else 21 if members <= 10 else 6 if members <= 100 else 3
            sample = state.take(
                f"growth of {kind}, {'AdapTrans' if adaptrans else 'plain'}, {members}", 1,
                lambda: one_growth(strffit, kind, adaptrans, dataset, units, n_seeds, epochs))[0]
            costs.append(sample["ms"])
            all_samples.append(sample)
        rows.append([kind, "AdapTrans" if adaptrans else "none", *map(number, costs)])
    return {"title": "Growth with members",
            "note": "ms an epoch per member, one sound a step, simulated data of 14 training "
                    "sounds of 1,000 frames and 34 bands. One member alone has its threads inside.",
            "header": ["model", "prefilter", *(f"{u * s} members" for u, s in counts)],
            "rows": rows, "loads": loads(*all_samples)}


def growth_with_data(state, strffit, scratch, quick):
    """Cost by number of stimuli and frames, with the same members."""
    sizes = ((20, 5), (40, 5)) if quick else ((10, 5), (20, 5), (40, 5), (80, 5), (20, 2.5),
                                              (20, 10), (20, 20))
    rows, all_samples = [], []
    for kind, adaptrans in (("linear", False), ("nrf", False), ("nrf", True)):
        costs = []
        for stimuli, seconds in sizes:
            dataset = strffit.simulate(scratch / f"growth-{stimuli}-{seconds}.h5", units=10,
                                       bands=34, stimuli=stimuli, seconds=seconds)
            sample = state.take(
                f"growth of {kind}, {'AdapTrans' if adaptrans else 'plain'}, {stimuli} x {seconds}",
                1, lambda: one_growth(strffit, kind, adaptrans, dataset, 10, 1,
                                      2 if quick else 6))[0]
            costs.append(sample["ms"] / training_frames(dataset) * 1000)
            all_samples.append(sample)
        rows.append([kind, "AdapTrans" if adaptrans else "none", *map(number, costs)])
    return {"title": "Growth with stimuli and frames",
            "note": "ms an epoch per member and 1,000 training frames, 10 members, one sound a "
                    "step, simulated data of 34 bands.",
            "header": ["model", "prefilter",
                       *(f"{stimuli} sounds of {seconds * 200:.0f} frames"
                         for stimuli, seconds in sizes)],
            "rows": rows, "loads": loads(*all_samples)}


def training_frames(dataset):
    return sum(frame_counts(dataset, "train"))


def frame_counts(dataset, split):
    """Number of frames of every sound of a split."""
    with h5py.File(dataset) as file:
        return [sound["spectrogram"].shape[1] for sound in file["stimuli"].values()
                if sound.attrs["split"] == split]


def bands_of(dataset):
    with h5py.File(dataset) as file:
        return next(iter(file["stimuli"].values()))["spectrogram"].shape[0]


def one_growth(strffit, kind, adaptrans, dataset, units, n_seeds, epochs):
    run = strffit.train(kind, adaptrans, dataset, f"data.units=[0-{units - 1}]",
                        "fit.mode=independent", seeds(n_seeds), "fit.batch=1",
                        f"fit.max_epochs={epochs}", "fit.patience=1000000", *NO_OUTPUT)
    assert run["members"] == units * n_seeds, f"{run['members']} members were fitted"
    return {"ms": member_epoch_ms(run)}


def start_up(state, strffit, dataset, quick):
    count = 1 if quick else 7
    version = state.take("start-up of --version", count,
                         lambda: {"seconds": strffit.call("--version")[1]})
    if len(state.samples("start-up of eval")) < count:
        run = strffit.train("linear", False, dataset, "fit.solver=ridge")["folder"]
    evaluation = state.take("start-up of eval", count, lambda: {
        "seconds": strffit.call("eval", run, "--threads", strffit.threads)[1]})
    medians = {"strffit --version": statistics.median(sample["seconds"] for sample in version),
               "strffit eval, linear, population":
                   statistics.median(sample["seconds"] for sample in evaluation)}
    rows = [[command, number(seconds), 0.6, seconds < 0.6] for command, seconds in medians.items()]
    return {"title": "Start-up", "note": f"Whole process, median of {count}.",
            "header": ["command", "s", "asked, below", "reached"], "rows": rows,
            "loads": loads(*version, *evaluation)}


def memory(state, strffit, dataset, quick):
    rows, all_samples = [], []
    kinds = ("linear", "nrf") if quick else ("linear", "ln", "nrf", "dnet", "conv2d", "statenet")
    for kind in kinds:
        for adaptrans in (False, True):
            name = f"memory of {kind}, {'AdapTrans' if adaptrans else 'plain'}"
            sample = state.take(name, 1, lambda: one_memory(strffit, kind, adaptrans, dataset))[0]
            ratio = sample["plan_megabytes"] / sample["peak_megabytes"]
            rows.append([kind, "AdapTrans" if adaptrans else "none",
                         number(sample["plan_megabytes"]), number(sample["peak_megabytes"]),
                         f"{100 * (ratio - 1):+.0f} %", abs(ratio - 1) <= 0.25])
            all_samples.append(sample)
    return {"title": "Memory",
            "note": "What `--dry-run` expects of a run of one member per unit, one sound a step, "
                    "against the peak resident memory of that run (two epochs).",
            "header": ["model", "prefilter", "expected, MB", "peak, MB", "difference",
                       "within 25 %"],
            "rows": rows, "loads": loads(*all_samples)}


def one_memory(strffit, kind, adaptrans, dataset):
    settings = ("fit.mode=independent", "fit.batch=1", "fit.max_epochs=2")
    return {"plan_megabytes": strffit.plan(kind, adaptrans, dataset, *settings)["megabytes"],
            "peak_megabytes": strffit.train(kind, adaptrans, dataset, *settings)["peak_megabytes"]}


def products(state, quick):
    samples = state.take("products", 1 if quick else 3, lambda: json.loads(
        subprocess.run([PRODUCTS], text=True, capture_output=True, check=True).stdout))
    gemm = statistics.median(sample["gemm"] for sample in samples)
    rows = []
    for name, key in (("nrf, 4 members that share their input", "plain"),
                      ("nrf with AdapTrans, one member", "adaptrans")):
        rate = statistics.median(sample[key] for sample in samples)
        rows.append([name, number(rate / 1e9), number(gemm / 1e9), number(rate / gemm), 0.5,
                     rate / gemm >= 0.5])
    return {"title": "STRF products against the machine's own sgemm",
            "note": "Forward and backward pass of nrf's kernels (context 9, 34 bands, 20 hidden "
                    "units, 14 sounds of 999 frames) and a product of 1024 x 1024 matrices by the "
                    "same BLAS, both on one thread: `build/release/bench_products`.",
            "header": ["product", "GFLOP/s", "sgemm, GFLOP/s", "fraction", "asked", "reached"],
            "rows": rows, "loads": loads(*samples)}


def statenet_limit(state, strffit, dataset, quick):
    """Time per epoch, compared with a limit from the measured rates of the machine."""
    rates = state.samples("products")
    reading = statistics.median(sample["reading"] for sample in rates)
    gemm, packed = (statistics.median(sample[key] for sample in rates)
                    for key in ("gemm", "packed"))
    flops = max(gemm, packed)
    train, valid = frame_counts(dataset, "train"), frame_counts(dataset, "valid")
    # configs/statenet.yaml: 7 channels on 7 bands, 3 apart, and as many recurrent units as inputs.
    positions = (bands_of(dataset) - 7) // 3 + 1
    units = 7 * positions
    weights = 3 * units * units
    # Products with the input and its gradients by weights and input; local layer and its gradient.
    outside = 2 * (weights * (4 * sum(train) + sum(valid))
                   + 7 * units * (2 * sum(train) + sum(valid))) / flops
    rows, all_samples = [], []
    for batch in (1, "all"):
        together = 1 if batch == 1 else len(train)
        frame = max(4 * weights / reading / together, 2 * weights / flops)
        limit = 1e3 * (frame * (2 * sum(train) + sum(valid)) + outside)
        samples = state.take(f"statenet, one thread, batch {batch}", 1 if quick else 3, lambda: {
            "ms": member_epoch_ms(strffit.train(
                "statenet", False, dataset, "fit.mode=independent", f"fit.batch={batch}",
                f"fit.max_epochs={2 if quick else 4}", "fit.patience=1000000", *NO_OUTPUT,
                threads=1))})
        reached = statistics.median(sample["ms"] for sample in samples)
        rows.append([batch if batch == "all" else "1 sound", number(limit), number(reached),
                     number(reached / limit), 1.7, reached / limit <= 1.7])
        all_samples += samples
    return {"title": "StateNet against this machine's limit",
            "note": "ms an epoch and member, one thread, without a prefilter. The limit: every "
                    "frame reads the hidden weights once, forward and backward "
                    f"({number(reading / 1e9)} GB/s, measured by doing only that; once for all "
                    "sounds of a batch) or multiplies with them, whichever takes longer; and the "
                    "products outside the recursion, both at the better of the rates of sgemm "
                    f"({number(gemm / 1e9)} GFLOP/s) and of the layer's own products "
                    f"({number(packed / 1e9)}). Nonlinearities, norm, readout, optimiser and "
                    "scores are not in it.",
            "header": ["batch", "limit, ms", "strffit, ms", "multiple of the limit", "asked, at "
                       "most", "reached"],
            "rows": rows, "loads": loads(*all_samples)}


def memory_of_4000(state, strffit, scratch, quick):
    """Expected memory of three models, and measured for linear and ln; nrf takes too long."""
    units, sounds = (4, 10) if quick else (400, 100)
    dataset = strffit.simulate(scratch / f"memory-{units}.h5", units=units, bands=34,
                               stimuli=sounds, seconds=5, trials=2)
    # float32 in memory: spectrograms (34 bands) and responses (2 trials per unit).
    data_megabytes = sounds * 1000 * (34 + 2 * units) * 4 / 1e6
    limit = data_megabytes + 2 * 1024**3 / 1e6
    rows, all_samples = [], []
    for kind in ("linear", "ln", "nrf"):
        settings = ("fit.mode=independent", seeds(10), "fit.batch=1", "fit.max_epochs=1")
        sample = state.take(f"memory of {10 * units} members, {kind}", 1, lambda: {
            "megabytes": strffit.plan(kind, True, dataset, *settings)["megabytes"],
            "peak": strffit.train(kind, True, dataset, *settings)["peak_megabytes"]
                    if kind != "nrf" else None})[0]
        peak = sample["peak"]
        rows.append([kind, number(sample["megabytes"]), number(peak) if peak else "not run",
                     number(limit), (peak or sample["megabytes"]) <= limit])
        all_samples.append(sample)
    return {"title": f"Memory of {10 * units} members",
            "note": f"{sounds} simulated sounds of 1,000 frames, {units} units x 10 seeds, with "
                    "AdapTrans, as `--dry-run` expects it, and the peak of a run of one epoch.",
            "header": ["model", "expected, MB", "peak, MB", "data and 2 GiB, MB", "within"],
            "rows": rows, "loads": loads(*all_samples)}
