// Package library holds the playbooks that Firebreak ships: YAML that works as it stands and is meant to be read and copied.
//
// It answers: what does the playbook of this name say? A configuration names the ones it wants; nothing here starts by itself.
// Each has a story test that runs it by the pure rules of package run, from the trigger to the end, the good way and the bad
// ways.
//
// It never compiles them: whether the actions that they call are configured is only known where the catalogue is.
package library

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the shipped playbooks, sorted.
func Names() []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic("the embedded playbooks cannot be listed: " + err.Error()) // an embedded folder is always there
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Get returns the text of a shipped playbook and its file name as faults show it. It gives false for a name that is not
// shipped.
func Get(name string) (data []byte, file string, found bool) {
	if !slices.Contains(Names(), name) {
		return nil, "", false
	}
	data, err := files.ReadFile(name + ".yaml")
	return data, "library/" + name + ".yaml", err == nil
}
