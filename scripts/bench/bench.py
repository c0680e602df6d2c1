"""Times deepSTRF and strffit alternately on one dataset; called by scripts/bench.sh.

Every sample is saved at once, so that an interrupted benchmark can continue.
"""
import argparse
import hashlib
import importlib.metadata
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

import check
import report
import study
from programs import PUBLISHED, DeepStrf, Strffit

LIGHT, HEAVY = ("linear", "ln", "nrf", "dnet"), ("conv2d", "statenet")
FOLDER = pathlib.Path("build/bench")


class State:
    """Samples taken so far, in a file. Renames a file of another program or dataset."""

    def __init__(self, path, key, fresh):
        self.path, self.data = path, {"key": key, "samples": {}}
        if path.exists() and not fresh:
            saved = json.loads(path.read_text())
            if saved["key"] == key:
                self.data = saved
            else:
                path.rename(path.with_suffix(".previous.json"))
                print(f"bench: program, dataset or machine changed: starting anew, earlier samples "
                      f"in {path.with_suffix('.previous.json')}", file=sys.stderr)

    def samples(self, name):
        return self.data["samples"].get(name, [])

    def add(self, name, sample):
        self.data["samples"].setdefault(name, []).append(sample)
        # Written to a temporary file and renamed: a kill leaves the old or the new file.
        beside = self.path.with_suffix(".tmp")
        beside.write_text(json.dumps(self.data, indent=1))
        beside.rename(self.path)

    def take(self, name, count, measure):
        """Calls measure until there are count samples; returns all."""
        while len(self.samples(name)) < count:
            print(f"bench: {name}, {len(self.samples(name)) + 1} of {count}", file=sys.stderr)
            self.add(name, measure() | {"load": os.getloadavg()[0]})
        return self.samples(name)


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def commit(options):
    if options.given_program:
        return "not known: a program given by --strffit"
    described = subprocess.run(["git", "describe", "--always", "--dirty"], text=True,
                               capture_output=True)
    return f"commit {described.stdout.strip() or 'not known'}"


def cell_name(kind, adaptrans, batch):
    return f"{kind}, {'AdapTrans' if adaptrans else 'plain'}, batch {batch}"


