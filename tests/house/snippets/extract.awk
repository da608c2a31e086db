# awk -v out=<prefix> -f extract.awk FILE.md: writes each block fenced as ```cpp that has an `int main` to
# <prefix>_N.cpp, N being the line where it starts, and prints that name. A block fenced as
# ```cpp compile is not run: <prefix>_N.compile_only marks it. A line "// exit status: S" in the block sets
# <prefix>_N.status. The next block, if it is fenced as ```output, is what the program prints:
# <prefix>_N.expected.
# A block fenced as ```go with a `func main` is a program too: <prefix>_N.go, with the same output.
function finish_go() {
  if (text !~ /func main/) return
  last_go = out "_" start
  printf "%s", text > (last_go ".go")
  close(last_go ".go")
  print last_go ".go"
}
function finish_cpp() {
  if (text !~ /int main/) { last = ""; return }
  last = out "_" start
  printf "%s", text > (last ".cpp")
  close(last ".cpp")
  if (only_compile) { print "" > (last ".compile_only"); close(last ".compile_only") }
  if (match(text, /\/\/ exit status: [0-9]+/)) {
    print substr(text, RSTART + 16, RLENGTH - 16) > (last ".status")
    close(last ".status")
  }
  print last ".cpp"
}
/^[ ]*```/ {
  if (inside == "") {
    fence = $0
    sub(/^[ ]*```/, "", fence)
    split(fence, words, " ")
    inside = words[1] == "" ? "plain" : words[1]
    only_compile = (inside == "cpp" && words[2] == "compile")
    start = NR
    text = ""
    next
  }
  if (inside == "cpp") finish_cpp()
  else if (inside == "go") finish_go()
  else {
    if (inside == "output" && last != "") { printf "%s", text > (last ".expected"); close(last ".expected") }
    if (inside == "output" && last_go != "") { printf "%s", text > (last_go ".expected"); close(last_go ".expected") }
    last = last_go = ""
  }
  inside = ""
  next
}
inside != "" { text = text $0 "\n" }
