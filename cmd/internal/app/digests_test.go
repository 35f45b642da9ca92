package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/digest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// post is a Slack that keeps what it was told, and a memory; both outlive the bot.
type post struct {
	told   []string
	kept   map[string]string
	away   error // what posting gives
	lost   bool  // it posts, and the answer gets lost
	hidden error // what looking gives
	now    time.Time
	empty  bool
	asked  []time.Time // since when digests were made
}

var errAway = &playbooks.Failure{Fate: playbooks.Transient, Err: errors.New("slack is away")}

func (p *post) Tell(_ context.Context, channel, key string, d bot.Digest) error {
	if p.away != nil {
		return p.away
	}
	p.told = append(p.told, fmt.Sprintf("%s %s in %s", key[len("digest/morning/")+13:], d.Title, channel))
	if p.lost {
		return &playbooks.Failure{Fate: playbooks.Unknown, Err: errors.New("no answer")}
	}
	return nil
}

func (p *post) Told(_ context.Context, _, key string) (bool, error) {
	if p.hidden != nil {
		return false, p.hidden
	}
	for _, told := range p.told {
		if told[:16] == key[len(key)-16:] {
			return true, nil
		}
	}
	return false, nil
}

func (p *post) Remember(_ context.Context, space, key string, value []byte) error {
	p.kept[space+" "+key] = string(value)
	return nil
}

func (p *post) Recall(_ context.Context, space, key string) ([]byte, bool, error) {
	v, found := p.kept[space+" "+key]
	return []byte(v), found, nil
}

func newPost(now string) *post {
	t, err := time.Parse(time.RFC3339, now)
	if err != nil {
		panic(err)
	}
	return &post{kept: map[string]string{}, now: t}
}

