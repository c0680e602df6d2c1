#!/usr/bin/env bash
# Times deepSTRF and strffit alternately on one dataset and writes the results to docs/benchmarks.md.
# Installs deepSTRF and PyTorch (5 GB) under build/bench, builds the release and calls
# scripts/bench/bench.py: ./scripts/bench.sh --help. Run it on a quiet machine.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."

python=build/bench/venv/bin/python
# Only the requirements of deepSTRF 0.1.0 that its models import: the others read recordings, draw
# and upload. torchaudio is replaced by a stub (scripts/bench/deepstrf_epoch.py).
packages=(torch h5py numpy scipy matplotlib mambapy)
stamp=build/bench/venv/installed
if [[ $(cat "$stamp" 2>/dev/null) != "deepSTRF==0.1.0 ${packages[*]}" ]]; then
  echo "bench: installing deepSTRF and PyTorch under build/bench (once, 5 GB)" >&2
  python3 -m venv build/bench/venv
  "$python" -m pip install --quiet --disable-pip-version-check --no-compile "${packages[@]}" >&2
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps deepSTRF==0.1.0 >&2
  echo "deepSTRF==0.1.0 ${packages[*]}" >"$stamp"
fi

# A program given by --strffit needs no build.
if [[ " $* " != *" --strffit"* && " $* " != *" --help "* && " $* " != *" -h "* ]]; then
  scripts/setup.sh
  cmake --preset release --log-level=WARNING >/dev/null
  cmake --build --preset release --target strffit bench_products >&2
fi
exec "$python" scripts/bench/bench.py --from "$caller" "$@"
