"""Runs one of MATLAB's HDF5 functions for scripts/matlab_hdf5.m: operation, file, path, ...

Numbers are exchanged in a file of doubles in MATLAB's order, first axis fastest; text in lines.
"""
import sys

import h5py
import numpy as np

TYPES = {"double": "f8", "single": "f4"}


def create(file, path, kind, sizes):
    shape = tuple(int(size) for size in reversed(sizes.split()))
    kind = h5py.string_dtype() if kind == "string" else TYPES.get(kind, kind)
    file.create_dataset(path, shape, kind)


def write(file, path, name, sizes):
    item = file[path]
    if h5py.check_string_dtype(item.dtype):
        item[:] = open(name, encoding="utf-8").read().splitlines()
        return
    sizes = [int(size) for size in sizes.split()]
    if np.prod(sizes) != item.size:
        raise SystemExit(f"{path}: {sizes} does not fit {item.shape}")
    item[...] = np.fromfile(name).reshape(item.shape)


def put_value(value, name):
    value = np.asarray(value)
    if value.dtype.kind in "OSU":
        texts = [text.decode() if isinstance(text, bytes) else text for text in value.ravel()]
        open(name, "w", encoding="utf-8").writelines(text + "\n" for text in texts)
        print("text")
        return
    value.astype("f8").tofile(name)
    kinds = {"f8": "double", "f4": "single"}
    print(kinds.get(value.dtype.str[1:], value.dtype.name), *reversed(value.shape))


def main(operation, path_of_file, path, *rest):
    with h5py.File(path_of_file, "r" if operation in ("read", "attribute", "groups") else "a") as file:
        if operation == "create":
            create(file, path, *rest)
        elif operation == "write":
            write(file, path, *rest)
        elif operation == "read":
            put_value(file[path][()], rest[0])
        elif operation == "attribute":
            put_value(file[path].attrs[rest[0]], rest[1])
        elif operation == "groups":
            print(*(item.name for item in file[path].values() if isinstance(item, h5py.Group)), sep="\n")
        elif operation == "set_text":
            file[path].attrs[rest[0]] = np.bytes_(rest[1])
        elif operation == "set_number":
            file[path].attrs[rest[0]] = float(rest[1])


main(*sys.argv[1:])