// bot is the sender as a process has it: a restart makes another one.
func (p *post) bot(t testing.TB, zone, cron string) *digests {
	t.Helper()
	var s calendar.Schedule
	if err := s.UnmarshalText([]byte(cron)); err != nil {
		t.Fatal(err)
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return &digests{
		entries: digest.Config{{Kind: digest.Morning, Cron: s, Channel: "#support-ai"}},
		zone:    func(digest.Entry) *time.Location { return where }, courier: p, slots: p, now: func() time.Time { return p.now },
		logger: slog.New(slog.DiscardHandler), settled: map[string]string{},
		counted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x"}, []string{"kind", "result"}),
		compose: func(_ context.Context, _ digest.Entry, _, from time.Time) (bot.Digest, error) {
			p.asked = append(p.asked, from.UTC())
			return bot.Digest{Title: "morning", Empty: p.empty}, nil
		},
	}
}

// minutes has the bot look every minute.
func (p *post) minutes(d *digests, n int) (errs int) {
	for range n {
		if d.due(context.Background()) != nil {
			errs++
		}
		p.now = p.now.Add(time.Minute)
	}
	return errs
}

func TestADigestIsSentOnceForEachTimeOnTheWall(t *testing.T) {
	for name, q := range map[string]struct {
		zone, cron, from string
		want             []string
	}{
		"on common days":                            {"Europe/Berlin", "30 8 * * *", "2026-11-25T00:00:00Z", []string{"2026-11-25T08:30", "2026-11-26T08:30"}},
		"when the clock is put over it":             {"Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", []string{"2026-03-29T02:30", "2026-03-30T02:30"}},
		"when the clock shows it twice":             {"Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", []string{"2026-10-25T02:30", "2026-10-26T02:30"}},
		"where the clock moves the other way round": {"America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", []string{"2026-11-01T01:30", "2026-11-02T01:30"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(q.from)
			for range 48 { // a bot that is restarted every hour
				if errs := p.minutes(p.bot(t, q.zone, q.cron), 60); errs > 0 {
					t.Fatalf("%d errors", errs)
				}
			}
			var want []string
			for _, wall := range q.want {
				want = append(want, wall+" morning in #support-ai")
			}
			if diff := cmp.Diff(want, p.told); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestADigestLooksBackToTheOneBefore(t *testing.T) {
	p := newPost("2026-11-23T07:00:00Z") // a Monday
	p.minutes(p.bot(t, "Europe/Berlin", "30 8 * * mon-fri"), 60)
	want := []time.Time{time.Date(2026, 11, 20, 7, 30, 0, 0, time.UTC)} // Friday
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Error(diff)
	}
}

func TestADigestOutlivesTrouble(t *testing.T) {
	const cron, zone = "30 8 * * *", "UTC"
	for name, q := range map[string]struct {
		happens func(*testing.T, *post)
		want    int
		state   string
	}{
		"Slack is away for an hour": {func(t *testing.T, p *post) {
			p.away = errAway
			if errs := p.minutes(p.bot(t, zone, cron), 60); errs != 60-30 {
				t.Errorf("%d errors", errs)
			}
			p.away = nil
			p.minutes(p.bot(t, zone, cron), 10)
		}, 1, digestSent},
		"Slack is away for too long": {func(t *testing.T, p *post) {
			p.away = errAway
			p.minutes(p.bot(t, zone, cron), 160)
			p.away = nil
			p.minutes(p.bot(t, zone, cron), 60)
		}, 0, digestBegun},
		"nothing runs when it is due": {func(t *testing.T, p *post) {
			p.now = p.now.Add(2 * time.Hour)
			p.minutes(p.bot(t, zone, cron), 10)
		}, 1, digestSent},
		"the answer gets lost": {func(t *testing.T, p *post) {
			p.lost = true
			p.minutes(p.bot(t, zone, cron), 60)
			p.lost = false
			p.minutes(p.bot(t, zone, cron), 60)
		}, 1, digestSent},
		"the answer gets lost, and nobody may look": {func(t *testing.T, p *post) {
			p.lost, p.hidden = true, &playbooks.Failure{Fate: playbooks.Permanent, Err: errors.New("missing_scope")}
			p.minutes(p.bot(t, zone, cron), 60)
		}, 1, digestLost},
		"the channel is gone": {func(t *testing.T, p *post) {
			p.away = &playbooks.Failure{Fate: playbooks.Permanent, Err: errors.New("channel_not_found")}
			if errs := p.minutes(p.bot(t, zone, cron), 60); errs != 0 {
				t.Errorf("it is told %d times more", errs)
			}
		}, 0, digestLost},
		"there is nothing to tell": {func(t *testing.T, p *post) {
			p.empty = true
			p.minutes(p.bot(t, zone, cron), 31)
			p.empty = false // that comes too late
			p.minutes(p.bot(t, zone, cron), 60)
		}, 0, digestSkipped},
		"what was kept cannot be read": {func(t *testing.T, p *post) {
			d := p.bot(t, zone, cron)
			p.kept["digest "+d.entries[0].Key()+"/2026-11-25T08:30"] = "x"
			p.minutes(d, 60)
		}, 0, digestLost},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost("2026-11-25T08:00:00Z")
			q.happens(t, p)
			if len(p.told) != q.want {
				t.Errorf("told %q", p.told)
			}
			for key, state := range p.kept {
				if state != "x" && state != `{"state":"`+q.state+`"}` {
					t.Errorf("%s is %s, want %s", key, state, q.state)
				}
			}
		})
	}
}

// TestADigestIsNeverToldTwice: whatever fails and whenever the bot is restarted.
func TestADigestIsNeverToldTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPost("2026-03-28T20:00:00Z")
		zone := rapid.SampledFrom([]string{"Europe/Berlin", "UTC", "America/New_York"}).Draw(rt, "zone")
		d := p.bot(t, zone, "15 * * * *")
		for range 40 {
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				d = p.bot(t, zone, "15 * * * *")
			case 1:
				p.lost = !p.lost
			case 2:
				p.away = errAway
			case 3:
				p.away = nil
			case 4:
				p.hidden = errAway
			case 5:
				p.hidden = nil
			}
			p.minutes(d, rapid.IntRange(1, 8).Draw(rt, "minutes"))
		}
		seen := map[string]bool{}
		for _, told := range p.told {
			if seen[told] {
				rt.Fatalf("%s was told twice", told)
			}
			seen[told] = true
		}
	})
}
