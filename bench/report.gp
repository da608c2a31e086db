# The ratios of scripts/bench as a picture: gnuplot -e "dir='DIR'; counts='1 2'; out='FILE'" bench/report.gp
# DIR/ratios.N is what bench/report.awk prints for N workers.
set terminal svg noenhanced size 1500, 480 * words(counts) + 40 font "sans-serif,13" background rgb "white"
set output out
set datafile missing "?"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.85 noborder
set boxwidth 0.9
set logscale y
set grid ytics lc rgb "#dddddd"
set xtics rotate by -40 nomirror scale 0
set ytics nomirror
set yrange [0.02:1000]
set rmargin 14
set key top left horizontal
set border 3
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb "#333333" lw 1.5 front
set multiplot layout words(counts), 1
do for [n in counts] {
  set title sprintf("time of each runtime over the time of weft, %s worker%s (above 1: weft is faster)", n, n eq "1" ? "" : "s")
  file = dir."/ratios.".n
  columns = int(system("head -n 1 ".file." | wc -w"))
  plot for [c = 2:columns] file using c:xtic(1) title columnheader(c)
}
unset multiplot
