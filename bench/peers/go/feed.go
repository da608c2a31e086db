package main

import "sync"

// Starts a producer a channel, each sends `each` values; the result waits for their end.
func feed(each int, channels ...chan int) func() {
	var wg sync.WaitGroup
	for _, ch := range channels {
		wg.Add(1)
		go func(ch chan int) {
			for i := 0; i < each; i++ {
				ch <- i
			}
			wg.Done()
		}(ch)
	}
	return wg.Wait
}
