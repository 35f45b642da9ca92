package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

const twoRows = "timestamp,value\n2026-11-02 00:00:00,1\n2026-11-02 00:05:00,NaN\n"

func TestScoreFiles(t *testing.T) {
	for _, test := range []struct {
		name  string
		paths []string
		want  []string // below out, or the error
		wrong string
	}{
		{"a folder keeps what is below it", []string{"in"}, []string{"a.csv", "deep/b.CSV"}, ""},
		{"a file keeps its relative path", []string{"in/deep/b.CSV"}, []string{"in/deep/b.CSV"}, ""},
		{"the same file twice is scored once", []string{"in/a.csv", "in/a.csv"}, []string{"in/a.csv"}, ""},
		{"two files of one name", []string{"in", "other"}, nil, "would both be written to"},
		{"a folder without any", []string{"empty"}, nil, "there is no CSV file below empty"},
		{"a file that is not there", []string{"gone.csv"}, nil, "gone.csv"},
		{"a file that is no series", []string{"in/notes.txt"}, nil, "in/notes.txt: shift: the first line must name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "in/a.csv", twoRows)
			write(t, "in/deep/b.CSV", twoRows)
			write(t, "in/notes.txt", "nothing,here\n")
			write(t, "other/a.csv", twoRows)
			write(t, "empty/readme.md", "")
			scored, err := ScoreFiles("out", test.paths)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("the error is %v, want %q", err, test.wrong)
				}
				return
			}
			if err != nil || len(scored) != len(test.want) {
				t.Fatalf("%d files, %v; want %v", len(scored), err, test.want)
			}
			for i, want := range test.want {
				if scored[i].Out != filepath.Join("out", want) || scored[i].Rows != 2 {
					t.Errorf("%+v, want %s with two rows", scored[i], want)
				}
				if content, err := os.ReadFile(scored[i].Out); err != nil || !strings.HasPrefix(string(content), "timestamp,value,anomaly_score\n") {
					t.Errorf("%s holds %q, %v", scored[i].Out, content, err)
				}
			}
		})
	}
}

func TestScoreFilesNeverOverwritesTheirSource(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.csv", twoRows)
	if _, err := ScoreFiles(".", []string{"a.csv"}); err == nil || !strings.Contains(err.Error(), "over the file itself") {
		t.Errorf("the error is %v", err)
	}
	if content, err := os.ReadFile("a.csv"); err != nil || string(content) != twoRows {
		t.Errorf("the source holds %q, %v", content, err)
	}
	left, err := filepath.Glob(".scores-*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
