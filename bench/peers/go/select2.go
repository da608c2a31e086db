package main

// A consumer selects over two unbuffered channels, each fed by a producer; time a received element.
func init() {
	workloads["select2"] = func() {
		measure("select2", 1, 2, func(n int) {
			a, b := make(chan int), make(chan int)
			done := feed(n/2, a, b)
			sum := 0
			for i := 0; i < n; i++ {
				select {
				case v := <-a:
					sum += v
				case v := <-b:
					sum += v
				}
			}
			sink = sum
			done()
		})
	}
}
