package main

import "sync"

// Four producers, four consumers, one buffer of 128; time an element.
func init() {
	workloads["mpmc4x4"] = func() {
		measure("mpmc4x4", 1, 4, func(n int) {
			ch := make(chan int, spscCapacity)
			var produced, consumed sync.WaitGroup
			produced.Add(4)
			consumed.Add(4)
			var sums [4 * 8]int
			for t := 0; t < 4; t++ {
				go func() {
					for i := 0; i < n/4; i++ {
						ch <- i
					}
					produced.Done()
				}()
				go func(t int) {
					sum := 0
					for v := range ch {
						sum += v
					}
					sums[8*t] = sum
					consumed.Done()
				}(t)
			}
			produced.Wait()
			close(ch)
			consumed.Wait()
			sink = sums[0]
		})
	}
}
