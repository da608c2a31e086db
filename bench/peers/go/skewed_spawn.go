package main

import "sync"

// CPU-bound goroutines, all started by one: shows whether the other processors take their share.
func init() {
	workloads["skewed_spawn"] = func() {
		measureJob("skewed_spawn", func() {
			var wg sync.WaitGroup
			results := make([]uint64, skewedTasks)
			wg.Add(skewedTasks)
			for t := 0; t < skewedTasks; t++ {
				go func(t int) {
					x := uint64(t)
					for i := 0; i < skewedSteps; i++ {
						x = x*6364136223846793005 + 1442695040888963407
					}
					results[t] = x
					wg.Done()
				}(t)
			}
			wg.Wait()
			sink = int(results[skewedTasks-1])
		})
	}
}
