package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

const manySorts = `
zone: Europe/Berlin
service_zones: {tokyo-bot: Asia/Tokyo}
friday_from: "14:00"
service_fridays: {search: "10:30"}
allow:
  - {name: office, days: mon-fri, from: "07:00", to: "20:00"}
  - {name: release-train, cron: "0 22 * * tue", lasts: 90m, services: [support]}
deny:
  - {name: maintenance, cron: "0 9 1 * *", lasts: 2h}
absences:
  - {who: ana, from: 2026-11-16, to: 2026-11-20, reason: nobody else knows the retrieval, services: [search]}
holidays: [de]
`

func busy(tb testing.TB) calendar.Known {
	tb.Helper()
	return calendar.Known{
		Freezes: []calendar.Freeze{
			{Name: "frz-1", From: calendar.Instant(at(tb, "2026-11-18T10:00:00Z")), To: calendar.Instant(at(tb, "2026-11-18T12:00:00Z")), Reason: "an audit"},
			{Name: "frz-2", From: calendar.Instant(at(tb, "2026-12-15T10:00:00Z"))},
		},
		Feeds: []calendar.Feed{
			{Name: "company", Means: calendar.Closed, Busy: []calendar.Busy{
				{From: calendar.Wall(at(tb, "2026-11-23T00:00:00Z")), To: calendar.Wall(at(tb, "2026-11-24T00:00:00Z")), What: "all hands"},
			}},
			{Name: "on-call", Means: calendar.Absent, Problem: "it answered 503; the copy of 12:00 is used", Busy: []calendar.Busy{
				{From: calendar.Instant(at(tb, "2026-11-19T08:00:00Z")), To: calendar.Instant(at(tb, "2026-11-19T09:30:00Z")), What: "ben"},
			}},
		},
	}
}

func TestWhatIsKnownBesideTheConfiguration(t *testing.T) {
	c := open(t, manySorts).With(busy(t))
	for name, q := range map[string]struct {
		now, service string
		codes        string
		until, edge  string
	}{
		"an open window by schedule":                {"2026-11-17T21:30:00Z", "support", "", "2026-11-17T22:30:00Z", "2026-11-17T22:30:00Z"},
		"it is another service's":                   {"2026-11-17T21:30:00Z", "search", "out_of_window absence", "2026-11-18T06:00:00Z", "2026-11-18T06:00:00Z"},
		"a closed window by schedule":               {"2026-12-01T08:30:00Z", "support", "out_of_window", "2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z"},
		"a freeze that somebody started":            {"2026-11-18T11:00:00Z", "support", "freeze", "2026-11-18T12:00:00Z", "2026-11-18T12:00:00Z"},
		"a freeze without an end lasts":             {"2026-12-16T10:00:00Z", "support", "freeze", "", "2026-12-16T19:00:00Z"},
		"an appointment on the wall of Berlin":      {"2026-11-23T09:00:00Z", "support", "out_of_window", "2026-11-24T06:00:00Z", "2026-11-23T19:00:00Z"},
		"and on that of Tokyo, where office begins": {"2026-11-22T22:30:00Z", "tokyo-bot", "out_of_window", "2026-11-23T22:00:00Z", "2026-11-23T11:00:00Z"},
		"somebody away is told and closes nothing":  {"2026-11-19T08:30:00Z", "support", "absence", "2026-11-19T19:00:00Z", "2026-11-19T09:30:00Z"},
		"Friday has a team's hour":                  {"2026-11-27T09:30:00Z", "search", "friday", "2026-11-27T19:00:00Z", "2026-11-27T19:00:00Z"},
		"which others do not have":                  {"2026-11-27T09:30:00Z", "support", "", "2026-11-27T19:00:00Z", "2026-11-27T13:00:00Z"},
		"the eve of a holiday ends with the day":    {"2026-12-24T23:30:00Z", "never-frozen", "freeze out_of_window holiday holiday_eve", "", "2026-12-25T06:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			v := c.At(at(t, q.now), q.service)
			if got := codes(v.Reasons); got != q.codes {
				t.Errorf("reasons %q, want %q", got, q.codes)
			}
			if got := written(v.Until); got != q.until {
				t.Errorf("until %s, want %s", got, q.until)
			}
			if got := written(c.Edge(at(t, q.now), q.service)); got != q.edge {
				t.Errorf("edge %s, want %s", got, q.edge)
			}
		})
	}
}

