package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: stories run it as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"firebreak": main})
}
