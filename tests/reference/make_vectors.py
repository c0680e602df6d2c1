"""Writes tests/vectors but for its sounds: `python3 make_vectors.py FOLDER`.

pieces.h5    A group per operation: `inputs/<name>`, `parameters/<name>`, `output`, `output_weight`,
             and `gradients/<name>`: those of sum(output * output_weight) with respect to inputs and
             parameters, without the targets of losses. Options are attributes (`kernel_frames` 0:
             infinite). No leading axis M. No gradients: `scales`, `smoothing_*` and
             `dcls_bilinear_on_grid_*`, `kept_units_*` (inputs/key (M), output (M, units)).
             `smoothing_*`: `output` (R, T), and `target` (T), its mean.
             `batch_norm_training_*`: stimuli of `lengths` frames joined along time, and
             `updated/<running statistic>`. `adamw`: M members; `inputs/gradient` (2 steps, M, ...),
             `parameters/p` (M, ...), `output` (2 steps, M, ...).
metrics.h5   A group per population: `responses/<key>` (N, R, T), `predictions/<key>` (N, T), `unit`
             (N): what each unit is there for, and `expected/<metric>` (N). Attributes `smooth_ms`
             and `dt_ms` where the metrics are those of smoothed trials.
summary.h5   A group per receptive field: `kernel` (F, L), `frequencies_hz` (F), attribute `dt_ms`,
             and `expected/<measure>`. A field whose values are off by 1e-6 of its largest has the
             same measures to 1e-4 (relative).
<case>/      dataset.h5, checkpoint.h5 and expected.h5 of one model: `/predictions/<key>` (M, N, T),
             `/strf/kernel` where the model has one, and for some `/strf/gradient` over all stimuli.
files/       How h5py stores what a reader must take (make_files.py).

NaN: missing or undefined. Inputs and parameters are float32 numbers, so that a program in single
precision starts from the same ones.
"""

import os
import pathlib
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cases import cases, write_case
from fields import write_summary
from make_files import write_files
from pieces import write_pieces
from populations import write_metrics


def write_vectors(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def rng(part):
        return np.random.default_rng([1, part])

    write_pieces(folder / "pieces.h5", rng(0))
    write_metrics(folder / "metrics.h5", rng(1))
    write_summary(folder / "summary.h5", rng(2))
    for i, (name, (model, M, mode, settings)) in enumerate(cases(rng(3)).items()):
        write_case(folder / name, rng(4 + i), model, M, mode, settings)
    write_files(folder / "files")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_vectors(sys.argv[1])
