# Shared by the scripts: steps, failure texts, missing packages. Sourced, from the repository's root.

start_seconds=$(date +%s)
step_number=0
steps_total=${steps_total:-0}
log_dir=${log_dir:-build/logs}

elapsed() {
  s=$(($(date +%s) - start_seconds))
  printf '%d:%02d' $((s / 60)) $((s % 60))
}

say() { printf '%s\n' "$*"; }

fail() {
  printf '\nFAILED after %s: %s\n' "$(elapsed)" "$*" >&2
  exit 1
}

# step TEXT: announces the next step.
step() {
  step_number=$((step_number + 1))
  printf '== [%d/%d, %s] %s\n' "$step_number" "$steps_total" "$(elapsed)" "$*"
}

# quietly NAME COMMAND...: runs the command with its output in a log, shown only when it fails.
quietly() {
  log="$log_dir/$1.log"
  shift
  mkdir -p "$log_dir"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    say "--- the end of $log:"
    grep -nE -m 20 'error:|Error|FAILED|undefined reference' "$log" | cut -c 1-300 || true
    say "---"
    tail -n 40 "$log" | cut -c 1-300
    fail "$*"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need_packages REQUIRED OPTIONAL: installs what is missing of these Debian/Ubuntu packages; what is
# optional and not offered is left out. Elsewhere it says what to install.
need_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    if command -v cmake >/dev/null 2>&1 && command -v c++ >/dev/null 2>&1; then
      say "not a Debian or Ubuntu system: going on with what is installed"
      return 0
    fi
    say "This is not a Debian or Ubuntu system. Install these and start again:"
    say "  a C++20 compiler (gcc 11 or clang 14, or newer), CMake 3.22 or newer, Ninja or make,"
    say "  Boost 1.74 or newer with Boost.Context, fmt 8 or newer, GoogleTest,"
    say "  and for the demo wrk and curl, for the benchmarks Boost.Fiber and Go."
    fail "needed packages are missing"
  fi
  missing=""
  for p in $1; do
    installed "$p" || missing="$missing $p"
  done
  wanted=""
  for p in $2; do
    installed "$p" || wanted="$wanted $p"
  done
  [ -n "$missing$wanted" ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
    [ -n "$missing" ] || return 0
    fail "these packages are missing, and neither root nor sudo is there to install them:
  apt-get install$missing"
  fi
  say "installing:$missing$wanted"
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  if [ -n "$missing" ]; then
    quietly apt-update as_root apt-get update -q
  else
    mkdir -p "$log_dir"
    as_root apt-get update -q >"$log_dir/apt-update.log" 2>&1 </dev/null || true
  fi
  if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    quietly apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
  fi
  for p in $wanted; do
    mkdir -p "$log_dir"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$p" \
      >"$log_dir/apt-$p.log" 2>&1 </dev/null || say "not available, going on without: $p"
  done
}

installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# boost_package PART: libboost-PART-dev, in the version of the Boost headers that are already installed, as
# two versions exclude each other. An empty PART means the headers.
boost_package() {
  version=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' 'libboost[0-9]*-dev' 2>/dev/null |
    sed -n 's/^libboost\([0-9.]*\)-dev installed$/\1/p' | head -n 1)
  printf 'libboost%s%s-dev' "${1:+-$1}" "$version"
}

jobs() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN; }

use_ninja_and_ccache() {
  if command -v ninja >/dev/null 2>&1; then
    CMAKE_GENERATOR=Ninja
    export CMAKE_GENERATOR
  fi
  CMAKE_BUILD_PARALLEL_LEVEL=$(jobs)
  export CMAKE_BUILD_PARALLEL_LEVEL
}
