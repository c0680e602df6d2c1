"""Fits every kind of model to one dataset as a population and writes a table of test scores.

    python3 scripts/bench/accuracy.py DATASET        (after ./scripts/setup.sh and a release build)

Each cell is one `strffit train` with the unchanged configuration of its kind; the commands are
listed below the table. Needs Python's standard library only. Writes to docs/benchmarks.md.
"""
import argparse
import json
import pathlib
import platform
import sys

import report
from process import measured, version_and_day

KINDS = ("linear", "ln", "nrf", "dnet", "conv2d", "statenet")
WITH_KERNELS = ("linear", "ln", "nrf", "dnet")
PREFILTERS = ("none", "adaptrans")
# Mean test cc_norm of deepSTRF 0.1.0 on ns1_even.h5, measured once: AdamW, weight decay 1e-4, one
# sound per step, at most 150 epochs, best validation epoch, best validated learning rate of several.
DEEPSTRF = {("linear", "none"): 0.407, ("ln", "none"): 0.413, ("nrf", "none"): 0.492,
            ("dnet", "none"): 0.597, ("conv2d", "none"): 0.706, ("statenet", "none"): 0.772,
            ("linear", "adaptrans"): 0.627, ("ln", "adaptrans"): 0.438,
            ("nrf", "adaptrans"): 0.663, ("dnet", "adaptrans"): 0.718,
            ("conv2d", "adaptrans"): 0.756, ("statenet", "adaptrans"): 0.785}


def parse():
    parser = argparse.ArgumentParser(prog="accuracy.py", description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=pathlib.Path)
    parser.add_argument("--strffit", default="build/release/strffit", type=pathlib.Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--threads", type=int, default=1, help="default 1")
    return parser.parse_args()


def call(options, *arguments):
    run = measured(options.strffit, *arguments)
    return json.loads(run["output"]), run["wall"]


def cell(options, kind, prefilter, *settings):
    arguments = ["train", f"configs/{kind}.yaml", f"data.file={options.dataset}",
                 f"model.prefilter.kind={prefilter}", *settings, "--json"]
    plan, _ = call(options, *arguments, "--dry-run")
    run, seconds = call(options, *arguments, "--overwrite", "--out", "build/bench/accuracy",
                        "--device", "cpu", "--threads", str(options.threads))
    scores = {split: run["scores"][split]["mean_cc_norm"] for split in ("valid", "test")}
    found = {"kind": kind, "prefilter": prefilter, "seconds": seconds, "epochs": run["epochs"],
             "parameters": plan["parameters_per_member"], **scores,
             "command": " ".join(["strffit", *arguments[:-1]]).replace(str(options.dataset),
                                                                        options.dataset.name)}
    print(f"{kind} {prefilter} {' '.join(settings)}: valid {scores['valid']:.3f}, test "
          f"{scores['test']:.3f}, {seconds:.0f} s", file=sys.stderr)
    return found


def main():
    options = parse()
    known = options.dataset.name == "ns1_even.h5"
    rows, commands, gains = [], [], []
    for kind in options.kinds.split(","):
        for prefilter in PREFILTERS:
            full = cell(options, kind, prefilter)
            dcls = (cell(options, kind, prefilter, "model.kernel.kind=dcls")
                    if kind in WITH_KERNELS else None)
            theirs = DEEPSTRF[kind, prefilter] if known else None
            if known:
                gains.append(full["test"] - theirs)
            rows.append([kind, "AdapTrans" if prefilter == "adaptrans" else "none",
                         theirs or "", f"{full['test']:.3f}",
                         f"{full['test'] - theirs:+.3f}" if known else "", f"{full['valid']:.3f}",
                         full["epochs"], report.number(full["seconds"]), full["parameters"],
                         f"{dcls['test']:.3f}" if dcls else ""])
            commands += [full["command"]] + ([dcls["command"]] if dcls else [])
    version, day = version_and_day(options.strffit)
    text = "\n\n".join([
        f"Dataset {options.dataset.name}, mean cc_norm over units, population models of context 9 "
        f"and 20 hidden units, seed 0; {options.threads} thread(s), whole process; "
        f"{version}; {platform.machine()}; {day}.",
        report.table(["model", "prefilter", "deepSTRF, test", "strffit, test", "gain",
                      "strffit, valid", "epochs", "s", "parameters", "DCLS kernel, test"], rows),
        *([f"Mean gain over {len(gains)} cells: {sum(gains) / len(gains):+.3f}."] if gains else []),
        "Commands:\n\n```\n" + "\n".join(commands) + "\n```"])
    print(text)
    report.write(pathlib.Path("docs/benchmarks.md"), {"accuracy": text})


if __name__ == "__main__":
    main()
