#!/usr/bin/env bash
# Installs the packages that strffit needs, on Debian 12+ and Ubuntu 24.04+, unless they are present.
# `--tests` adds packages for scripts/test.sh, `--slurm` a Slurm for scripts/check_slurm, `--languages`
# Octave and R for scripts/check_pages if this release has them. On other systems, prints what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

required=(
  g++ cmake ninja-build pkg-config ccache
  libtorch-dev libopenblas0-openmp libopenblas-openmp-dev
  libhdf5-dev libyaml-cpp-dev libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  libeigen3-dev libcairo2-dev libssl-dev zlib1g-dev fonts-dejavu-core libsndfile1-dev doctest-dev
  libmatio-dev libarchive-dev
)
required_by_tests=(python3-venv)
# Some releases lack these versions; the tests that need them are then reported as skipped.
optional_for_tests=(
  clang-format-14 clang-tidy-14 clang-14 libclang-rt-14-dev shellcheck doxygen gcovr qemu-user
  python3-torch python3-h5py python3-yaml chromium tidy netcdf-bin
  zsh fish mandoc bsdextrautils
)

optional_for_languages=(octave r-bioc-rhdf5)
required_by_slurm=(munge slurmctld slurmd slurm-client)

wanted=("${required[@]}")
optional=()
for flag in "$@"; do
  case $flag in
    --tests)
      wanted+=("${required_by_tests[@]}")
      optional+=("${optional_for_tests[@]}")
      ;;
    --slurm) wanted+=("${required_by_slurm[@]}") ;;
    --languages) optional+=("${optional_for_languages[@]}") ;;
    *)
      echo "usage: scripts/setup.sh [--tests] [--slurm] [--languages]" >&2
      exit 2
      ;;
  esac
done

# With another LibTorch (a PyPI wheel, the official archive), Debian's is not needed.
if [[ -n ${Torch_ROOT:-} ]]; then
  for i in "${!wanted[@]}"; do
    [[ ${wanted[i]} == libtorch-dev ]] && unset "wanted[i]"
  done
fi

explain() {
  cat >&2 <<EOF
strffit set-up: $1

With root or sudo on Debian 12+ or Ubuntu 24.04+:
    apt-get update && apt-get install ${wanted[*]}

Without, through conda (https://conda-forge.org):
    conda env create -f environment.yml
    conda activate strffit
and run the same script again. To use another LibTorch (a PyPI wheel, an unpacked libtorch
archive), set Torch_ROOT to its folder, for instance
    export Torch_ROOT=\$(python3 -c 'import torch; print(torch.__path__[0])')
EOF
  exit 1
}

if [[ -n ${CONDA_PREFIX:-} && -e $CONDA_PREFIX/include/torch/csrc/api/include/torch/version.h ||
      -n ${CONDA_PREFIX:-} && -e $CONDA_PREFIX/lib/libtorch.so ]]; then
  exit 0  # the packages of environment.yml
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  explain "this machine has no apt, so this script cannot install anything."
fi

missing_of() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -Fxq "ii  $package" <<<"$installed" || echo "$package"
  done
}
mapfile -t missing < <(missing_of "${wanted[@]}")
missing_optional=()
if ((${#optional[@]})); then mapfile -t missing_optional < <(missing_of "${optional[@]}"); fi

as_root=()
become_root() {
  ((EUID)) || return 0
  # Without a terminal sudo cannot ask for a password.
  if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
  else
    explain "$1, and this user is neither root nor may use sudo without a password."
  fi
}

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
    -o Acquire::Retries=3 "$@" </dev/null
}

if ((${#missing[@]} + ${#missing_optional[@]})); then
  ((${#missing[@]} == 0)) && ((EUID)) && missing_optional=()  # optional packages are not worth a password
fi
if ((${#missing[@]} + ${#missing_optional[@]})); then
  become_root "these packages are missing: ${missing[*]}"
  echo "Installing ${missing[*]} ${missing_optional[*]}"
  apt update
  # No grep -q: it ends early, and pipefail would report the broken pipe.
  known() { LC_ALL=C apt-cache policy "$1" | grep '^  Candidate: [0-9]' >/dev/null; }
  for package in "${missing_optional[@]}"; do
    if known "$package"; then missing+=("$package"); fi
  done
  for package in "${missing[@]}"; do
    known "$package" ||
      explain "this release has no package $package (Debian 12+ and Ubuntu 24.04+, universe, have it)."
  done
  apt install --no-install-recommends "${missing[@]}" >/dev/null
fi

# LibTorch uses the active BLAS; the reference BLAS is forty times slower.
if command -v update-alternatives >/dev/null; then
  architecture=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
  for library in libblas.so.3 liblapack.so.3; do
    name=$library-$architecture
    active=$(update-alternatives --query "$name" 2>/dev/null | sed -n 's/^Value: //p' || true)
    fast=$(update-alternatives --list "$name" 2>/dev/null | grep openblas-openmp || true)
    if [[ $active == */"$architecture"/blas/* || $active == */"$architecture"/lapack/* ||
          $active == *atlas* ]] && [[ -n $fast ]]; then
      become_root "the slow $active is in use instead of OpenBLAS"
      "${as_root[@]}" update-alternatives --set "$name" "$fast"
    fi
  done
fi
