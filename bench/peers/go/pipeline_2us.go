package main

// Four stages with about 2 us of work in each, buffers of 16 between them; time an element.
func init() {
	workloads["pipeline_2us"] = func() {
		measure("pipeline_2us", 1, 1, func(n int) {
			first := make(chan uint64, stageCapacity)
			go func() {
				for i := 0; i < n; i++ {
					first <- uint64(i)
				}
				close(first)
			}()
			from := first
			for s := 0; s < stages; s++ {
				to := make(chan uint64, stageCapacity)
				go func(from, to chan uint64) {
					for v := range from {
						to <- burn(v, stageSteps)
					}
					close(to)
				}(from, to)
				from = to
			}
			sum := uint64(0)
			for v := range from {
				sum += v
			}
			sink = int(sum)
		})
	}
}
