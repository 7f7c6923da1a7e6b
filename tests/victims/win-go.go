// SPDX-License-Identifier: LGPL-2.1-or-later

// Windows in Go: goroutines change threads inside of a function, their stacks move, functions begin
// again when the stack was too small, and leave by panic, recover and Goexit. What a goroutine
// that was started inside does is not done inside; what a caller has deferred is done before a panic
// leaves a function.
//
// WINDOW: main.works main.grows main.panics main.recovers main.exits main.(*box).method
// WINDOW: main.makes.func1 main.starts
// IN: main.works: getuid=1000 getgid=1000
// IN: main.grows: geteuid=200 getppid=20
// IN: main.panics: getegid=20
// IN: main.recovers: getpgrp=20
// IN: main.exits: getsid=20
// IN: main.(*box).method: getpgid=10
// IN: main.makes.func1: getpriority=10
// IN: main.starts: getuid=10
// AFTER: getgid
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
)

type box struct{ n int }

func mark(nr uintptr) {
	if _, _, e := syscall.RawSyscall(nr, 0, 0, 0); e != 0 {
		fmt.Println("a marker was refused")
		os.Exit(97)
	}
}

// Blocks in the middle: another thread may take the goroutine up again.
//
//go:noinline
func works(ready chan int, i int) int {
	mark(syscall.SYS_GETUID)
	ready <- i
	runtime.Gosched()
	i = <-ready
	mark(syscall.SYS_GETGID)
	return i
}

// Ten times as deep as a new goroutine's stack.
//
//go:noinline
func grows(n int) int {
	var room [1024]byte

	mark(syscall.SYS_GETEUID)
	room[n] = 1
	if n == 0 {
		runtime.GC()
		mark(syscall.SYS_GETPPID)
		return int(room[n])
	}
	return grows(n-1) + int(room[n])
}

//go:noinline
func panics(i int) int {
	mark(syscall.SYS_GETEGID)
	if i >= 0 {
		panic(i)
	}
	return i
}

func caught(i int) (r int) {
	defer func() {
		r = recover().(int)
		mark(syscall.SYS_GETEGID)
	}()
	return panics(i)
}

//go:noinline
func recovers(i int) (r int) {
	defer func() {
		r = recover().(int) + 1
		mark(syscall.SYS_GETPGRP)
	}()
	mark(syscall.SYS_GETPGRP)
	panic(i)
}

// Its deferred calls run inside of it.
//
//go:noinline
func exits(done *sync.WaitGroup) {
	defer done.Done()
	defer mark(syscall.SYS_GETSID)
	mark(syscall.SYS_GETSID)
	runtime.Goexit()
}

//go:noinline
func (b *box) method(i int) int {
	mark(syscall.SYS_GETPGID)
	return b.n + i
}

//go:noinline
func starts(done *sync.WaitGroup) {
	go func() {
		mark(syscall.SYS_GETGID)
		done.Done()
	}()
	mark(syscall.SYS_GETUID)
}

//go:noinline
func makes() func(int) int {
	return func(i int) int {
		mark(syscall.SYS_GETPRIORITY)
		return i
	}
}

func main() {
	var all sync.WaitGroup
	var lock sync.Mutex
	sum := 0

	all.Add(50)
	for g := 0; g < 50; g++ {
		go func() {
			ready := make(chan int, 1)
			mine := 0
			for i := 0; i < 20; i++ {
				mine += works(ready, i)
			}
			lock.Lock()
			sum += mine
			lock.Unlock()
			all.Done()
		}()
	}
	all.Wait()
	fmt.Println("50 goroutines:", sum)

	sum = 0
	all.Add(20)
	for g := 0; g < 20; g++ {
		go func() {
			r := grows(9)
			lock.Lock()
			sum += r
			lock.Unlock()
			all.Done()
		}()
	}
	all.Wait()
	fmt.Println("stacks that grow:", sum)

	sum = 0
	b := &box{3}
	last := makes()
	all.Add(20)
	for i := 0; i < 10; i++ {
		sum += caught(i) + recovers(i) + b.method(i) + last(i)
		go exits(&all)
		starts(&all)
	}
	all.Wait()
	fmt.Println("other ways:", sum)
}
