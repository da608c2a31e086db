// The Go peer of weft's benchmarks: one program, a file a workload, the first argument names it.
// harness.go is bench/harness.hpp in Go: warm up, find the count of operations that takes the
// wanted time, repeat, print one JSON object a line.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"time"
)

const (
	waveSize     = 10000
	spscCapacity = 128
	skewedTasks  = 2000
	skewedSteps  = 20000
)

var (
	workers  = flag.Int("workers", 1, "GOMAXPROCS")
	reps     = flag.Int("reps", 5, "repetitions")
	targetMs = flag.Float64("ms", 100, "how long one repetition should take, in milliseconds")
	fixedOps = flag.Int("ops", 0, "exactly this many operations, no warm-up")
)

var workloads = map[string]func(){}

func timeNs(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start).Nanoseconds())
}

func printResult(workload, unit string, samples []float64) {
	sort.Float64s(samples)
	half := len(samples) / 2
	median := samples[half]
	if len(samples)%2 == 0 {
		median = (samples[half-1] + samples[half]) / 2
	}
	fmt.Printf("{\"workload\":\"%s\",\"runtime\":\"go\",\"workers\":%d,\"unit\":\"%s\","+
		"\"min\":%.2f,\"median\":%.2f,\"max\":%.2f}\n",
		workload, *workers, unit, samples[0], median, samples[len(samples)-1])
}

// Nanoseconds an operation; body(n) performs n of them, n being a multiple of roundTo.
func measure(workload string, scale float64, roundTo int, body func(n int)) {
	rounded := func(n float64) int {
		units := int(n / float64(roundTo))
		if units < 1 {
			units = 1
		}
		return units * roundTo
	}
	n := roundTo
	if *fixedOps != 0 {
		n = rounded(float64(*fixedOps))
	} else {
		trusted := *targetMs * 1e6 / 4
		took := timeNs(func() { body(n) })
		for took < trusted {
			factor := trusted * 1.2 / (took + 1)
			if factor < 2 {
				factor = 2
			} else if factor > 10 {
				factor = 10
			}
			n = rounded(float64(n) * factor)
			took = timeNs(func() { body(n) })
		}
		n = rounded(float64(n) * *targetMs * 1e6 / took)
	}
	samples := make([]float64, 0, *reps)
	for i := 0; i < *reps; i++ {
		samples = append(samples, timeNs(func() { body(n) })*scale/float64(n))
	}
	printResult(workload, "ns", samples)
}

// Milliseconds of a whole job of fixed size, after three that warm up.
func measureJob(workload string, job func()) {
	for i := 0; i < 3 && *fixedOps == 0; i++ {
		job()
	}
	samples := make([]float64, 0, *reps)
	for i := 0; i < *reps; i++ {
		samples = append(samples, timeNs(job)/1e6)
	}
	printResult(workload, "ms", samples)
}

func main() {
	if len(os.Args) < 2 || workloads[os.Args[1]] == nil {
		if len(os.Args) == 2 && os.Args[1] == "list" {
			names := []string{}
			for name := range workloads {
				names = append(names, name)
			}
			sort.Strings(names)
			for _, name := range names {
				fmt.Println(name)
			}
			return
		}
		fmt.Fprintln(os.Stderr, "usage: gobench WORKLOAD|list [--workers N] [--reps N] [--ms MS] [--ops N]")
		os.Exit(2)
	}
	run := workloads[os.Args[1]]
	os.Args = append(os.Args[:1], os.Args[2:]...)
	flag.Parse()
	runtime.GOMAXPROCS(*workers)
	run()
}
