# Makes something readable of the JSON lines of scripts/bench (results.jsonl).
#   -v what=table    a Markdown table: medians, and in brackets how many times weft's time it is; with a
#                    ~ if the two ranges over the rounds overlap
#   -v what=gains    what a second worker brings where work should spread
#   -v what=ratios   workload, then a ratio a runtime, for gnuplot (-v of_workers=N); "?" where none is
#   -v goals=FILE    lines "workload workers goal": shown beside weft
function field(name,   s) {
  s = $0
  if (!sub(".*\"" name "\":\"?", "", s)) return ""
  sub("[\",}].*", "", s)
  return s
}
function shown(x) { return x >= 100 ? sprintf("%.0f", x) : x >= 10 ? sprintf("%.1f", x) : sprintf("%.2f", x) }
function ratio(x) { return x >= 10 ? sprintf("%.0fx", x) : x >= 0.095 ? sprintf("%.1fx", x) : sprintf("%.2fx", x) }
function overlap(c, r) { return least[c, r] <= most[c, "weft"] && least[c, "weft"] <= most[c, r] }
function row(c,   i, line) {
  line = "|"
  for (i = 1; i <= columns; i++) line = line sprintf(i <= 1 ? " %-" width[i] "s |" : " %" width[i] "s |", cell[c, i])
  print line
}
BEGIN {
  if (goals != "")
    while ((getline line < goals) > 0)
      if (line !~ /^#/ && split(line, part, " ") == 3) goal[part[1], part[2]] = part[3]
}
{
  w = field("workload"); n = field("workers"); r = field("runtime")
  key = w "|" n
  if (!(key in row_at)) { row_at[key] = ++rows; name[rows] = w; workers[rows] = n }
  unit[row_at[key]] = field("unit")
  seen[r] = 1
  median[row_at[key], r] = field("median") + 0
  least[row_at[key], r] = field("min") + 0
  most[row_at[key], r] = field("max") + 0
  at[w, r, n] = field("median") + 0
}
function table(   k, c, i, x, line, dashes) {
  if (!rows) { print "nothing was measured"; return }
  columns = 3
  cell[0, 1] = "workload"; cell[0, 2] = "workers"; cell[0, 3] = "unit"
  for (k = 1; k <= known; k++) {
    if (!(runtimes[k] in seen)) continue
    column[++columns] = runtimes[k]
    cell[0, columns] = runtimes[k]
    if (runtimes[k] == "weft" && goals != "") { column[++columns] = "goal"; cell[0, columns] = "goal" }
  }
  for (c = 1; c <= rows; c++) {
    cell[c, 1] = name[c]; cell[c, 2] = workers[c]; cell[c, 3] = unit[c]
    for (i = 4; i <= columns; i++) {
      if (column[i] == "goal") {
        cell[c, i] = ""
        if ((name[c], workers[c]) in goal) {
          x = goal[name[c], workers[c]] + 0
          cell[c, i] = x (((c, "weft") in median) && median[c, "weft"] > x ? " missed" : "")
        }
        continue
      }
      if (!((c, column[i]) in median)) { cell[c, i] = "-"; continue }
      x = median[c, column[i]]
      cell[c, i] = shown(x)
      if (column[i] != "weft" && (c, "weft") in median && median[c, "weft"] > 0)
        cell[c, i] = cell[c, i] " (" (overlap(c, column[i]) ? "~" : "") ratio(x / median[c, "weft"]) ")"
    }
  }
  for (c = 0; c <= rows; c++) for (i = 1; i <= columns; i++) if (length(cell[c, i]) > width[i]) width[i] = length(cell[c, i])
  row(0)
  line = "|"
  for (i = 1; i <= columns; i++) {
    dashes = ""
    while (length(dashes) < width[i] + 1) dashes = dashes "-"
    line = line (i == 1 ? dashes "-" : dashes ":") "|"
  }
  print line
  for (c = 1; c <= rows; c++) row(c)
}
function gains(   k, j, r, w, line) {
  split("pipeline_2us skewed_spawn", spread, " ")
  for (j = 1; j in spread; j++) {
    w = spread[j]; line = ""
    for (k = 1; k <= known; k++) {
      r = runtimes[k]
      if (((w, r, 1) in at) && ((w, r, 2) in at))
        line = line (line == "" ? "" : ", ") sprintf("%s %.2fx", r, at[w, r, 1] / at[w, r, 2])
    }
    if (line != "") print w ", gain of 2 workers over 1: " line
  }
}
function ratios(   k, c, line) {
  line = "workload"
  for (k = 2; k <= known; k++) if (runtimes[k] in seen && runtimes[k] != "limit") line = line " " runtimes[k]
  print line
  for (c = 1; c <= rows; c++) {
    if (workers[c] != of_workers || !((c, "weft") in median) || median[c, "weft"] <= 0) continue
    line = ""; some = 0
    for (k = 2; k <= known; k++) {
      if (!(runtimes[k] in seen) || runtimes[k] == "limit") continue
      if ((c, runtimes[k]) in median && median[c, runtimes[k]] > 0) { line = line sprintf(" %.3f", median[c, runtimes[k]] / median[c, "weft"]); some = 1 }
      else line = line " ?"
    }
    if (some) print "\"" name[c] "\"" line
  }
}
END {
  known = split("weft go tokio boost_fiber boost_fiber_ws limit", runtimes, " ")
  if (what == "gains") gains()
  else if (what == "ratios") ratios()
  else table()
}
