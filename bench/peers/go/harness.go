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
	"syscall"
	"time"
)

const (
	waveSize     = 10000
	spscCapacity = 128
	skewedTasks  = 2000
	skewedSteps  = 20000

	stages        = 4
	stageSteps    = 1600
	stageCapacity = 16
	skynetLeaves  = 1000000
	sievePrimes   = 2000
	sleeperCount  = 100000
	sleeperNaps   = 10
	parkedTasks   = 10000
	inexact       = 1.0000000001

	// In the wake workloads: how long the waker pauses, and what loads the workers.
	wakePause = 500 * time.Microsecond
	loadTasks = 8
	loadSteps = 16000
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

// Milliseconds of a whole job of fixed size, after up to three that warm up (one if it takes long).
func measureJob(workload string, job func()) {
	spent := 0.0
	for i := 0; i < 3 && *fixedOps == 0 && spent < 3**targetMs; i++ {
		spent += timeNs(job) / 1e6
	}
	samples := make([]float64, 0, *reps)
	for i := 0; i < *reps; i++ {
		samples = append(samples, timeNs(job)/1e6)
	}
	printResult(workload, "ms", samples)
}

// A distribution, one line a percentile.
func printPercentiles(name, unit string, samples []float64, far bool) {
	if len(samples) == 0 {
		samples = []float64{0}
	}
	sort.Float64s(samples)
	print := func(which string, share float64) {
		at := int(share * float64(len(samples)))
		if at >= len(samples) {
			at = len(samples) - 1
		}
		printResult(name+which, unit, []float64{samples[at]})
	}
	print("_p50", 0.5)
	print("_p99", 0.99)
	if far {
		print("_p99.9", 0.999)
	}
}

func wakeSamples() int {
	n := int(10 * *targetMs)
	if n < 200 {
		n = 200
	} else if n > 2000 {
		n = 2000
	}
	return n
}

// About a nanosecond a step, the same in each language.
func burn(x uint64, steps int) uint64 {
	for i := 0; i < steps; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// What the process has used: CPU time in ms, switches of its threads, most memory in MB.
func used() (cpuMs float64, switches int64, peakMb float64) {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	ms := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e3 + float64(t.Usec)/1e3 }
	return ms(r.Utime) + ms(r.Stime), r.Nvcsw + r.Nivcsw, float64(r.Maxrss) / 1024
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
