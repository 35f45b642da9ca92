package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/digest"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/integrations/slack"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Digest is what is told to a team at a time.
type Digest = bot.Digest

// DigestText is a digest in lines.
func DigestText(d Digest) string { return digest.Text(d) }

const (
	// digestSpace is the memory space of digests that were sent.
	digestSpace = "digest"
	// digestLate is how long after it was due a digest is still sent. The next one tells what is still true.
	digestLate = 2 * time.Hour
	// digestsEvery is how often it is looked whether one is due.
	digestsEvery = time.Minute
)

// What became of a digest that was due.
const (
	digestBegun   = "begun"   // it may have been sent
	digestSent    = "sent"    // it stands there
	digestSkipped = "skipped" // there was nothing to tell
	digestLost    = "lost"    // it cannot be sent, or nobody can tell whether it was
)

// courier carries digests to people.
type courier interface {
	Tell(ctx context.Context, channel, key string, d bot.Digest) error
	// Told looks whether a digest stands there.
	Told(ctx context.Context, channel, key string) (bool, error)
}

// slots keeps what became of digests.
type slots interface {
	Remember(ctx context.Context, space, key string, value []byte) error
	Recall(ctx context.Context, space, key string) ([]byte, bool, error)
}

// digests sends each digest once for each time at which it is due. Only the process that leads has one at work.
type digests struct {
	entries digest.Config
	zone    func(digest.Entry) *time.Location
	compose func(ctx context.Context, e digest.Entry, now, from time.Time) (bot.Digest, error)
	courier courier
	slots   slots
	now     func() time.Time
	logger  *slog.Logger
	counted *prometheus.CounterVec
	// settled are slots of which nothing more comes, so that the store is not asked every minute.
	mu      sync.Mutex
	settled map[string]string
}

// due sends what is due.
func (d *digests) due(ctx context.Context) error {
	var errs []error
	for _, e := range d.entries {
		if err := d.one(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("digest %s: %w", e.Kind, err))
		}
	}
	return errors.Join(errs...)
}

func (d *digests) one(ctx context.Context, e digest.Entry) error {
	now, zone := d.now(), d.zone(e)
	slot, due := e.Schedule().Due(zone, now.Add(-digestLate), now)
	if !due || d.isSettled(e.Key(), slot.Wall) {
		return nil
	}
	key := e.Key() + "/" + slot.Wall
	state, err := d.state(ctx, key)
	if err != nil {
		return err
	}
	if state == digestBegun {
		switch told, err := d.courier.Told(ctx, e.Channel, "digest/"+key); {
		case told:
			return d.settle(ctx, e, slot.Wall, digestSent)
		case hopeless(err):
			d.logger.ErrorContext(ctx, "whether a digest was sent cannot be looked at; it is not sent again", "digest", key, "error", err)
			return d.settle(ctx, e, slot.Wall, digestLost)
		case err != nil:
			return err
		}
	} else if state != "" {
		return d.settle(ctx, e, slot.Wall, state)
	}
	return d.send(ctx, e, slot.Wall, now, since(e, zone, slot.At))
}

// send tells it. Before the message goes out it is written down that it does, so that after a crash it is looked for first.
func (d *digests) send(ctx context.Context, e digest.Entry, wall string, now, from time.Time) error {
	made, err := d.compose(ctx, e, now, from)
	if err != nil {
		return err
	}
	if made.Empty && !e.Says() {
		return d.settle(ctx, e, wall, digestSkipped)
	}
	key := e.Key() + "/" + wall
	if err := d.keep(ctx, key, digestBegun); err != nil {
		return err
	}
	err = d.courier.Tell(ctx, e.Channel, "digest/"+key, made)
	if hopeless(err) {
		d.logger.ErrorContext(ctx, "a digest cannot be sent", "digest", key, "channel", e.Channel, "error", err)
		return d.settle(ctx, e, wall, digestLost)
	}
	if err != nil {
		return err
	}
	return d.settle(ctx, e, wall, digestSent)
}

// hopeless tells whether trying again would end alike.
func hopeless(err error) bool {
	if err == nil {
		return false
	}
	fate, _ := playbooks.FateOf(err)
	return fate == playbooks.Permanent
}

