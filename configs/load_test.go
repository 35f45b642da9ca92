package configs_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// loudness is a type of its own with a scalar form.
type loudness int

func (l *loudness) UnmarshalText(text []byte) error {
	if string(text) != "loud" {
		return errors.New(`only "loud" is known`)
	}
	*l = 11
	return nil
}

type limits struct {
	Parallel int8    `yaml:"parallel"`
	Retries  uint    `yaml:"retries"`
	Factor   float64 `yaml:"factor"`
}

// root uses every kind of field that the reader knows.
type root struct {
	Listen   string `yaml:"listen" doc:"The address to listen on."`
	Store    string `yaml:"store,env"`
	Services []struct {
		Name  string `yaml:"name"`
		Owner string `yaml:"owner"`
	} `yaml:"services"`
	Objectives []struct {
		Name   string        `yaml:"name,required"`
		Target float64       `yaml:"target,percent"`
		Period time.Duration `yaml:"period"`
		Tags   []string      `yaml:"tags"`
	} `yaml:"objectives"`
	Watch struct {
		Enabled   bool          `yaml:"enabled"`
		Interval  time.Duration `yaml:"interval"`
		Timeout   time.Duration `yaml:"timeout"`
		Retention time.Duration `yaml:"retention"`
		limits
	} `yaml:"watch"`
	Prometheus *struct {
		URL      string                  `yaml:"url,required"`
		Bearer   secret.Value            `yaml:"bearer"`
		Token    secret.Value            `yaml:"token"`
		Password secret.Value            `yaml:"password"`
		Headers  map[string]secret.Value `yaml:"headers"`
	} `yaml:"prometheus"`
	Labels  map[string]string `yaml:"labels"`
	Queries map[string]string `yaml:"queries"`
	Any     any               `yaml:"any"`
	Since   time.Time         `yaml:"since"`
	Level   loudness          `yaml:"level"`
	Hidden  string            // no tag: not in the file
}

func env() configs.Env {
	e := configs.MapEnv(map[string]string{"PD_KEY": "pd-secret", "EMPTY": "", "DB": "s3cret"})
	e.ReadFile = func(path string) ([]byte, error) {
		if path == "key.pem" {
			return []byte("file-secret\n"), nil
		}
		return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
	}
	return e
}

func TestEveryFaultIsToldAtItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var into root
			doc, diags := configs.Load(name+".yaml", data, &into, env())
			report := diag.New()
			for _, key := range []string{"plain", "single", "double", "literal", "folded", "wide", "spread", "tabs"} {
				if i := strings.Index(into.Queries[key], "bad"); i >= 0 {
					report.At("queries").Faultf(key, "bad", "%s is bad", key).Inside(i)
				}
			}
			if into.Labels["a.b[0]"] != "" {
				report.At("labels").Keyf("a.b[0]", "bad-key", "a bad key")
				report.At("labels").Faultf("a.b[0]", "bad", "a bad value")
				report.At("labels").Faultf("gone", "missing", "a label that is not there")
				report.Faultf("prometheus.url", "missing", "a section that is not there")
			}
			diags = append(diags, doc.Resolve(report.Faults())...)
			if len(diags) == 0 {
				t.Fatal("nothing was found")
			}
			var got bytes.Buffer
			if err := configs.Render(&got, diags, false); err != nil {
				t.Fatal(err)
			}
			for _, hidden := range []string{"top-secret", "MIIE", "hunter2", "also-hidden"} {
				if strings.Contains(got.String(), hidden) {
					t.Errorf("shows the secret %s", hidden)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", got.Bytes())
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (run with -update to accept)\n%s", file, d)
	}
}
