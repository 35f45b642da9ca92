package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

func TestConfigCheck(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		says string // a part of the fault; empty for none
	}{
		"nothing is the default file":         {"", ""},
		"a file":                              {"sqlite:data/firebreak.db", ""},
		"a file by its whole path":            {"sqlite:/var/lib/firebreak/firebreak.db", ""},
		"a server":                            {"postgres://fb:pw@db.internal:5432/firebreak?sslmode=require", ""},
		"a server by the longer word":         {"postgresql:///firebreak", ""},
		"no path":                             {"sqlite:", "path of the SQLite file is missing"},
		"memory":                              {"sqlite::memory:", "forgets everything"},
		"a URL with a host for a file":        {"sqlite://firebreak.db", "not a URL with a host"},
		"parameters on a file":                {"sqlite:a.db?_pragma=synchronous(OFF)", "must not contain ?"},
		"another database":                    {"mysql://root:hunter22@db/x", `unknown kind of store "mysql:"`},
		"a path without its kind":             {"firebreak.db", "unknown kind of store"},
		"a server with a port that is a word": {"postgres://fb:hunter22@db:port/x", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			r := diag.New()
			config := store.Config{URL: c.url}
			config.Check(r)
			faults := r.Faults()
			if (len(faults) > 0) != (c.says != "") {
				t.Fatalf("faults %+v, want one that says %q", faults, c.says)
			}
			for _, f := range faults {
				if f.Path != "url" || f.Code != "bad-store-url" || f.Fix == "" || !strings.Contains(f.Message, c.says) {
					t.Errorf("fault %+v, want one of url that says %q and how to mend it", f, c.says)
				}
				if strings.Contains(fmt.Sprint(f), "hunter22") {
					t.Errorf("the fault tells the password: %+v", f)
				}
			}
			if c.says != "" {
				_, err := store.Open(t.Context(), config, store.Options{})
				if wantCode(t, err, bot.Invalid); strings.Contains(err.Error(), "hunter22") {
					t.Errorf("the error tells the password: %v", err)
				}
			}
		})
	}
}

// printed is the configuration in every form in which it may come before somebody's eyes.
func printed(tb testing.TB, c store.Config) map[string]string {
	tb.Helper()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "store", c)
	asJSON, err := json.Marshal(struct{ Store store.Config }{c})
	if err != nil {
		tb.Fatal(err)
	}
	asYAML, err := yaml.Marshal(struct{ Store store.Config }{c})
	if err != nil {
		tb.Fatal(err)
	}
	return map[string]string{
		"%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", struct{ Store store.Config }{c}), "%#v": fmt.Sprintf("%#v", c), "%s": c.String(),
		"log": log.String(), "JSON": string(asJSON), "YAML": string(asYAML),
	}
}

func TestConfigNeverShowsItsPassword(t *testing.T) {
	for _, u := range []string{
		"postgres://fb:hunter22@db:5432/firebreak",
		"postgres://fb:hunter22%40x@db:5432/firebreak",
		"postgres://db/firebreak?user=fb&password=hunter22",
		"postgres://db/firebreak?sslpassword=hunter22&user=fb",
		"postgres://fb:hunter22@db:port/%zz",
	} {
		for how, text := range printed(t, store.Config{URL: u}) {
			if strings.Contains(text, "hunter22") {
				t.Errorf("%s of %s shows the password: %s", how, u, text)
			}
			if !strings.Contains(text, "db") {
				t.Errorf("%s of %s hides more than the password: %s", how, u, text)
			}
		}
	}
	if got := (store.Config{URL: "sqlite:firebreak.db"}).String(); got != "sqlite:firebreak.db" {
		t.Errorf("a path is printed as %q", got)
	}
}

func FuzzConfigNeverShowsItsPassword(f *testing.F) {
	for _, seed := range []string{"hunter22", "p@ss:word/1", "a%40b?c#d", "•••••", "pass word"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		const rest = "postgres://fb@db:5432/firebreak"
		if len(password) < 4 || strings.Contains(rest, password) {
			t.Skip("a part of the rest of the text")
		}
		u := url.URL{Scheme: "postgres", User: url.UserPassword("fb", password), Host: "db:5432", Path: "/firebreak"}
		c := store.Config{URL: u.String()}
		c.Check(diag.New())
		if text := c.String(); strings.Contains(text, password) && password != "•••" {
			t.Errorf("%q shows the password %q", text, password)
		}
	})
}
