"""strffit fits models of auditory neurons to recorded responses.

>>> import strffit
>>> strffit.write_dataset("data.h5", spectrograms, responses, dt_ms=5, frequencies_hz=bands)
>>> config = strffit.run(["init", "ln"])                  # a commented configuration
>>> strffit.run(["train", "fit.yaml", "data.file=data.h5", "--out", "runs/ln"])
>>> results = strffit.open_results("runs/ln")
>>> results.scores["cc_norm"].sel(split="test").median()
"""

from ._dataset import write_dataset
from ._program import (
    ConfigError,
    DataError,
    RunError,
    Stopped,
    StrffitError,
    program,
    run,
)
from ._results import Results, open_results

__all__ = [
    "ConfigError",
    "DataError",
    "Results",
    "RunError",
    "Stopped",
    "StrffitError",
    "open_results",
    "program",
    "run",
    "write_dataset",
]
