package main

import (
	"flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// storiesAtOnce is how many stories are told side by side: their bots live by clocks of their own, and mostly wait.
const storiesAtOnce = 3

// TestMain lets the test binary be the program: stories run it as a process of its own.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", strconv.Itoa(max(storiesAtOnce, runtime.GOMAXPROCS(0)))) // as on the command line, which may say otherwise
	testscript.Main(m, map[string]func(){"firebreak": main})
}
