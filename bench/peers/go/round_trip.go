package main

// There and back between two goroutines over two unbuffered channels.
func init() {
	workloads["round_trip"] = func() {
		measure("round_trip", 1, 1, func(n int) {
			there, back := make(chan int), make(chan int)
			go func() {
				for v := range there {
					back <- v
				}
				close(back)
			}()
			for i := 0; i < n; i++ {
				there <- i
				<-back
			}
			close(there)
			<-back
		})
	}
}