type digestState struct {
	State string `json:"state"`
}

func (d *digests) state(ctx context.Context, key string) (string, error) {
	text, found, err := d.slots.Recall(ctx, digestSpace, key)
	if err != nil || !found {
		return "", err
	}
	s := digestState{State: digestLost} // of what cannot be read nobody can tell; lost is better than told twice
	_ = json.Unmarshal(text, &s)
	return s.State, nil
}

func (d *digests) keep(ctx context.Context, key, state string) error {
	text, err := json.Marshal(digestState{state})
	if err != nil {
		return err
	}
	return d.slots.Remember(ctx, digestSpace, key, text)
}

func (d *digests) isSettled(key, wall string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settled[key] == wall
}

// settle writes down what became of a slot. It is counted where it is new.
func (d *digests) settle(ctx context.Context, e digest.Entry, wall, state string) error {
	key := e.Key() + "/" + wall
	before, err := d.state(ctx, key)
	if err != nil {
		return err
	}
	if before != state {
		if err := d.keep(ctx, key, state); err != nil {
			return err
		}
		d.counted.WithLabelValues(e.Kind, state).Inc()
		d.logger.InfoContext(ctx, "a digest was due", "digest", key, "became", state)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled[e.Key()] = wall
	return nil
}

// since is when the slot before one was, as far as a month back: from there on a digest tells.
func since(e digest.Entry, zone *time.Location, at time.Time) time.Time {
	const day = 24 * time.Hour
	const farthest = 32 * day
	for _, back := range []time.Duration{day, 8 * day, farthest} { // most come every day or every week
		if before, ever := e.Schedule().Due(zone, at.Add(-back), at.Add(-time.Second)); ever {
			return before.At
		}
	}
	return at.Add(-farthest)
}

// buildDigests makes what sends digests, where there is somewhere to send them.
func (a *App) buildDigests() *digests {
	counted := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_digests_total", Help: "Digests that were due, by kind and what became of them: sent, skipped, lost.",
	}, []string{"kind", "result"})
	for _, kind := range digest.Kinds() {
		for _, result := range []string{digestSent, digestSkipped, digestLost} {
			counted.WithLabelValues(kind, result)
		}
	}
	a.registry.MustRegister(counted)
	if a.vendors.slack == nil || len(a.config.Digests) == 0 || a.options.DryRun {
		return nil
	}
	return &digests{
		entries: a.config.Digests, zone: a.config.digestZone, courier: a.vendors.slack, slots: a.db, now: a.options.Clock.Now, logger: a.logger,
		counted: counted, settled: map[string]string{},
		compose: func(ctx context.Context, e digest.Entry, now, from time.Time) (bot.Digest, error) {
			return composer{a}.compose(ctx, e, now, from)
		},
	}
}

// digestZone is the zone whose wall clock counts for a digest.
func (c Config) digestZone(e digest.Entry) *time.Location {
	if zone, err := time.LoadLocation(e.Zone); err == nil && e.Zone != "" {
		return zone
	}
	return c.zone()
}

// checkDigests adds to the owner's checks what only the root knows: services, and whether there is somewhere to send them.
func (c Config) checkDigests(r *diag.Report) {
	c.Digests.Check(r)
	c.Digests.CheckServices(r, c.names())
	for i, e := range c.Digests {
		switch {
		case e.Channel != "" && !slack.IsChannel(e.Channel):
			r.Index(i).Faultf("channel", "bad-channel", "%q is neither a channel's ID nor its name", e.Channel).
				Suggest(`write the ID as "C0123456789", or the name as "#incidents"`)
		case !c.Slack.Enabled():
			r.Index(i).Faultf("kind", "nowhere", "a digest is sent to Slack, and there is no slack section with a token").
				Suggest("set slack.token; firebreak digest prints one without")
		case e.Channel == "" && c.Slack.Channel == "":
			r.Index(i).Faultf("channel", "missing", "it is not said where it is sent").Suggest(`write channel: "#incidents", or set slack.channel`)
		}
	}
}
