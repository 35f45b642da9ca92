package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/firebreak-dev/firebreak/detectors/shift"
)

// ScoredFile is one CSV file that was scored.
type ScoredFile struct {
	In   string `json:"in"`
	Out  string `json:"out"`
	Rows int    `json:"rows"`
}

// ScoringDetector is the one detector that judges a bare series.
const ScoringDetector = shift.Name

// ScoreFiles scores the CSV files among the paths, and all below those that are folders, by the detector shift. A file is
// written below out under its path relative to what was named: to the named folder, or to the folder of a named file; a file
// named by a relative path keeps that path.
func ScoreFiles(out string, paths []string) ([]ScoredFile, error) {
	var scored []ScoredFile
	targets := map[string]string{}
	for _, path := range paths {
		files, err := csvFiles(path)
		if err != nil {
			return nil, err
		}
		for _, in := range files {
			relative, err := relativePath(path, in)
			if err != nil {
				return nil, err
			}
			target := filepath.Join(out, relative)
			if other, taken := targets[target]; taken {
				if other == in {
					continue
				}
				return nil, fmt.Errorf("%s and %s would both be written to %s", other, in, target)
			}
			targets[target] = in
			rows, err := scoreFile(in, target)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", in, err)
			}
			scored = append(scored, ScoredFile{In: in, Out: target, Rows: rows})
		}
	}
	return scored, nil
}

// csvFiles are the files of a path: itself, or all CSV files below a folder in the order of their names.
func csvFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.EqualFold(filepath.Ext(name), ".csv") {
			files = append(files, name)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is no CSV file below %s", path)
	}
	return files, err
}

// relativePath is where a file found by a named path belongs below the output folder.
func relativePath(named, file string) (string, error) {
	if named != file {
		return filepath.Rel(named, file)
	}
	if filepath.IsLocal(file) {
		return filepath.Clean(file), nil
	}
	return filepath.Base(file), nil
}

// scoreFile writes beside the target first, so that a file is whole or not there. A file is never written over itself.
func scoreFile(in, target string) (rows int, err error) {
	source, err := os.Open(in) // #nosec G304 -- the user names the file
	if err != nil {
		return 0, err
	}
	defer source.Close()
	if same(source, target) {
		return 0, fmt.Errorf("the scores would be written over the file itself; name another folder with --out")
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return 0, err
	}
	made, err := os.CreateTemp(filepath.Dir(target), ".scores-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(made.Name())
		}
	}()
	rows, err = shift.ScoreCSV(source, made)
	if closed := made.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return rows, err
	}
	return rows, os.Rename(made.Name(), target)
}

func same(source *os.File, target string) bool {
	a, errA := source.Stat()
	b, errB := os.Stat(target)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
