#!/bin/sh
# layers.sh ROOT: checks every #include below ROOT's rooms against layers.txt; prints what is wrong and
# ends with 1. layers.sh --self-test: checks that violations are found.
here=$(cd "$(dirname "$0")" && pwd)

check() {
  cd "$1" || exit 2
  # shellcheck disable=SC2046
  set -- $(ls -d include runtime scheduler netpoll examples 2>/dev/null)
  [ $# -gt 0 ] || { echo "no rooms in $(pwd)"; return 2; }
  grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' \
    --include='*.hpp' --include='*.cpp' --include='*.S' --include='*.h' "$@" |
  awk -v table="$here/layers.txt" '
    function room_of(path,   r, best) {
      best = ""
      for (r in known) if (index(path "/", r "/") == 1 && length(r) > length(best)) best = r
      return best
    }
    function allowed(room, target,   n, parts, i) {
      if (index(target, room "/") == 1) return 1
      n = split(may[room], parts, " ")
      for (i = 1; i <= n; i++) if (target == parts[i] || index(target, parts[i] "/") == 1) return 1
      return 0
    }
    function bad(why) { print where ": " why; failed = 1 }
    BEGIN {
      while ((getline line < table) > 0) {
        if (line ~ /^#/ || line !~ /:/) continue
        colon = index(line, ":")
        room = substr(line, 1, colon - 1)
        known[room] = 1
        may[room] = substr(line, colon + 1)
      }
      top = "^(runtime|scheduler|netpoll|include|examples|tests|bench|explorer)/"
    }
    {
      split($0, at, ":")
      path = at[1]; where = at[1] ":" at[2]
      quoted = ($0 ~ /include[[:space:]]*"/)
      name = $0
      sub(/^.*#[[:space:]]*include[[:space:]]*[<"]/, "", name)
      sub(/[>"].*$/, "", name)
      room = room_of(path)
      if (room == "") { bad("lies in no room of layers.txt"); next }
      if (quoted) {
        if (name !~ top) { bad("\"" name "\" is not rooted at the repository"); next }
        if (name ~ /^include\//) { bad("public headers are included as <weft/...>"); next }
        target = name
      } else if (name ~ /^weft\//) {
        target = "include/" name
      } else if (path "|" name ~ /^include\/weft\/(fmt.hpp.fmt\/format.h|future.hpp.future)$/) {
        next  # the bridges to fmt and std::future; weft.hpp does not bring them in (header_budget.sh)
      } else {
        if (room == "include/weft" && name ~ /[.\/]/)
          bad("<" name ">: public headers include the standard library and nothing else")
        if (room == "include/weft" && name ~ /^(functional|iostream|regex|thread|future|sstream|fstream)$/)
          bad("<" name "> is too heavy for a public header")
        next
      }
      if (!allowed(room, target)) bad(room " must not know " target)
    }
    END { exit failed }'
}

self_test() {
  tree=$(mktemp -d) || exit 2
  trap 'rm -rf "$tree"' EXIT
  cases=0
  try() {  # try WANT-STATUS FILE LINE
    rm -rf "$tree/include" "$tree/runtime" "$tree/scheduler" "$tree/netpoll" "$tree/examples"
    mkdir -p "$tree/$(dirname "$2")"
    printf '// a file\n%s\n' "$3" > "$tree/$2"
    out=$(check "$tree" 2>&1)
    got=$?
    cases=$((cases + 1))
    if [ $got -ne "$1" ]; then
      echo "self-test: '$3' in $2: expected $1, got $got: $out"
      exit 1
    fi
  }
  try 1 runtime/base/a.hpp '#include "runtime/task/task.hpp"'
  try 1 runtime/base/a.hpp '#include <weft/chan.hpp>'
  try 1 runtime/chan/a.cpp '#include "scheduler/worker.hpp"'
  try 1 runtime/chan/a.cpp '  #  include "netpoll/poller.hpp"'
  try 1 runtime/unheard_of/a.cpp '#include "runtime/base/check.hpp"'
  try 1 runtime/task/a.cpp '#include "task.hpp"'
  try 1 runtime/task/a.cpp '#include "../base/check.hpp"'
  try 1 netpoll/a.cpp '#include "scheduler/processor.hpp"'
  try 1 netpoll/a.cpp '#include "runtime/chan/chan.hpp"'
  try 1 scheduler/a.cpp '#include "netpoll/epoll.hpp"'
  try 1 include/weft/a.hpp '#include "runtime/base/check.hpp"'
  try 1 include/weft/a.hpp '#include <boost/asio.hpp>'
  try 1 include/weft/a.hpp '#include <functional>'
  try 1 include/weft/detail/a.hpp '#include <sys/socket.h>'
  try 1 examples/a.cpp '#include "runtime/task/park.hpp"'
  try 0 examples/a.cpp '#include <weft/weft.hpp>'
  try 0 examples/a.cpp '#include <boost/beast.hpp>'
  try 0 include/weft/a.hpp '#include <weft/detail/b.hpp>'
  try 0 include/weft/a.hpp '#include <memory>'
  try 0 runtime/task/a.cpp '#include "runtime/base/check.hpp"  // "scheduler/worker.hpp"'
  try 0 runtime/chan/a.cpp '#include "runtime/chan/b.hpp"'
  try 0 netpoll/a.cpp '#include "runtime/time/clock.hpp"'
  try 0 scheduler/a.cpp '#include "runtime/context/switch.hpp"'
  try 0 scheduler/a.cpp '#include "netpoll/poller.hpp"'
  echo "self-test: $cases cases as expected"
}

case "$1" in
  --self-test) self_test ;;
  "") echo "usage: layers.sh ROOT | --self-test" >&2; exit 2 ;;
  *) if check "$1"; then echo "layers: as layers.txt says"; else exit 1; fi ;;
esac
