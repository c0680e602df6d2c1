#!/usr/bin/env bash
# Installs missing packages, then runs all stages, or only the named ones.
#   checks      formatting, includes between rooms, shell scripts, clang-tidy of changed files, comments
#               that doxygen cannot read
#   vectors     makes tests/vectors again by tests/reference, if Python has torch
#   release     warnings are errors, every header compiles alone, every test, completion, man pages
#   cores       matrix products and tests that depend on rounding, with kernels for other processors
#   quickstart  scripts/quickstart.sh, the commands of README.md and docs/tour.md, the code of
#               docs/languages.md
#   docs        the commands of the tutorial, the list of messages, all links, the site without warnings
#   report      opens pages of strffit report in a browser: the quick start's, and of 400 units
#   python      the Python package with the built program, NumPy 1 and 2 and every installed Python
#   slurm       an array, failures, time limits and the merge on a Slurm of this machine
#   asan        every test under AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan        the trainer's tests under ThreadSanitizer, built without precompiled headers
#   wheel       the tests with PyPI's current LibTorch instead of the system's; compiles GPU kernels if
#               nvcc is found
#   fuzz        damaged files for every reader, if clang's libFuzzer is installed
set -euo pipefail
cd "$(dirname "$0")/.."

all_stages=(checks vectors release cores quickstart report docs python asan tsan wheel slurm fuzz)
tsan_rooms=(util training)
# Values of OPENBLAS_CORETYPE, from SSE3 to AVX-512; those that this processor lacks are skipped.
cores=(Prescott Nehalem Sandybridge Haswell SkylakeX)
# Rooms that call LibTorch.
wheel_rooms=(ops prefilter model training contract)

