package main

import (
	"sync"
	"time"
)

// 100,000 goroutines sleep a millisecond ten times each; and one that sleeps while others never yield.
func init() {
	workloads["sleepers"] = func() {
		measureJob("sleepers", func() {
			var wg sync.WaitGroup
			wg.Add(sleeperCount)
			for t := 0; t < sleeperCount; t++ {
				go func() {
					for i := 0; i < sleeperNaps; i++ {
						time.Sleep(time.Millisecond)
					}
					wg.Done()
				}()
			}
			wg.Wait()
		})
	}
	workloads["hog_timer"] = func() {
		ms := 20 * *targetMs
		if ms < 1000 {
			ms = 1000
		}
		end := time.Now().Add(time.Duration(ms * 1e6))
		var wg, started sync.WaitGroup // the sleeper is on its way before the first hog
		var samples []float64
		wg.Add(1)
		started.Add(1)
		go func() {
			started.Done()
			for more := true; more; more = time.Now().Before(end) {
				start := time.Now()
				time.Sleep(time.Millisecond)
				samples = append(samples, float64(time.Since(start).Nanoseconds())/1e6)
			}
			wg.Done()
		}()
		started.Wait()
		results := make([]uint64, 8**workers)
		for t := 0; t < *workers; t++ {
			wg.Add(1)
			go func(t int) {
				x := uint64(t)
				for time.Now().Before(end) {
					x = burn(x, skewedSteps)
				}
				results[8*t] = x
				wg.Done()
			}(t)
		}
		wg.Wait()
		printPercentiles("hog_timer", "ms", samples, false)
	}
}
