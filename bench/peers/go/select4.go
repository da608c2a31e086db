package main

// As select2, over four channels.
func init() {
	workloads["select4"] = func() {
		measure("select4", 1, 4, func(n int) {
			a, b, c, d := make(chan int), make(chan int), make(chan int), make(chan int)
			done := feed(n/4, a, b, c, d)
			sum := 0
			for i := 0; i < n; i++ {
				select {
				case v := <-a:
					sum += v
				case v := <-b:
					sum += v
				case v := <-c:
					sum += v
				case v := <-d:
					sum += v
				}
			}
			sink = sum
			done()
		})
	}
}
