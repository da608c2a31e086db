#!/bin/sh
# conformance.sh ROOT: every test and file that docs/conformance.md names exists, and every row names one
# or says "not yet".
set -e
root=$1
page="$root/docs/conformance.md"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Macros may be broken over two lines.
find "$root/tests" -name '*.cpp' -exec cat {} + | tr '\n' ' ' |
  grep -oE 'TEST(_P|_F)?\( *[A-Za-z_0-9]+, *[A-Za-z_0-9]+ *\)' |
  sed -E 's/TEST(_P|_F)?\( *//; s/ *\)//; s/, */./' | sort -u > "$work/there"
grep '^|' "$page" | grep -oE '`[A-Za-z_0-9]+\.[A-Za-z_0-9]+`|`[a-z_/]+/[A-Za-z_0-9.]+`' | tr -d '`' | sort -u > "$work/named"
status=0
while read -r name; do
  case $name in
    */*) [ -f "$root/tests/$name" ] || { echo "no such file: tests/$name"; status=1; } ;;
    *) grep -qxF "$name" "$work/there" || { echo "no such test: $name"; status=1; } ;;
  esac
done < "$work/named"
if grep '^|' "$page" | grep -vE '^\| sentence|^\|---|`|not yet'; then
  echo "these rows name no test"
  status=1
fi
echo "conformance: $(wc -l < "$work/named") tests and files named, $(grep -c 'not yet |$' "$page") sentences not yet shown"
exit $status
