"""files/: what h5py, a writer that is not ours, stores. The other two there are fuzzing finds."""

import h5py
import numpy as np


def start(path):
    h = h5py.File(path, "w")
    h.attrs["format"] = "strffit-dataset"
    h.attrs["version"] = 1
    return h


def types(path):
    """One dataset of each type that the reader takes; values show byte order and width."""
    h = start(path)
    numbers = np.array([[0, 1, 2], [3, 100, 127]])
    for (
        kind
    ) in "i1 u1 <i2 >i2 <u2 >u2 <i4 >i4 <u4 >u4 <i8 >i8 <u8 >u8 <f2 >f2 <f4 >f4 <f8 >f8".split():
        name = kind.replace("<", "little_").replace(">", "big_")
        h[f"numbers/{name}"] = numbers.astype(kind)
    h["numbers/long_double"] = numbers.astype(np.longdouble)
    h["negative"] = np.array([-1, -(2**40), 7], ">i8")
    h["largest"] = np.array([2**63 - 1], "<i8")
    h["too_large"] = np.array([2**63], "<u8")
    h["booleans"] = np.array([True, False, True])
    h["scalar"] = np.float32(2.5)
    h["empty"] = np.zeros((0, 3), np.float32)
    rows = np.arange(7 * 2 * 3).reshape(7, 2, 3)
    h["rows/plain"] = rows.astype(np.int32)
    h.create_dataset("rows/chunked", data=rows.astype(np.uint8), chunks=(2, 2, 2))
    h.create_dataset(
        "rows/compressed",
        data=rows.astype(">f4"),
        chunks=(3, 1, 3),
        compression="gzip",
        shuffle=True,
        fletcher32=True,
    )
    h.create_dataset(
        "rows/resizable", data=rows.astype(np.float64), chunks=(4, 2, 3), maxshape=(None, 2, 3)
    )
    filled = h.create_dataset(
        "rows/partly_nan",
        (7, 2, 3),
        np.float32,
        chunks=(1, 2, 3),
        compression="gzip",
        fillvalue=np.nan,
    )
    filled[2] = rows[2]
    words = ["A1", "Gehör", "耳", ""]
    h["text/variable"] = words
    h["text/fixed"] = np.array([w.encode() for w in words], "S9")
    h.create_dataset("text/scalar", data="one")
    table = h.create_dataset("text/table", (2, 2), h5py.string_dtype("utf-8"))
    table[:] = np.array(words, object).reshape(2, 2)
    padded = h5py.h5t.C_S1.copy()
    padded.set_size(4)
    padded.set_strpad(h5py.h5t.STR_SPACEPAD)
    space = h5py.h5s.create_simple((2,))
    h5py.h5d.create(h["text"].id, b"space_padded", padded, space).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"ab  ", b"c d "], "S4"), padded
    )
    h["link_inside"] = h5py.SoftLink("/rows/plain")
    a = h.create_group("attributes").attrs
    a["text"] = "Gehör"
    a["fixed_text"] = np.bytes_("ear")
    a["list_of_one"] = np.array([5])
    a["float"] = 0.1
    a["big_endian"] = np.array(258, ">i4")
    a["numbers"] = np.array([1.5, -2.0])
    a["texts"] = ["ON", "OFF"]
    h.close()


def odd_dataset(path):
    """A sound dataset whose every part is stored in another way than we would."""
    rng = np.random.default_rng(1)
    h = start(path)
    h.attrs["dt_ms"] = np.array([2], ">i2")
    h.attrs["name"] = np.bytes_("odd")
    h["frequencies_hz"] = np.array([200, 400, 1600], ">i4")
    h["units/id"] = np.array([b"u-3", b"0-1", b"u 7", b"x"], "S4")
    h["units/depth_um"] = np.array([100, 900, -5, 400], np.int16)
    h["units/noise_ratio"] = np.array([1.5, np.nan, 40.0, 39.5])
    h["units/area"] = ["A1", "AAF", "A1", "A2"]
    h["units/place_mm"] = np.arange(8.0).reshape(4, 2)
    h["units/good"] = np.array([True, True, False, True])
    h["truth/anything"] = [1]
    # responses[n, r, t] = 100 n + 10 r + t, so that every swapped axis shows
    count = lambda R, T: (
        100 * np.arange(4)[:, None, None] + 10 * np.arange(R)[:, None] + np.arange(T)
    )
    b = h.create_group("stimuli/b")
    b.attrs.update({"split": "train", "category": "speech", "name": "second"})
    b["spectrogram"] = 10.0 * np.arange(3)[:, None] + np.arange(6)
    missing = count(2, 6).astype(float)
    missing[1] = missing[2, 1] = missing[3, :, 4] = np.nan
    b.create_dataset("responses", data=missing, chunks=(1, 2, 6), compression="gzip", shuffle=True)
    a = h.create_group("stimuli/a")
    a.attrs["split"] = np.bytes_("valid")
    a.create_dataset(
        "spectrogram",
        data=np.arange(15).reshape(3, 5).astype(">f4") / 4,
        chunks=(2, 2),
        maxshape=(3, None),
    )
    a["responses"] = count(3, 5).astype(">u2")
    c = h.create_group("stimuli/c10")
    c["spectrogram"] = rng.standard_normal((3, 1)).astype(np.float32)
    c["responses"] = count(1, 1).astype(np.int8, casting="unsafe") * 0
    d = h.create_group("stimuli/c9")
    d.attrs["split"] = "test"
    d["spectrogram"] = 10.0 * np.arange(3)[:, None] + np.arange(6)  # that of b: a leak
    d["responses"] = count(1, 6)
    h.close()


def write_files(folder):
    folder.mkdir(exist_ok=True)
    types(folder / "types.h5")
    odd_dataset(folder / "odd_dataset.h5")
