package main

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type stamp struct{ sent time.Time }

// A goroutine that has a thread of its own and sleeps in the kernel stands for a thread outside.
func wakeFromOutside(answers *atomic.Int64, ch chan stamp) {
	runtime.LockOSThread()
	pause := syscall.NsecToTimespec(wakePause.Nanoseconds())
	short := syscall.NsecToTimespec(20000)
	for i := 0; i < wakeSamples(); i++ {
		syscall.Nanosleep(&pause, nil)
		ch <- stamp{time.Now()}
		for answers.Load() <= int64(i) {
			syscall.Nanosleep(&short, nil)
		}
	}
	close(ch)
}

// The waking goroutine takes a processor while it sends, so one would measure how it gets rid of that.
func needTwo() {
	if *workers != 2 {
		os.Exit(3)
	}
}

func receive(answers *atomic.Int64, ch chan stamp) (samples []float64) {
	for s := range ch {
		samples = append(samples, float64(time.Since(s.sent).Nanoseconds())/1e3)
		answers.Add(1)
	}
	return samples
}

// How long until a goroutine runs that was woken: by a thread outside while all processors are idle,
// by one that goes on computing while the other processor is idle, and under load.
func init() {
	workloads["wake_idle"] = func() {
		needTwo()
		ch := make(chan stamp)
		var answers atomic.Int64
		go wakeFromOutside(&answers, ch)
		printPercentiles("wake_idle", "us", receive(&answers, ch), true)
	}
	workloads["wake_busy"] = func() {
		needTwo()
		ch := make(chan stamp, 1)
		var answers atomic.Int64
		var wg sync.WaitGroup
		var samples []float64
		wg.Add(1)
		go func() {
			samples = receive(&answers, ch)
			wg.Done()
		}()
		runtime.Gosched()
		for i := 0; i < wakeSamples(); i++ {
			for until := time.Now().Add(wakePause); time.Now().Before(until); {
			}
			ch <- stamp{time.Now()}
			for until := time.Now().Add(10 * wakePause); answers.Load() <= int64(i) && time.Now().Before(until); {
			}
		}
		close(ch)
		wg.Wait()
		printPercentiles("wake_busy", "us", samples, true)
	}
	workloads["wake_loaded"] = func() {
		needTwo()
		ch := make(chan stamp)
		var answers atomic.Int64
		var stop atomic.Bool
		var wg sync.WaitGroup
		results := make([]uint64, 8*loadTasks**workers)
		for t := 0; t < loadTasks**workers; t++ {
			wg.Add(1)
			go func(t int) {
				x := uint64(t)
				for !stop.Load() {
					x = burn(x, loadSteps)
					runtime.Gosched()
				}
				results[8*t] = x
				wg.Done()
			}(t)
		}
		go wakeFromOutside(&answers, ch)
		samples := receive(&answers, ch)
		stop.Store(true)
		wg.Wait()
		printPercentiles("wake_loaded", "us", samples, true)
	}
}
