package main

import "sync"

// Lock and unlock: by one goroutine alone, and by eight that want the same mutex.
func init() {
	workloads["mutex_free"] = func() {
		measure("mutex_free", 1, 1, func(n int) {
			var mu sync.Mutex
			counter := 0
			for i := 0; i < n; i++ {
				mu.Lock()
				counter++
				mu.Unlock()
			}
			sink = counter
		})
	}
	workloads["mutex_8"] = func() {
		measure("mutex_8", 1, 8, func(n int) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			counter := 0
			wg.Add(8)
			for t := 0; t < 8; t++ {
				go func() {
					for i := 0; i < n/8; i++ {
						mu.Lock()
						counter++
						mu.Unlock()
					}
					wg.Done()
				}()
			}
			wg.Wait()
			sink = counter
		})
	}
}
