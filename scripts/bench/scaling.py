"""Measures fits of thousands of simulated units in shards, and a small run for comparison.

    python3 scripts/bench/scaling.py        (after ./scripts/setup.sh and a release build)

Runs some shards at a time with one thread each, like a cluster. Needs Python's standard library
only. Writes to docs/scaling.md.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import sys
import time

import report
from process import measured, version_and_day


def parse():
    parser = argparse.ArgumentParser(prog="scaling.py", description=__doc__.splitlines()[0])
    parser.add_argument("--strffit", default="build/release/strffit", type=pathlib.Path)
    parser.add_argument("--kind", default="ln", help="linear or ln (default ln)")
    parser.add_argument("--units", type=int, default=4000)
    parser.add_argument("--few", type=int, default=40, help="units of the small run (default 40)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=2, help="shards at a time (default 2)")
    parser.add_argument("--epochs", type=int, default=60, help="of every member (default 60)")
    parser.add_argument("--folder", default="build/bench/scaling", type=pathlib.Path)
    return parser.parse_args()


def megabytes(*paths):
    return sum(path.stat().st_size for path in paths) / 1e6


def study(options, units, shards):
    """Simulates, plans, fits in shards and merges; returns the cost of each step."""
    data = options.folder / f"{units}.h5"
    run = options.folder / f"run-{units}"
    shutil.rmtree(run, ignore_errors=True)
    print(f"scaling: {units} units in {shards} shard(s)", file=sys.stderr)
    measured(options.strffit, "simulate", "--out", data, "--units", units, "--stimuli", 20,
             "--seconds", 2, "--trials", 3, "--overwrite")
    settings = ["train", f"configs/{options.kind}.yaml", f"data.file={data}",
                "fit.mode=independent", f"fit.seeds={list(range(options.seeds))}",
                f"fit.max_epochs={options.epochs}", f"fit.patience={options.epochs}",
                "model.context=15", "--out", run, "--device", "cpu", "--threads", 1,
                "--json"]
    plan = json.loads(measured(options.strffit, *settings, "--dry-run")["output"])
    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        fits = list(pool.map(
            lambda i: measured(options.strffit, *settings, "--shard", f"{i}/{shards}"),
            range(1, shards + 1)))
    wall = time.perf_counter() - begun
    merged = measured(options.strffit, "merge", run, "--json")
    members = json.loads(merged["output"])["members"]
    assert members == units * options.seeds, f"{members} members were fitted"
    parts = sorted((run / "shards").iterdir())
    return {"members": members, "wall": wall, "merge": merged,
            "plan": plan, "fits": fits, "settings": settings,
            "processor_ms": 1e3 * sum(fit["processor"] for fit in fits) / members,
            "training_ms": 1e3 / members * sum(json.loads(fit["output"])["seconds"]
                                               for fit in fits),
            "sizes": {"dataset": megabytes(data),
                      "all shards, results.h5": megabytes(*(p / "results.h5" for p in parts)),
                      "all shards, checkpoint.h5": megabytes(*(p / "checkpoint.h5" for p in parts)),
                      "all shards, last.h5": megabytes(*(p / "last.h5" for p in parts)),
                      "merged results.h5": megabytes(run / "results.h5"),
                      "merged checkpoint.h5": megabytes(run / "checkpoint.h5")}}


def main():
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    few = study(options, options.few, 1)
    many = study(options, options.units, options.shards)
    peak = max(fit["megabytes"] for fit in many["fits"])
    number = report.number
    command = " ".join(map(str, many["settings"])).replace(str(options.folder) + "/", "")
    version, day = version_and_day(options.strffit)
    text = "\n\n".join([
        f"{options.kind}, {options.seeds} seeds, {options.epochs} epochs of every member, "
        f"20 simulated sounds of 400 frames and 32 bands, 3 trials; "
        f"{version}; {os.cpu_count()} cores; {day}. Command of a shard: "
        f"`strffit {command} --shard I/{options.shards}`.",
        report.table(
            ["", f"{options.few} units, one shard",
             f"{options.units} units, {options.shards} shards, {options.at_once} at a time"],
            [["members", few["members"], many["members"]],
             ["all shards, s", number(few["wall"]), number(many["wall"])],
             ["merge, s", number(few["merge"]["wall"]), number(many["merge"]["wall"])],
             ["a shard, s", number(few["fits"][0]["wall"]),
              f"{number(min(f['wall'] for f in many['fits']))} to "
              f"{number(max(f['wall'] for f in many['fits']))}"],
             ["processor time a member, ms", number(few["processor_ms"]),
              number(many["processor_ms"])],
             ["of that without start-up of the process, ms", number(few["training_ms"]),
              number(many["training_ms"])],
             ["most memory of a shard, MB", number(few["fits"][0]["megabytes"]), number(peak)],
             ["memory foretold for the run in one piece (`--dry-run`), MB",
              number(few["plan"]["megabytes"]), number(many["plan"]["megabytes"])],
             ["most memory of the merge, MB", number(few["merge"]["megabytes"]),
              number(many["merge"]["megabytes"])],
             *([f"{name}, MB", number(few["sizes"][name]), number(many["sizes"][name])]
               for name in many["sizes"])])])
    print(text)
    report.write(pathlib.Path("docs/scaling.md"), {"scaling": text})


if __name__ == "__main__":
    main()
