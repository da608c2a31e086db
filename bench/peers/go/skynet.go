package main

import (
	"fmt"
	"os"
)

func skynetNode(to chan int, number, size int) {
	if size == 1 {
		to <- number
		return
	}
	from := make(chan int)
	for i := 0; i < 10; i++ {
		go skynetNode(from, number+i*(size/10), size/10)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-from
	}
	to <- sum
}

// A tree of a million goroutines: each inner one starts ten and adds up what they send.
func init() {
	workloads["skynet"] = func() {
		leaves := skynetLeaves
		if *fixedOps != 0 {
			leaves = *fixedOps
		}
		measureJob("skynet", func() {
			result := make(chan int)
			go skynetNode(result, 0, leaves)
			if <-result != leaves*(leaves-1)/2 {
				fmt.Fprintln(os.Stderr, "a wrong sum")
				os.Exit(1)
			}
		})
		_, _, peak := used()
		printResult("skynet_peak", "MB", []float64{peak})
	}
}