func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func TestSentencesSayWhoAndWhat(t *testing.T) {
	c := open(t, manySorts).With(busy(t))
	var got []string
	for _, now := range []string{"2026-11-18T11:00:00Z", "2026-12-16T10:00:00Z", "2026-11-23T09:00:00Z", "2026-11-19T08:30:00Z"} {
		v := c.At(at(t, now), "search")
		for _, r := range v.Reasons {
			got = append(got, r.Sentence+" / "+r.Lower)
		}
		if d := cmp.Diff([]string{"the calendar on-call: it answered 503; the copy of 12:00 is used"}, v.Unseen); d != "" {
			t.Error(d)
		}
	}
	want := []string{
		"the freeze frz-1 lasts until Wed 18 Nov 13:00: an audit / wait until Wed 18 Nov 13:00",
		"away: ana, until Sat 21 Nov 00:00: nobody else knows the retrieval / land it when they are back, or name who stands in",
		"the freeze frz-2 lasts until somebody ends it / ",
		"the calendar company has all hands / wait until Tue 24 Nov 07:00",
		"away: ana, until Sat 21 Nov 00:00: nobody else knows the retrieval / land it when they are back, or name who stands in",
		"away: ben, says the calendar on-call / land it when they are back, or name who stands in",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTheEdgeIsWhereTheVerdictBecomesAnother(t *testing.T) {
	c := open(t, manySorts).With(busy(t))
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1_793_000_000, 1_796_800_000).Draw(t, "now"), 0)
		service := rapid.SampledFrom([]string{"", "support", "search", "tokyo-bot"}).Draw(t, "service")
		v, edge := c.At(now, service), c.Edge(now, service)
		if !edge.After(now) || edge.After(v.Until) && !v.Until.IsZero() {
			t.Fatalf("edge %v, now %v, until %v", edge, now, v.Until)
		}
		between := now.Add(time.Duration(rapid.Int64Range(0, int64(edge.Sub(now))-1).Draw(t, "between")))
		if got := c.At(between, service); got.Open != v.Open || codes(got.Reasons) != codes(v.Reasons) || !got.Until.Equal(v.Until) {
			t.Fatalf("at %v it is %v %q until %v; from %v it was %v %q until %v", between, got.Open, codes(got.Reasons), got.Until,
				now, v.Open, codes(v.Reasons), v.Until)
		}
		if got := c.Edge(edge.Add(-time.Nanosecond), service); !got.Equal(edge) {
			t.Fatalf("just before it the edge is %v, not %v", got, edge)
		}
		after := c.At(edge, service)
		if after.Open == v.Open && codes(after.Reasons) == codes(v.Reasons) && len(after.Reasons) == 0 {
			t.Fatalf("nothing changes at %v", edge)
		}
		if !v.Until.IsZero() && c.At(v.Until, service).Open == v.Open {
			t.Fatalf("it does not flip at %v", v.Until)
		}
		if !v.Until.IsZero() && c.At(v.Until.Add(-time.Nanosecond), service).Open != v.Open {
			t.Fatalf("it flips before %v", v.Until)
		}
	})
}

