"""Results of a run as xarray (docs/formats.md)."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

import h5py
import numpy as np
import xarray as xr


@dataclasses.dataclass(frozen=True)
class Results:
    """What a run wrote into ``results.h5``.

    Every member is one fitted model: of one unit (``unit`` of its coordinates), or of all units.
    """

    #: Variables are metrics, (split, member, unit). Of members that predict one unit each, the axis
    #: unit is left out and each member has its coordinate ``unit``.
    scores: xr.Dataset
    #: (member, kernel, channel, frequency_hz, lag_ms); None where the model has no kernels.
    strfs: xr.DataArray | None
    #: Gradient receptive fields, (member, unit, frequency_hz, lag_ms); None where none were asked for.
    gradient_strfs: xr.DataArray | None
    #: By key of the stimulus, (member, unit, time_ms) or (member, time_ms).
    predictions: dict[str, xr.DataArray]
    #: Variables train_loss, valid_loss, ... (epoch, member).
    history: xr.Dataset
    #: Ids and further facts, (unit).
    units: xr.Dataset
    #: Versions, command line, host, ...
    attrs: dict[str, Any]


def _text(value: Any) -> Any:
    """Texts of HDF5 as str."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.dtype.kind in "OS":
        return np.array([_text(one) for one in value.ravel()], dtype=object).reshape(value.shape)
    if isinstance(value, np.generic):
        return value.item()
    return value


def _read(item: Any) -> Any:
    return _text(item[()])


def _data_of(file: Any, path: str, axes: int | None = None) -> dict[str, Any]:
    """The arrays of a group without dimension scales; of a group that is not there, none."""
    return {
        name: item
        for name, item in (file[path].items() if path in file else ())
        if isinstance(item, h5py.Dataset)
        and axes in (None, item.ndim)
        and _text(item.attrs.get("CLASS", "")) != "DIMENSION_SCALE"
    }


def _file_of(run: pathlib.Path) -> pathlib.Path:
    if not run.is_dir():
        return run
    for name in ("results.h5", "study.h5"):
        if (run / name).is_file():
            return run / name
    raise FileNotFoundError(f"{run} holds no results.h5: is the run finished, are its shards merged?")


def open_results(run: str | os.PathLike[str]) -> Results:
    """Reads the results of a run: its folder, or a file that strffit wrote.

    :raises FileNotFoundError: where there are none.
    :raises ValueError: where the file is something else.
    """
    path = _file_of(pathlib.Path(run))
    with h5py.File(path) as file:
        found = _text(file.attrs.get("format", ""))
        if found != "strffit-results":
            raise ValueError(f"{path}: expected strffit-results; found {found or 'another HDF5 file'}")
        if file.attrs.get("version", 1) > 1:
            raise ValueError(f"{path}: version {file.attrs['version']} is newer than this package")
        return _read_results(file)


def _read_results(file: Any) -> Results:
    unit_ids = _read(file["units/id"])
    columns = {
        name: (("unit", *(f"{name}_{i}" for i in range(1, item.ndim))), _read(item))
        for name, item in _data_of(file, "units").items()
        if name != "id"
    }
    units = xr.Dataset(columns, coords={"unit": unit_ids})

    members: dict[str, Any] = {}
    of = None
    for name, item in _data_of(file, "members").items():
        values = _read(item)
        if name == "unit":
            of = values
        else:
            members[name] = ("member", values)
    independent = of is not None and (np.asarray(of) >= 0).all()
    if independent:
        members["unit"] = ("member", unit_ids[np.asarray(of, int)])

    # Of independent members an axis of one unit is left out.
    def along(values: np.ndarray[Any, Any]) -> tuple[tuple[str, ...], np.ndarray[Any, Any]]:
        if independent:
            return ("member",), values[:, 0]
        return ("member", "unit"), values

    coords: dict[str, Any] = dict(members)
    if not independent:
        coords["unit"] = unit_ids

    scores: dict[str, Any] = {}
    splits = list(file["metrics"]) if "metrics" in file else []
    if splits and all(isinstance(file["metrics"][s], h5py.Group) for s in splits):
        found = {s: _data_of(file, f"metrics/{s}", axes=2) for s in splits}
        for name in sorted({name for group in found.values() for name in group}):
            parts: list[np.ndarray[Any, Any]] = []
            dims: tuple[str, ...] = ()
            shape = next(group[name].shape for group in found.values() if name in group)
            for group in found.values():
                dims, values = along(group[name][()] if name in group else np.full(shape, np.nan))
                parts.append(values)
            scores[name] = (("split", *dims), np.stack(parts))
        score_set = xr.Dataset(scores, coords={"split": splits, **coords})
    else:
        score_set = xr.Dataset(coords=coords)

    def field(name: str, dims: tuple[str, ...]) -> xr.DataArray | None:
        if f"strf/{name}" not in file:
            return None
        item = file[f"strf/{name}"]
        places: dict[str, Any] = {
            "lag_ms": np.atleast_1d(item.attrs["lag_ms"]),
            "frequency_hz": np.atleast_1d(item.attrs["frequency_hz"]),
        }
        if "channel" in dims and "channel" in item.attrs:
            places["channel"] = np.atleast_1d(_text(item.attrs["channel"]))
        if "unit" in dims and not independent:
            places["unit"] = unit_ids
        values = item[()]
        if "unit" in dims and independent:
            values, dims = values[:, 0], tuple(d for d in dims if d != "unit")
        return xr.DataArray(values, dims=dims, coords={**members, **places}, name=name)

    dt_ms = _text(file.attrs.get("dt_ms", np.nan))
    predictions: dict[str, xr.DataArray] = {}
    for key, item in _data_of(file, "predictions", axes=3).items():
        axes, values = along(item[()])
        time = {} if not np.isfinite(dt_ms) else {"time_ms": np.arange(values.shape[-1]) * dt_ms}
        predictions[key] = xr.DataArray(
            values, dims=(*axes, "time_ms"), coords={**coords, **time}, name="prediction"
        )

    history: dict[str, Any] = {}
    count = 0 if of is None else len(of)
    for name, item in _data_of(file, "history").items():
        values = item[()]
        if values.ndim == 2 and values.shape[1] == count:
            history[name] = (("epoch", "member"), values)
        else:  # seconds: of all members together
            history[name] = (("epoch",), values.reshape(values.shape[0]))
    epochs = max((len(v[1]) for v in history.values()), default=0)
    return Results(
        scores=score_set,
        strfs=field("kernel", ("member", "kernel", "channel", "frequency_hz", "lag_ms")),
        gradient_strfs=field("gradient", ("member", "unit", "frequency_hz", "lag_ms")),
        predictions=predictions,
        history=xr.Dataset(history, coords={"epoch": np.arange(1, epochs + 1), **members}),
        units=units,
        attrs={name: _text(value) for name, value in file.attrs.items()},
    )
