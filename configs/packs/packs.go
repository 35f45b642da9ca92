// Package packs holds the signal packs that ship with Firebreak, as YAML.
//
// The question: what are the signals of a service whose metrics have well-known names? A pack names metrics and labels once
// (under names, so that they can be overridden) and defines signals over them. integrations/prometheus reads the packs.
//
// It only embeds; it never parses and never asks anything.
package packs

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the packs in alphabetical order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded folder can always be read
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Read returns the YAML of a pack.
func Read(name string) ([]byte, error) {
	data, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("packs: no pack %q: known are %s", name, strings.Join(Names(), ", "))
	}
	return data, nil
}
