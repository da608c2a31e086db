package main

// As select2, over eight channels.
func init() {
	workloads["select8"] = func() {
		measure("select8", 1, 8, func(n int) {
			var c [8]chan int
			for i := range c {
				c[i] = make(chan int)
			}
			done := feed(n/8, c[:]...)
			a, b, d, e, f, g, h, k := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
			sum := 0
			for i := 0; i < n; i++ {
				select {
				case v := <-a:
					sum += v
				case v := <-b:
					sum += v
				case v := <-d:
					sum += v
				case v := <-e:
					sum += v
				case v := <-f:
					sum += v
				case v := <-g:
					sum += v
				case v := <-h:
					sum += v
				case v := <-k:
					sum += v
				}
			}
			sink = sum
			done()
		})
	}
}
