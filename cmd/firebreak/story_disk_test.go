package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// canMount tells whether this machine lets us mount a file system of our own, as root may outside of most containers.
var canMount = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "firebreak-mount-")
	if err != nil {
		return false
	}
	defer func() { _ = os.Remove(dir) }()
	return mount(dir, "1m") == nil && unmount(dir) == nil
})

func mount(dir, size string) error {
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size+",mode=0700", "firebreak-story", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	return nil
}

func unmount(dir string) error {
	out, err := exec.Command("umount", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("umount: %w: %s", err, out)
	}
	return nil
}

// storyCondition answers the conditions that testscript does not know.
func storyCondition(word string) (bool, error) {
	if word == "mount" {
		return canMount(), nil
	}
	return false, fmt.Errorf("unknown condition %q", word)
}

// cmdDisk makes a folder that is a small disk, fills it to the last byte, or empties it again.
func cmdDisk(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("takes mount DIR SIZE, fill DIR or free DIR")
	}
	dir := ts.MkAbs(args[1])
	ballast := filepath.Join(dir, "ballast")
	switch {
	case args[0] == "mount" && len(args) == 3:
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		if err := mount(dir, args[2]); err != nil {
			return "", err
		}
		w.atEnd = append(w.atEnd, func() error { return unmount(dir) })
		return "", nil
	case args[0] == "fill":
		return "", fill(ballast)
	case args[0] == "free":
		return "", os.Remove(ballast)
	default:
		return "", fmt.Errorf("unknown verb %q", args[0])
	}
}

// fill writes until nothing more fits.
func fill(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := io.CopyN(f, zeroes{}, int64(size)); err != nil {
			size /= 2
		}
	}
	return nil
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