func TestWindowsThatNeverOpenAreRefusedWithTheirPosition(t *testing.T) {
	for name, q := range map[string]struct{ text, want string }{
		"a closed window covers an open one": {
			"allow: [{name: a, days: mon-wed, from: '09:00', to: '12:00'}]\ndeny: [{name: d, days: mon-fri}]",
			"1:16 never-opens the window a never opens: d forbids all of it",
		},
		"two closed windows cover it together": {
			"allow: [{name: a, from: '09:00', to: '12:00'}]\ndeny: [{name: d, to: '10:00'}, {name: e, from: '10:00'}]",
			"1:16 never-opens the window a never opens: d and e together forbid all of it",
		},
		"a gap of a minute is enough": {
			"allow: [{name: a, from: '09:00', to: '12:00'}]\ndeny: [{name: d, to: '10:00'}, {name: e, from: '10:01'}]", "",
		},
		"an open window in the night that is closed": {
			"allow: [{name: a, from: '23:00', to: '02:00'}]\ndeny: [{name: d, from: '22:00', to: '06:00'}]",
			"1:16 never-opens the window a never opens: d forbids all of it",
		},
		"another service's closed window takes nothing": {
			"allow: [{name: a, days: mon, services: [s]}]\ndeny: [{name: d, days: mon, services: [t]}]", "",
		},
		"everything is closed": {
			"deny: [{name: d, days: mon-fri}, {name: e, days: sat-sun}]",
			"1:15 never-opens nothing is ever open: d and e together forbid all of it",
		},
		"everything is closed for one service": {
			"deny: [{name: d, days: mon-fri}, {name: e, days: sat-sun, services: [s]}]",
			"1:41 never-opens nothing is ever open for s: d and e together forbid all of it",
		},
		"all of a service's open windows are closed": {
			"allow: [{name: a, days: mon}, {name: b, days: tue}]\ndeny: [{name: d, days: mon-tue, services: [s]}]",
			"2:15 never-opens nothing is ever open for s: d forbids all of it",
		},
		"a schedule within a closed window": {
			"allow: [{name: a, cron: '0 10 * * fri', lasts: 2h}]\ndeny: [{name: d, days: fri, from: '09:00', to: '12:00'}]",
			"1:16 never-opens the window a never opens: d forbids all of it",
		},
		"a schedule that reaches out of it": {
			"allow: [{name: a, cron: '0 10 * * fri', lasts: 121m}]\ndeny: [{name: d, days: fri, from: '09:00', to: '12:00'}]", "",
		},
		"a closed schedule over an open window": {
			"allow: [{name: a, days: mon, from: '09:00', to: '10:00'}]\ndeny: [{name: d, cron: '0 8 * * mon', lasts: 3h}]",
			"1:16 never-opens the window a never opens: d forbids all of it",
		},
		"dates of which all are frozen": {
			"allow: [{name: a, dates: [2026-12-24..2026-12-26]}]\nfreezes: [{name: f, from: 2026-12-20, to: 2026-12-31}]",
			"1:16 never-opens the window a never opens: f forbids all of it",
		},
		"dates take nothing from a window that comes back": {
			"allow: [{name: a, days: thu}]\ndeny: [{name: d, dates: [2020-01-01..2029-12-31]}]", "",
		},
		"a day that never comes": {
			"allow: [{name: a, cron: '0 9 30 2 *', lasts: 2h}]",
			`1:25 never-opens "0 9 30 2 *" never comes: there is no such day`,
		},
		"a schedule of every minute":    {"deny: [{name: d, cron: '* * * * *', lasts: 2h}]", `1:24 bad-window "* * * * *" begins again within 5m0s`},
		"a schedule without length":     {"deny: [{name: d, cron: '0 9 * * *'}]", "1:8 missing a window by cron needs how long it lasts"},
		"too long":                      {"deny: [{name: d, cron: '0 9 * * *', lasts: 32d}]", "1:44 bad-window a window lasts between 1m and 31d, not 768h0m0s"},
		"a length without a schedule":   {"deny: [{name: d, days: fri, lasts: 2h}]", "1:36 bad-window lasts is for windows that begin by cron"},
		"a schedule and days":           {"deny: [{name: d, days: fri, cron: '0 9 * * *', lasts: 2h}]", "1:35 bad-window a window has cron and lasts, or days, dates, from and to; not both"},
		"an absence of nobody":          {"absences: [{from: 2026-12-24, to: 2026-12-26}]", "1:12 missing an absence needs somebody who is away"},
		"an absence that ends too soon": {"absences: [{who: ana, from: 2026-12-24, to: 2026-12-20}]", "1:45 bad-absence the absence ends before it begins"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(faults(t, q.text), "\n"); got != q.want {
				t.Errorf("got  %s\nwant %s", got, q.want)
			}
		})
	}
}

func faults(tb testing.TB, text string) (out []string) {
	tb.Helper()
	var c calendar.Config
	doc, diags := configs.Load("f.yaml", []byte(text), &c, configs.Env{})
	r := diag.New()
	c.WithDefaults().Check(r)
	for _, d := range append(diags, doc.Resolve(r.Faults())...) {
		out = append(out, fmt.Sprintf("%d:%d %s %s", d.Line, d.Col, d.Code, d.Message))
	}
	return out
}

func TestSchedulesAreReadStrictly(t *testing.T) {
	for _, text := range []string{"TZ=UTC 0 9 * * *", "CRON_TZ=UTC 0 9 * * *", "@every 1h", "0 9 * *", "61 * * * *", "0 9 * * * *", "", strings.Repeat("1,", 200)} {
		var s calendar.Schedule
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	var s calendar.Schedule
	if err := s.UnmarshalText([]byte("@weekly")); err != nil || !s.IsSet() {
		t.Errorf("@weekly was not read: %v", err)
	}
}

// TestWhatCheckAcceptsOpens draws windows and holds the refusal against every minute of a month.
func TestWhatCheckAcceptsOpens(t *testing.T) {
	days := []string{"", "days: mon-fri, ", "days: 'sat,sun', ", "days: tue, "}
	hours := []string{"", "from: '06:00'", "to: '06:00'", "from: '22:00', to: '06:00'", "from: '06:00', to: '22:00'", "from: '09:00', to: '09:20'"}
	rapid.Check(t, func(t *rapid.T) {
		window := func(name string) string {
			return "{name: " + name + ", " + rapid.SampledFrom(days).Draw(t, name+" days") + rapid.SampledFrom(hours).Draw(t, name+" hours") + "}"
		}
		text := "allow: [" + window("a") + "]\ndeny: [" + window("d") + ", " + window("e") + "]\n"
		var config calendar.Config
		if _, diags := configs.Load("f.yaml", []byte(text), &config, configs.Env{}); len(diags) > 0 {
			t.Fatalf("%s: %v", text, diags)
		}
		r := diag.New()
		config.Check(r)
		c, err := calendar.New(config)
		if err != nil {
			t.Fatal(err)
		}
		v := c.At(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), "")
		opens := v.Open || !v.Until.IsZero()
		if refused := r.Len() > 0; refused == opens {
			t.Fatalf("%s: refused %v, opens %v", text, refused, opens)
		}
	})
}
