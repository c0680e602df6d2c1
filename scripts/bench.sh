#!/usr/bin/env bash
# Times deepSTRF and strffit in turn on one dataset, and writes the figures into docs/benchmarks.md.
# Installs deepSTRF and PyTorch (5 GB) under build/bench, builds the release, then hands over to
# scripts/bench/bench.py: ./scripts/bench.sh --help. Run it on a quiet machine.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."

python=build/bench/venv/bin/python
# Of what deepSTRF 0.1.0 asks for, only what its models import: the rest reads recordings, draws and
# uploads. Its torchaudio is stubbed (scripts/bench/deepstrf_epoch.py).
packages=(torch h5py numpy scipy matplotlib mambapy)
stamp=build/bench/venv/installed
if [[ $(cat "$stamp" 2>/dev/null) != "deepSTRF==0.1.0 ${packages[*]}" ]]; then
  echo "bench: installing deepSTRF and PyTorch under build/bench (once, 5 GB)" >&2
  python3 -m venv build/bench/venv
  "$python" -m pip install --quiet --disable-pip-version-check --no-compile "${packages[@]}" >&2
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps deepSTRF==0.1.0 >&2
  echo "deepSTRF==0.1.0 ${packages[*]}" >"$stamp"
fi

# Somebody who names a program of their own need not build one.
if [[ " $* " != *" --strffit"* && " $* " != *" --help "* && " $* " != *" -h "* ]]; then
  scripts/setup.sh
  cmake --preset release --log-level=WARNING >/dev/null
  cmake --build --preset release --target strffit bench_products >&2
fi
exec "$python" scripts/bench/bench.py --from "$caller" "$@"
