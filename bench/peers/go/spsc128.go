package main

// One producer, one consumer, a buffer of 128; time an element.
func init() {
	workloads["spsc128"] = func() {
		measure("spsc128", 1, 1, func(n int) {
			ch := make(chan int, spscCapacity)
			go func() {
				for i := 0; i < n; i++ {
					ch <- i
				}
				close(ch)
			}()
			sum := 0
			for v := range ch {
				sum += v
			}
			sink = sum
		})
	}
}

var sink int
