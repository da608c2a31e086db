package main

// A look that finds nothing: a select of two with a default, and a receive from one buffered channel
// with a default.
func init() {
	workloads["select_default"] = func() {
		measure("select_default", 1, 1, func(n int) {
			a, b := make(chan int), make(chan int)
			nothing := 0
			for i := 0; i < n; i++ {
				select {
				case <-a:
				case <-b:
				default:
					nothing++
				}
			}
			sink = nothing
		})
	}
	workloads["try_recv_empty"] = func() {
		measure("try_recv_empty", 1, 1, func(n int) {
			a := make(chan int, spscCapacity)
			nothing := 0
			for i := 0; i < n; i++ {
				select {
				case <-a:
				default:
					nothing++
				}
			}
			sink = nothing
		})
	}
}
