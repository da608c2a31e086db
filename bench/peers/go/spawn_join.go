package main

import "sync"

// One goroutine after the other: start it, wait for its end.
func init() {
	workloads["spawn_join"] = func() {
		measure("spawn_join", 1, 1, func(n int) {
			var wg sync.WaitGroup
			for i := 0; i < n; i++ {
				wg.Add(1)
				go func() { wg.Done() }()
				wg.Wait()
			}
		})
	}
}
