"""Runs and measures the two programs to compare."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import h5py
import numpy as np

from process import measured

CONTEXT, HIDDEN = 9, 20
# Settings that turn a configuration of configs/ into the published model, as in deepSTRF.
PUBLISHED = {"nrf": ("model.norm=batch",),
             "conv2d": ("model.norm=batch", "model.activation=leaky_relu",
                        "model.output=parametric_sigmoid"),
             "dnet": ("model.norm=batch", "model.output=parametric_sigmoid")}


class DeepStrf:
    """A process of deepSTRF that answers jobs (deepstrf_epoch.py)."""

    def __init__(self, dataset, threads, device):
        script = pathlib.Path(__file__).with_name("deepstrf_epoch.py")
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(dataset), f"--threads={threads}",
             f"--context={CONTEXT}", f"--hidden={HIDDEN}", f"--device={device}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(threads)})
        ready = self._answer()
        self.torch, self.device = ready["torch"], ready["device"]
        self.start_seconds = time.perf_counter() - start

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("bench: deepSTRF ended early; its message is above")
        return json.loads(line)

    def ask(self, **job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Strffit:
    """The program, with its runs in a scratch folder."""

    def __init__(self, program, scratch, threads, device):
        self.program, self.scratch = str(program), scratch
        self.threads, self.device = threads, device

    def call(self, *arguments):
        """(standard output, seconds from start to end, peak resident memory in MB)."""
        run = measured(self.program, *arguments)
        return run["output"], run["wall"], run["megabytes"]

    def train_arguments(self, kind, adaptrans, dataset, *settings, threads=None):
        # deepSTRF's conv2d and statenet have neither option; their sizes are strffit's defaults
        # (see the table of parameters).
        sizes = {"conv2d": (), "statenet": (), "linear": (f"model.context={CONTEXT}",),
                 "ln": (f"model.context={CONTEXT}",)}
        sizes = sizes.get(kind, (f"model.context={CONTEXT}", f"model.hidden={HIDDEN}"))
        return ["train", f"configs/{kind}.yaml", f"data.file={dataset}", *sizes,
                f"model.prefilter.kind={'adaptrans' if adaptrans else 'none'}", *settings,
                "--device", self.device, "--threads", threads or self.threads]

    def train(self, *arguments, **options):
        """A whole run: wall time, peak memory, values of results.h5, and the command."""
        folder = self.scratch / "run"
        shutil.rmtree(folder, ignore_errors=True)
        command = [*self.train_arguments(*arguments, **options), "--out", folder]
        _, wall, peak = self.call(*command)
        with h5py.File(folder / "results.h5") as results:
            scores = results["metrics/test/cc_norm"][()] if "metrics/test" in results else [np.nan]
            return {"wall": wall, "peak_megabytes": peak, "folder": str(folder),
                    "epoch_seconds": results["history/seconds"][()].tolist(),
                    "members": results["history/train_loss"].shape[1],
                    "test_cc_norm": float(np.nanmean(scores)),
                    # As a user would call it, with the dataset in the current folder.
                    "command": " ".join(["strffit", *map(str, command)]).replace(
                        str(arguments[2]), arguments[2].name)}

    def plan(self, *arguments, **options):
        """The plan of --dry-run."""
        command = [*self.train_arguments(*arguments, **options), "--dry-run", "--json"]
        return json.loads(self.call(*command)[0])

    def simulate(self, path, **options):
        """A simulated dataset; an existing file is assumed to have these options."""
        if not path.exists():
            flags = [part for name, value in options.items() for part in (f"--{name}", value)]
            self.call("simulate", "--out", path, *flags)
        return path
