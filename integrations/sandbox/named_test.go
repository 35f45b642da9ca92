package sandbox

import (
	"testing"
)

func TestWhatWasNamedIsReadByTheLightOfTheTruth(t *testing.T) {
	guilty, drift, nobody := Scenario{Cause: "a"}, Scenario{vendor: "drift:x/"}, Scenario{}
	for _, c := range []struct {
		name     string
		scenario Scenario
		ranking  ranking
		want     Named
	}{
		{"the guilty one is first", guilty, ranking{0.1, []Suspect{{"a", 0.7}, {"b", 0.2}}}, Named{"a", 0.7, 0.1, false, 1}},
		{"another one is first", guilty, ranking{0.1, []Suspect{{"b", 0.7}, {"a", 0.2}}}, Named{"b", 0.7, 0.1, false, 2}},
		{"none is before the guilty one", guilty, ranking{0.5, []Suspect{{"a", 0.3}}}, Named{"a", 0.3, 0.5, true, 2}},
		{"the guilty one is not known", guilty, ranking{0.4, []Suspect{{"b", 0.6}}}, Named{"b", 0.6, 0.4, false, 0}},
		{"a vendor's change has a name of the bot's own", drift, ranking{0.1, []Suspect{{"drift:x/123", 0.8}}}, Named{"drift:x/123", 0.8, 0.1, false, 1}},
		{"nobody did it, and none is first", nobody, ranking{0.6, []Suspect{{"b", 0.4}}}, Named{"b", 0.4, 0.6, true, 1}},
		{"nobody did it, and somebody is named", nobody, ranking{0.3, []Suspect{{"b", 0.5}, {"c", 0.2}}}, Named{"b", 0.5, 0.3, false, 2}},
		{"no change is known", nobody, ranking{1, nil}, Named{"", 0, 1, true, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.scenario.named(c.ranking); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestEveryStoryIsWhole looks at each story before it is told.
func TestEveryStoryIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scenarios() {
		if seen[s.Name] || s.Name == "" || s.About == "" || s.Truth == "" || s.acts == nil || s.ends == nil || s.deadline <= 0 || len(s.promises) == 0 {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
		if s.speed < 1 || s.speed > 600 {
			t.Errorf("%s is told %g times faster than life", s.Name, s.speed)
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d stories", len(seen))
	}
}
