package main

import (
	"sync"
	"time"
)

// 10,000 goroutines are parked and nothing happens: how often threads are woken in that time, and the
// CPU time. The timer that ends it is one of the wake-ups.
func init() {
	workloads["idle"] = func() {
		calm, watched := 5000.0, 10000.0
		if *targetMs < 100 {
			calm, watched = 3000, 2000
		}
		gate := make(chan struct{})
		var arrived, ended sync.WaitGroup
		arrived.Add(parkedTasks)
		ended.Add(parkedTasks)
		for t := 0; t < parkedTasks; t++ {
			go func() {
				arrived.Done()
				<-gate
				ended.Done()
			}()
		}
		arrived.Wait()
		time.Sleep(time.Duration(calm * 1e6))
		cpuBefore, switchesBefore, _ := used()
		time.Sleep(time.Duration(watched * 1e6))
		cpu, switches, _ := used()
		close(gate)
		ended.Wait()
		printResult("idle_wakeups", "1/10s", []float64{float64(switches-switchesBefore) * 1e4 / watched})
		printResult("idle_cpu", "ms/10s", []float64{(cpu - cpuBefore) * 1e4 / watched})
	}
}
