package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/firebreak-dev/firebreak/configs/secret"
)

func TestAValueIsMaskedInEveryForm(t *testing.T) {
	v := secret.New("xoxb-top-secret")
	type holder struct {
		Token secret.Value            `json:"token" yaml:"token"`
		Map   map[string]secret.Value `json:"map" yaml:"map"`
		Ptr   *secret.Value           `json:"ptr" yaml:"ptr"`
		inner secret.Value
	}
	h := holder{Token: v, Map: map[string]secret.Value{"a": v}, Ptr: &v, inner: v}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", v)
		fmt.Fprintf(&out, verb+"\n", h)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		data, err := marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v, "h", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v, "h", h, "p", &v)
	fmt.Fprintln(&out, fmt.Errorf("failed with %v: %w", v, fmt.Errorf("%v", h)))
	for _, leak := range []string{"top-secret", fmt.Sprintf("%x", "top-secret")} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("leaks %s:\n%s", leak, out.String())
		}
	}
	if v.Reveal() != "xoxb-top-secret" || !v.IsSet() || (secret.Value{}).IsSet() || (secret.Value{}).String() != "" {
		t.Error("the value itself is not what it was made of")
	}
}

func TestRedactMasksTheLongestFirst(t *testing.T) {
	got := secret.Redact("abcd abcdef ab", secret.New("abcd"), secret.New("abcdef"), secret.New("ab"), secret.Value{})
	if got != "••• ••• ab" {
		t.Errorf("got %q", got)
	}
}
