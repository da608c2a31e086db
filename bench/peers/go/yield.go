package main

import (
	"runtime"
	"sync"
)

// Two tasks a processor yield; a processor's time for one yield.
func init() {
	workloads["yield"] = func() {
		tasks := 2 * *workers
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
	}
}
