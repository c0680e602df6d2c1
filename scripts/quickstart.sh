#!/usr/bin/env bash
# From a clean clone to fitted neurons: installs missing packages, builds, simulates a recording (sound
# files, spike times) with known receptive fields, imports it, fits it, and reports how well the fitted
# fields agree with them.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release --log-level=WARNING >/dev/null
cmake --build --preset release --target strffit

strffit=build/release/strffit
folder=runs/quickstart
rm -rf "$folder"
mkdir -p "$folder"

step() { printf '\n$ strffit %s\n' "$*" >&2; "$strffit" "$@"; }
step simulate --recording "$folder/recording"
step import "$folder/recording/recording.yaml" --out "$folder/data.h5"
step train configs/quickstart.yaml --out "$folder/fit"
step eval "$folder/fit"
step export-strfs "$folder/fit" --truth "$folder/recording/truth.h5" --out "$folder/strfs.h5" --plot "$folder/figures"
step report "$folder/fit" --out "$folder/report.html"

cat <<EOF

Files:
  $folder/recording/           the simulated recording: sounds, spike times, and recording.yaml, which describes them
  $folder/data.h5              the dataset imported from it: 8 units, 20 sounds
  $folder/fit/results.h5       scores, predictions, receptive fields, learning curves (docs/languages.md)
  $folder/fit/checkpoint.h5    the fitted models, for strffit eval, predict and export-strfs
  $folder/fit/config.yaml      the configuration with every default filled in
  $folder/figures/             a figure of each receptive field

Your own recording (docs/import.md; docs/languages.md for Python, MATLAB, Julia and R):
  $strffit import --draft my_folder > recording.yaml    # then fill in every ?
  $strffit import recording.yaml --check
  $strffit import recording.yaml --out my_data.h5
  $strffit init ln > my_fit.yaml

All of it on one page, to open in a browser:
  $PWD/$folder/report.html
EOF
