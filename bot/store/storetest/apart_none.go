//go:build !unix

package storetest

import (
	"errors"
	"os/exec"
)

func apart(*exec.Cmd) error { return errors.New("a test server needs a Unix") }
func own(string) error      { return errors.New("a test server needs a Unix") }