stages=("$@")
((${#stages[@]})) || stages=("${all_stages[@]}")
summary=()
skipped=0

skip() {
  echo "*** SKIPPED: $1" >&2
  summary+=("*** SKIPPED: $1")
  skipped=$((skipped + 1))
}

build() {  # folder, targets...
  local folder=$1
  shift
  cmake --build "$folder" ${1:+--target "$@"}
}

# Runs ctest and keeps its summary line.
test_build() {  # name, ctest's arguments...
  local name=$1 output=build/$1-ctest.txt
  shift
  ctest "$@" --no-tests=error | tee "$output"
  summary+=("$name: $(grep 'tests passed' "$output")")
}

# Test programs of the given rooms, if they have tests.
programs_of() {  # folder, rooms...
  local folder=$1 known
  shift
  known=$(ctest --test-dir "$folder" -N)
  for room in "$@"; do
    if grep -q ": $room\$" <<<"$known"; then echo "test_$room"; fi
  done
}
names_of() { local IFS='|'; echo "^(${*#test_})\$"; }

run_checks() {
  local said
  scripts/check_includes
  scripts/check_format
  scripts/check_shell
  said=$(scripts/check_tidy --changed) || { echo "$said"; return 1; }
  echo "$said"
  if [[ $said == *SKIPPED:* ]]; then skip "$(sed -n 's/^SKIPPED: //p' <<<"$said")"; fi
  said=$(scripts/check_doxygen) || { echo "$said"; return 1; }
  if [[ $said == SKIPPED:* ]]; then skip "${said#SKIPPED: }"; fi
  scripts/release --check
  PYTHONDONTWRITEBYTECODE=1 python3 scripts/bench/test_check.py
  summary+=("checks: passed")
}

# PyPI's torch needs 5 GB of GPU libraries, Debian's 50 MB in all (scripts/setup.sh).
run_vectors() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import h5py, numpy, torch, yaml' 2>/dev/null; then
      summary+=("$("$python" scripts/check_vectors)")
      return
    fi
  done
  skip "vectors: needs python3-torch, python3-h5py and python3-yaml, which are not installed"
}

run_release() {
  cmake --preset release -DSTRFFIT_WERROR=ON
  build build/release
  build build/release headers_alone
  test_build release --preset release
  local said line
  said=$(scripts/check_shell_files) || { echo "$said"; exit 1; }
  while IFS= read -r line; do
    if [[ $line == SKIPPED:* ]]; then skip "${line#SKIPPED: }"; else summary+=("$line"); fi
  done <<<"$said"
}

run_cores() {
  [[ -x build/release/tests/test_commands ]] || run_release
  local core versions said tests=build/release/tests done=()
  for core in "${cores[@]}"; do
    versions=$(OPENBLAS_CORETYPE=$core build/release/strffit --version 2>/dev/null || true)
    if [[ $versions != *"($core)"* ]]; then
      skip "cores: the processor or the BLAS has no $core"
      continue
    fi
    echo "--- $core"
    (
      export OPENBLAS_CORETYPE=$core OMP_NUM_THREADS=1
      "$tests/test_ops"
      "$tests/test_model"
      "$tests/test_training" -tc="*changes a member's result*,*bit for bit*,*same run twice*"
      "$tests/test_commands" -tc="*of a sweep each unit*"
    )
    done+=("$core")
  done
  # A binary for this machine must end with a message on an older one.
  if command -v qemu-x86_64 >/dev/null; then
    said=$(qemu-x86_64 -cpu Conroe build/release/strffit --version 2>&1 || true)
    [[ $said == *"this one has no"* ]] ||
      { echo "no message on an older processor, but: $said" >&2; exit 1; }
    # OpenBLAS 0.3.21 does not know model 207 and would use the kernels of a Prescott.
    build build/release blas_core_alone
    local alone=build/release/tests/blas_core_alone
    said=$(env -u OPENBLAS_CORETYPE qemu-x86_64 -cpu Haswell,model=207 $alone 2>/dev/null || true)
    [[ -z $($alone) || $said == Haswell ]] ||
      { echo "on an unknown processor with AVX2 the BLAS takes the kernels of a $said" >&2; exit 1; }
  else
    skip "cores: no qemu-x86_64 to emulate other processors"
  fi
  summary+=("cores: passed with ${done[*]}")
}

run_quickstart() {
  scripts/quickstart.sh
  scripts/check_pages lines
  local python languages
  if python=$(python_with numpy h5py matplotlib pandas xarray h5netcdf); then
    scripts/setup.sh --languages || echo "Octave and R could not be installed" >&2
    languages=$("$python" scripts/check_pages languages)
    summary+=("quickstart, README.md: passed" "$languages")
  else
    summary+=("quickstart, README.md: passed")
    skip "docs/languages.md: needs numpy, h5py, matplotlib, pandas, xarray and h5netcdf from PyPI, which could not be fetched"
  fi
  if python=$(python_with h5py h5netcdf netCDF4 xarray pandas); then
    summary+=("$("$python" scripts/check_netcdf)")
  else
    skip "netCDF-4: needs h5netcdf, netCDF4 and xarray from PyPI, which could not be fetched"
  fi
  if python=$(python_with pynwb); then
    summary+=("$("$python" scripts/check_nwb)")
  else
    skip "NWB: needs pynwb from PyPI, which could not be fetched"
  fi
}

run_docs() {
  [[ -x build/release/strffit ]] || { cmake --preset release && build build/release strffit; }
  local check said
  for check in messages check_links "check_pages tutorial"; do
    # shellcheck disable=SC2086  # with its argument
    said=$(scripts/$check)
    echo "$said"
    if [[ $said == *" 0 of "*" addresses answer" ]]; then
      skip "$said"
    else
      summary+=("$said")
    fi
  done
  if python_with 'mkdocs>=1.6,<2' 'mkdocs-material>=9,<10' >/dev/null; then
    scripts/site
    summary+=("site: passed")
  else
    skip "site: needs mkdocs-material from PyPI, which could not be fetched"
  fi
}

run_report() {
  local code=0 folder=build/report strffit=build/release/strffit
  [[ -x $strffit ]] || { cmake --preset release && build build/release strffit; }
  rm -rf "$folder"
  mkdir -p "$folder"
  local pages=()
  [[ -f runs/quickstart/report.html ]] && pages+=(runs/quickstart/report.html)
  # 400 units of an electrode array, and two runs that are compared.
  "$strffit" simulate --out "$folder/data.h5" --units 400 --trials 5
  "$strffit" train configs/linear.yaml data.file="$folder/data.h5" fit.solver=ridge \
    --out "$folder/ridge"
  "$strffit" train configs/linear.yaml data.file="$folder/data.h5" fit.solver=ridge \
    model.context=5 --out "$folder/short"
  pages+=("$("$strffit" report "$folder/ridge")")
  pages+=("$("$strffit" report "$folder/ridge" "$folder/short" --out "$folder/both.html")")
  scripts/check_report --screenshots "$folder" "${pages[@]}" || code=$?
  case $code in
    0) summary+=("report: ${#pages[@]} pages work in a browser") ;;
    77) skip "report: no Chromium to open pages with (apt-get install chromium)" ;;
    *) exit "$code" ;;
  esac
}

