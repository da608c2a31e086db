package main

import (
	"fmt"
	"os"
	"sync"
)

// The prime sieve: a goroutine a prime, unbuffered channels between them; the first 2,000 primes.
func init() {
	workloads["sieve"] = func() {
		measureJob("sieve", func() {
			var wg sync.WaitGroup
			numbers, stop := make(chan int), make(chan struct{})
			wg.Add(1)
			go func(out chan int) {
				defer wg.Done()
				defer close(out)
				for i := 2; ; i++ {
					select {
					case out <- i:
					case <-stop:
						return
					}
				}
			}(numbers)
			prime := 0
			for i := 0; i < sievePrimes; i++ {
				prime = <-numbers
				rest := make(chan int)
				wg.Add(1)
				go func(in, out chan int, prime int) {
					for n := range in {
						if n%prime != 0 {
							out <- n
						}
					}
					close(out)
					wg.Done()
				}(numbers, rest, prime)
				numbers = rest
			}
			if prime != 17389 {
				fmt.Fprintln(os.Stderr, "not the 2,000th prime:", prime)
				os.Exit(1)
			}
			close(stop)
			for range numbers {
			}
			wg.Wait()
		})
	}
}
