package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// What must go on meanwhile: a timer that fires every millisecond, and a pipe that the poller watches.
func background() (stop func()) {
	if *fixedOps != 0 {
		return func() {}
	}
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	var fired, polled atomic.Int64
	var stopped atomic.Bool
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(2)
	go func() {
		for !stopped.Load() {
			time.Sleep(time.Millisecond)
			fired.Add(1)
			w.Write([]byte{'x'})
		}
		w.Close()
		wg.Done()
	}()
	go func() {
		b := make([]byte, 1)
		for {
			if n, err := r.Read(b); n == 0 || err != nil {
				break
			}
			polled.Add(1)
		}
		wg.Done()
	}()
	return func() {
		passed, f, p := time.Since(start).Milliseconds(), fired.Load(), polled.Load()
		stopped.Store(true)
		wg.Wait()
		if passed > 200 && (f == 0 || p == 0) {
			fmt.Fprintf(os.Stderr, "in %d ms the timer fired %d times and the poller was seen %d times\n", passed, f, p)
			os.Exit(1)
		}
	}
}

// Two tasks a processor yield; a processor's time for one yield. With and without an inexact
// multiplication before each.
func init() {
	workloads["yield"] = func() {
		tasks := 2 * *workers
		stop := background()
		measure("yield", float64(*workers), tasks, func(n int) {
			var wg sync.WaitGroup
			wg.Add(tasks)
			for t := 0; t < tasks; t++ {
				go func() {
					for i := 0; i < n/tasks; i++ {
						runtime.Gosched()
					}
					wg.Done()
				}()
			}
			wg.Wait()
		})
		stop()
	}
	workloads["yield_fp"] = func() {
		tasks := 2 * *workers
		results := make([]float64, 8*tasks)
		stop := background()
		measure("yield_fp", float64(*workers), tasks, func(n int) {
			var wg sync.WaitGroup
			wg.Add(tasks)
			for t := 0; t < tasks; t++ {
				go func(t int) {
					x := 1.0
					for i := 0; i < n/tasks; i++ {
						x *= inexact
						runtime.Gosched()
					}
					results[8*t] = x
					wg.Done()
				}(t)
			}
			wg.Wait()
		})
		stop()
	}
}
