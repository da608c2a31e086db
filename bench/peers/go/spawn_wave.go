package main

import "sync"

// Waves of 10,000: each goroutine says that it has arrived, parks on a gate, and ends when the gate
// is opened. The empty body beside it.
func init() {
	workloads["spawn_wave"] = func() {
		measure("spawn_wave", 1, waveSize, func(n int) {
			for wave := 0; wave < n/waveSize; wave++ {
				gate := make(chan int)
				var arrived, ended sync.WaitGroup
				arrived.Add(waveSize)
				ended.Add(waveSize)
				for i := 0; i < waveSize; i++ {
					go func() {
						arrived.Done()
						<-gate
						ended.Done()
					}()
				}
				arrived.Wait()
				close(gate)
				ended.Wait()
			}
		})
		measure("spawn_wave_empty", 1, waveSize, func(n int) {
			for wave := 0; wave < n/waveSize; wave++ {
				var ended sync.WaitGroup
				ended.Add(waveSize)
				for i := 0; i < waveSize; i++ {
					go func() { ended.Done() }()
				}
				ended.Wait()
			}
		})
	}
}