# What a wheel holds beside the program; the wheel itself: scripts/package test wheel.
run_python() {
  local said code=0
  [[ -x build/release/strffit ]] || { cmake --preset release && build build/release strffit; }
  said=$(scripts/check_python_package) || code=$?
  case $code in
    0) summary+=("$said") ;;
    77) skip "python: numpy, h5py, xarray and pytest could not be fetched from PyPI" ;;
    *) exit "$code" ;;
  esac
}

run_slurm() {
  local code=0
  if ! scripts/setup.sh --slurm; then
    skip "slurm: its packages could not be installed"
    return
  fi
  [[ -x build/release/strffit ]] || { cmake --preset release && build build/release strffit; }
  scripts/check_slurm || code=$?
  case $code in
    0) summary+=("slurm: passed") ;;
    77) skip "slurm: there is no Slurm here" ;;
    *) exit "$code" ;;
  esac
}

run_asan() {
  cmake --preset asan -DSTRFFIT_WERROR=ON
  build build/asan
  test_build asan --preset asan
}

run_tsan() {
  cmake --preset tsan -DSTRFFIT_WERROR=ON
  local programs
  mapfile -t programs < <(programs_of build/tsan "${tsan_rooms[@]}")
  build build/tsan "${programs[@]}"
  test_build tsan --preset tsan -R "$(names_of "${programs[@]}")"
}

run_wheel() {
  local python root programs nvcc cuda=OFF
  if ! python=$(python_with --no-deps torch) || ! root=$(scripts/wheel_torch_root "$python"); then
    skip "wheel: PyPI's LibTorch could not be fetched"
    return
  fi
  # No -Werror: GCC warns about code in LibTorch's headers, which change every few weeks.
  # If nvcc is found, GPU kernels are compiled and linked too.
  if nvcc=$(command -v nvcc || command -v /usr/local/cuda/bin/nvcc); then
    export CUDACXX=$nvcc
    cuda=ON
    summary+=("wheel: with the kernels of a GPU, not run")
  fi
  cmake -S . -B build/wheel -G Ninja -DCMAKE_BUILD_TYPE=Release -DSTRFFIT_WERROR=OFF \
    -DTorch_ROOT="$root" -DTorch_CPU_ONLY=ON -DSTRFFIT_CUDA=$cuda
  mapfile -t programs < <(programs_of build/wheel "${wheel_rooms[@]}")
  build build/wheel "${programs[@]}"
  test_build wheel --test-dir build/wheel --output-on-failure -j 2 -R "$(names_of "${programs[@]}")"
}

run_fuzz() {
  local clang
  if ! clang=$(command -v clang-14 || command -v clang) ||
    ! compgen -G "$("$clang" -print-runtime-dir)/libclang_rt.fuzzer*" >/dev/null; then
    skip "fuzz: needs libFuzzer: apt-get install clang-14 libclang-rt-14-dev"
    return
  fi
  # With a seed: findings can be reproduced, and do not depend on chance.
  # 22 s for each of ten readers, two at a time: two minutes.
  scripts/fuzz --seed 1 22
  summary+=("fuzz: passed")
}

# Installs packages from PyPI in build/python and prints the path of its python3.
python_with() {
  local python=build/python/bin/python3
  [[ -x $python ]] || python3 -m venv build/python >&2 || return 1
  "$python" -m pip install --quiet --disable-pip-version-check --no-compile "$@" >&2 ||
    return 1
  echo "$python"
}

scripts/setup.sh --tests
mkdir -p build
for stage in "${stages[@]}"; do
  declare -F "run_$stage" >/dev/null || { echo "no stage $stage: ${all_stages[*]}" >&2; exit 2; }
  echo "=== $stage"
  started=$SECONDS
  "run_$stage"
  echo "=== $stage: $((SECONDS - started)) s"
done
printf '%s\n' "" "${summary[@]}"
printf '%s\n' "${summary[@]}" | awk -v skipped="$skipped" '
  /tests passed/ { failed += $(NF - 7); total += $NF }
  END { print total - failed " passed, " failed + 0 " failed, " skipped " skipped" }'
