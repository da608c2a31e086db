#!/bin/sh
# header_budget.sh ROOT WORK COMPILER...: weft.hpp may add at most 3,000 preprocessed lines to the standard
# headers that our public headers name, and must not bring in <functional>, <iostream> or anything of Boost
# or fmt. Counted is what the compiler gets to see: no blank lines (which is what comments become) and no
# line markers.
set -e
limit=3000
root=$1 work=$2
shift 2
mkdir -p "$work"

# The headers that weft.hpp brings in; the bridges beside it (coroutine.hpp, fmt.hpp ...) are another matter.
echo '#include <weft/weft.hpp>' > "$work/only.cpp"
"$@" -std=c++20 -I "$root/include" -M "$work/only.cpp" | tr ' \\' '\n\n' | grep 'include/weft/' > "$work/ours"

xargs grep -hoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<[a-z_]+>' < "$work/ours" |
  sed 's/.*</#include </' | sort -u > "$work/standard.cpp"
{ cat "$work/standard.cpp"; echo '#include <weft/weft.hpp>'; } > "$work/weft.cpp"

"$@" -std=c++20 -E "$work/standard.cpp" -o "$work/standard.ii"
"$@" -std=c++20 -I "$root/include" -E "$work/weft.cpp" -o "$work/weft.ii"
count() { grep -vcE '^#|^[[:space:]]*$' "$1"; }
base=$(count "$work/standard.ii")
all=$(count "$work/weft.ii")
added=$((all - base))
echo "weft.hpp: $all preprocessed lines, $base of them the standard's: adds $added (at most $limit)"

"$@" -std=c++20 -I "$root/include" -M "$work/weft.cpp" -o "$work/weft.make"
tr ' \\' '\n\n' < "$work/weft.make" > "$work/weft.d"
status=0
if grep -E '/(functional|iostream|fstream|regex|future)$|/(boost|fmt|benchmark|gtest)/' "$work/weft.d"; then
  echo "these must not be needed by a public header"
  status=1
fi
if [ "$added" -gt "$limit" ]; then
  echo "over the budget by $((added - limit)) lines"
  status=1
fi
exit $status