def time_cell(deepstrf, strffit, dataset, kind, adaptrans, batch, epochs):
    """One run of each program; the first epoch of both is a warm-up and does not count."""
    theirs = deepstrf.ask(job="epochs", kind=kind, adaptrans=adaptrans, batch=batch, epochs=epochs)
    same = ("fit.mode=independent", *PUBLISHED.get(kind, ()))

    def train(model):
        return strffit.train(kind, adaptrans, dataset, "fit.mode=independent", *model,
                             f"fit.batch={batch}", f"fit.max_epochs={1 + epochs}",
                             "fit.patience=1000000", *study.NO_OUTPUT)

    ours = train(PUBLISHED.get(kind, ()))
    plan = strffit.plan(kind, adaptrans, dataset, *same)
    return {"deepstrf_ms": 1e3 * statistics.median(theirs["seconds"]),
            "strffit_ms": study.member_epoch_ms(ours),
            # The recommended configuration, if it differs from the published model.
            "configured_ms": study.member_epoch_ms(train(())) if kind in PUBLISHED else None,
            "deepstrf_parameters": theirs["parameters"],
            "strffit_parameters": plan["parameters_per_member"],
            "members": ours["members"], "command": ours["command"]}


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description=__doc__)
    parser.add_argument("dataset", nargs="?", help="every sound needs a split, and all the same "
                        "length (default: a simulated dataset)")
    parser.add_argument("--repetitions", type=int, default=3, help="of every measurement of "
                        "an epoch (default 3)")
    parser.add_argument("--kinds", default=",".join(LIGHT + HEAVY))
    parser.add_argument("--threads", type=int, default=2, help="of both programs (default 2)")
    parser.add_argument("--quick", action="store_true", help="one short repetition, to try the "
                        "benchmark itself; writes build/bench/quick.md, no documentation")
    parser.add_argument("--study", action="store_true", help="also whole studies, time to "
                        "accuracy, growth, statenet's limit, start-up and memory "
                        "(together some 20 minutes)")
    parser.add_argument("--gpu", action="store_true", help="only a study of both programs on this "
                        "machine's GPU (default: 73 simulated units x 10 seeds); "
                        "needs a strffit built with CUDA (docs/gpu.md)")
    parser.add_argument("--check", action="store_true", help="compare the factors with those in "
                        "docs/benchmarks.md, without changing it, and name those that fell by "
                        "more than noise: exit code 1; 2 if nothing could be compared")
    parser.add_argument("--fresh", action="store_true", help="discard earlier samples")
    parser.add_argument("--strffit", help="program (default: build/release/strffit, built)")
    parser.add_argument("--from", dest="caller", default=".", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.kinds = options.kinds.split(",")
    if unknown := set(options.kinds) - set(LIGHT + HEAVY):
        parser.error(f"no such kind: {', '.join(unknown)}; known: {', '.join(LIGHT + HEAVY)}")
    if options.check and options.quick:
        parser.error("--check needs a full measurement, not --quick")
    if options.repetitions < 1 or options.threads < 1:
        parser.error("--repetitions and --threads must be at least 1")
    caller = pathlib.Path(options.caller)
    options.dataset = caller / options.dataset if options.dataset else None
    options.given_program = options.strffit is not None
    options.strffit = (caller / options.strffit if options.given_program
                       else pathlib.Path("build/release/strffit").resolve())
    for path in (options.dataset, options.strffit):
        if path and not path.is_file():
            parser.error(f"{path}: no such file")
    return options


def on_cpu(options, state, deepstrf, strffit, dataset, scratch, facts):
    """The sections of the page, by name."""
    repetitions = 1 if options.quick else options.repetitions
    # Each repetition covers all cells, so that a slow minute of the machine affects all alike.
    for repetition, kind, adaptrans, batch in itertools.product(
            range(repetitions), options.kinds, (False, True), ("all", 1)):
        epochs = 1 if options.quick else 2 if kind in HEAVY else 5
        state.take(cell_name(kind, adaptrans, batch), repetition + 1, lambda: time_cell(
            deepstrf, strffit, dataset, kind, adaptrans, batch, epochs))
    sections = {"epochs": report.epochs_section(state, options.kinds, cell_name, facts)}
    if options.study:
        tables = study.measure(state, deepstrf, strffit, dataset, facts["dataset"], scratch,
                               options.quick)
        sections["study"] = report.study_section(tables, facts)
    return sections


def main():
    options = parse()
    scratch = FOLDER / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    device = "cuda" if options.gpu else "cpu"
    strffit = Strffit(options.strffit, scratch, options.threads, device)
    if options.gpu and "CUDA none" in strffit.call("--version")[0]:
        sys.exit("bench: this strffit was built without CUDA, or finds no GPU: docs/gpu.md says how "
                 "to build one (Torch_ROOT names its LibTorch)")
    units = 73 if options.gpu else 37
    dataset = options.dataset or strffit.simulate(scratch / f"simulated-{units}.h5", units=units,
                                                  bands=34, stimuli=20, seconds=5)
    if (load := os.getloadavg()[0]) > 0.5:
        print(f"bench: warning: the machine is busy (load {load:.1f}): nothing will be judged",
              file=sys.stderr)
    deepstrf = DeepStrf(dataset, options.threads, device)
    key = {"dataset": sha256(dataset), "strffit": sha256(options.strffit), "torch": deepstrf.torch,
           "deepstrf": importlib.metadata.version("deepSTRF"), "threads": options.threads,
           "processor": processor(), "cores": os.cpu_count(), "quick": options.quick,
           "device": deepstrf.device}
    name = ("gpu-" if options.gpu else "") + ("quick" if options.quick else "samples")
    state = State(FOLDER / f"{name}.json", key, options.fresh)
    facts = key | {"version": strffit.call("--version")[0].strip(), "dataset_name": dataset.name,
                   "python": platform.python_version(), "commit": commit(options),
                   "system": platform.freedesktop_os_release()["PRETTY_NAME"]}

    if options.gpu:
        tables = study.on_gpu(state, deepstrf, strffit, dataset, options.quick)
        sections = {"gpu": report.study_section(tables, facts, f"On a GPU: {deepstrf.device}")}
    else:
        sections = on_cpu(options, state, deepstrf, strffit, dataset, scratch, facts)
    deepstrf.close()
    print("\n\n".join(sections.values()))
    if options.check:
        page = pathlib.Path("docs/benchmarks.md").read_text(encoding="utf-8")
        lines, code = check.verdict(page, sections, facts)
        print("\n".join(lines))
        sys.exit(code)
    path = FOLDER / f"{name}.md" if options.quick else pathlib.Path("docs/benchmarks.md")
    report.write(path, sections)
    print(f"bench: written to {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
