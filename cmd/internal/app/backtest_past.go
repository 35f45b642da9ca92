package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
)

// past is where a backtest reads what was.
type past struct {
	source   watch.Source
	watched  []watch.Watched
	recorded bool
	// first and last bound a recording; zero for a Prometheus.
	first, last time.Time
	notes       []string
	close       func()
}

// past opens the recorded series, or the configured Prometheus.
func (c Config) past(ctx context.Context, o BacktestOptions) (*past, error) {
	signals, err := c.signals()
	if err != nil {
		return nil, err
	}
	targets := prometheus.Targets(c.services(), c.Prometheus.EnvironmentLabel)
	if o.Series == "" {
		return c.livePast(signals, targets)
	}
	found, err := seriesFiles(o.Series)
	if err != nil {
		return nil, err
	}
	if len(found.prom) > 0 {
		o.Progress("reading", 0)
		return c.promPast(found.prom, signals, targets, o.Now)
	}
	source, err := prometheus.NewSource(nil, signals, targets)
	if err != nil {
		return nil, err
	}
	return csvPast(ctx, o, found.csv, source.Watched(), min(c.Watch.Interval, time.Minute))
}

func (c Config) livePast(signals []prometheus.SignalConfig, targets []prometheus.Target) (*past, error) {
	if c.Prometheus.URL == "" {
		return nil, errors.New("no Prometheus is configured: set prometheus.url, or give recorded series with --series DIR")
	}
	return askingPast(c.Prometheus, nil, signals, targets)
}

// askingPast is a past that is asked for by the product's own questions.
func askingPast(config prometheus.Config, over http.RoundTripper, signals []prometheus.SignalConfig, targets []prometheus.Target) (*past, error) {
	client, err := prometheus.NewClient(config, over)
	if err != nil {
		return nil, err
	}
	source, err := prometheus.NewSource(client, signals, targets)
	if err != nil {
		return nil, err
	}
	return &past{source: source, watched: source.Watched(), close: client.Close}, nil
}

// promPast reads text files into memory and has the PromQL engine answer the product's own questions from them. No port is opened.
func (c Config) promPast(files []string, signals []prometheus.SignalConfig, targets []prometheus.Target, now func() time.Time) (*past, error) {
	recording := promapi.NewRecording()
	for _, file := range files {
		text, err := readUpTo(file, maxPromFile)
		if err != nil {
			return nil, err
		}
		if err := recording.Read(text); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if recording.Samples() == 0 {
		return nil, fmt.Errorf("%s: no sample is in it; a line is name{labels} value time", files[0])
	}
	engine := promapi.NewServer(recording, now, nil)
	config := prometheus.Config{URL: "http://recording.invalid", Timeout: time.Minute, MaxBytes: 1 << 30}
	p, err := askingPast(config, inProcess{engine}, signals, targets)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	closeClient := p.close
	p.close = func() { closeClient(); _ = engine.Close() }
	p.recorded = true
	p.first, p.last = recording.Extent()
	return p, nil
}

// inProcess answers requests by a handler.
type inProcess struct{ handler http.Handler }

// RoundTrip answers.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &inMemory{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// inMemory keeps an answer.
type inMemory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *inMemory) Header() http.Header            { return w.header }
func (w *inMemory) WriteHeader(status int)         { w.status = status }
func (w *inMemory) Write(data []byte) (int, error) { return w.body.Write(data) }

// silent tells of the series that should have been judged and that a recording does not hold.
func (p *past) silent(r *watch.Replay) []string {
	missed := r.Missed()
	missing := make([]string, 0, len(missed))
	for _, id := range missed {
		missing = append(missing, fmt.Sprintf("%s of %s", id.Signal, id.Service))
	}
	if len(missing) == 0 {
		return nil
	}
	const shown = 5
	text := fmt.Sprintf("not recorded, and so not judged: %s", joined(missing[:min(len(missing), shown)]))
	if more := len(missing) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{text}
}

const (
	// leadPiece is how many tiles one question about the time before asks for at most, as for a start of the bot.
	leadPiece = 240
	// blockTiles is how many tiles are asked for at a time while the past is gone through: half a day by the minute.
	blockTiles = 720
	// leastPiece is how small a piece becomes that the source finds too expensive.
	leastPiece = 30
	// askingAtOnce bounds the questions that are under way at a time.
	askingAtOnce = 2
	// again is how long is waited before a source that cannot be reached is asked again.
	again = 2 * time.Second
)

// part is a question with what was answered.
type part struct {
	q   watch.Query
	a   watch.Answer
	err error
}

// piece asks a question, in halves where it is too expensive. An error means that the source is gone.
func (b *backtesting) piece(ctx context.Context, q watch.Query) ([]part, error) {
	a, err := b.askOnce(ctx, q)
	why := watch.ReasonOf(err)
	if why == detectors.Unreachable && ctx.Err() == nil {
		timer := time.NewTimer(again)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
			a, err = b.askOnce(ctx, q)
			why = watch.ReasonOf(err)
		}
	}
	tiles := int(q.To.Sub(q.From) / q.Step)
	switch {
	case err == nil:
		return []part{{q: q, a: a}}, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case why == detectors.Unreachable:
		return nil, fmt.Errorf("the past of %s cannot be read: %w", q.Signal, err)
	case (why == detectors.TooExpensive || why == detectors.Timeout) && tiles >= 2*leastPiece:
		middle := q.From.Add(time.Duration(tiles/2) * q.Step)
		older, err := b.piece(ctx, watch.Query{Signal: q.Signal, From: q.From, To: middle, Step: q.Step})
		if err != nil {
			return nil, err
		}
		newer, err := b.piece(ctx, watch.Query{Signal: q.Signal, From: middle, To: q.To, Step: q.Step})
		return append(older, newer...), err
	default:
		return []part{{q: q, err: err}}, nil
	}
}

func (b *backtesting) askOnce(ctx context.Context, q watch.Query) (watch.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, max(b.config.Watch.WithDefaults().Timeout, 30*time.Second))
	defer cancel()
	return b.past.source.Ask(ctx, q)
}

// mostNotes bounds what is noted of answers; what is beyond it is counted.
const mostNotes = 20

// unseen notes that a part of the past could not be read.
func (b *backtesting) unseen(p part) {
	b.note(fmt.Sprintf("%s could not be read from %s to %s, and was taken as not seen: %v", p.q.Signal, clockOf(p.q.From), clockOf(p.q.To), p.err))
}

// note keeps a remark about an answer once.
func (b *backtesting) note(text string) {
	switch {
	case b.noted[text]:
	case len(b.noted) >= mostNotes:
		b.unnoted++
	default:
		b.noted[text] = true
		b.notes = append(b.notes, text)
	}
}

// remarks notes what the source says beside its answers.
func (b *backtesting) remarks(parts []part) {
	for _, p := range parts {
		for _, text := range p.a.Notes {
			b.note(p.q.Signal + ": " + text)
		}
	}
}

// catchUp fills the windows up to the beginning, as a start of the bot would.
func (b *backtesting) catchUp(ctx context.Context) error {
	var queries []watch.Query
	for _, w := range b.past.watched {
		for _, q := range b.replay.Behind(w.Signal.Name, b.from, leadPiece) {
			if !b.past.recorded || q.To.After(b.past.first) {
				queries = append(queries, q)
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(askingAtOnce)
	var mu sync.Mutex
	done := 0
	var failed error
	for _, q := range queries {
		group.Go(func() error {
			parts, err := b.piece(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || failed != nil {
				failed = errors.Join(failed, err)
				return err
			}
			b.remarks(parts)
			for _, p := range parts {
				if p.err != nil {
					b.unanswered(p, p.q)
				} else if err := b.replay.Put(p.q, p.a); err != nil {
					return err
				}
			}
			done++
			b.options.Progress("reading what was before", float64(done)/float64(len(queries)))
			return nil
		})
		mu.Lock()
		stop := failed != nil
		mu.Unlock()
		if stop {
			break
		}
	}
	return group.Wait()
}

func (b *backtesting) unanswered(p part, q watch.Query) {
	b.replay.Unanswered(q, p.err)
	b.unseen(p)
}

// block is a stretch of the past with all answers about it, not yet seen by anybody.
type block struct {
	from, to time.Time
	signals  []rest
	unseen   func(part)
}

// rest is what is left of a signal's answers, in the order of time.
type rest struct {
	signal string
	parts  []part
}

// put hands on the tiles that end at a time.
func (k *block) put(r *watch.Replay, at time.Time, base time.Duration) error {
	for i := range k.signals {
		s := &k.signals[i]
		for len(s.parts) > 0 && s.parts[0].q.To.Before(at) {
			s.parts = s.parts[1:]
		}
		if len(s.parts) == 0 {
			continue
		}
		p := &s.parts[0]
		q := watch.Query{Signal: s.signal, From: at.Add(-base), To: at, Step: base}
		if p.err != nil {
			if at.Equal(p.q.From.Add(base)) {
				k.unseen(*p)
			}
			r.Unanswered(q, p.err)
			continue
		}
		n := 0
		for n < len(p.a.Readings) && !p.a.Readings[n].At.After(at) {
			n++
		}
		if err := r.Put(q, watch.Answer{Readings: p.a.Readings[:n]}); err != nil {
			return err
		}
		p.a.Readings = p.a.Readings[n:]
	}
	return nil
}

// blocks reads the past, one block ahead of whoever goes through it. The second channel gives the one error, or closes.
func (b *backtesting) blocks(ctx context.Context) (<-chan *block, <-chan error) {
	out, failed := make(chan *block), make(chan error, 1)
	base := b.replay.Base()
	go func() {
		defer close(failed)
		defer close(out)
		for from := b.from; from.Before(b.to); {
			to := from.Add(blockTiles * base)
			if to.After(b.to) {
				to = b.to
			}
			k, err := b.readBlock(ctx, from, to)
			if err != nil {
				failed <- err
				return
			}
			select {
			case out <- k:
			case <-ctx.Done():
				return
			}
			from = to
		}
	}()
	return out, failed
}

func (b *backtesting) readBlock(ctx context.Context, from, to time.Time) (*block, error) {
	k := &block{from: from, to: to, signals: make([]rest, len(b.past.watched)), unseen: b.unseen}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askingAtOnce)
	for i, w := range b.past.watched {
		group.Go(func() error {
			parts, err := b.piece(ctx, watch.Query{Signal: w.Signal.Name, From: from, To: to, Step: b.replay.Base()})
			for j := range parts {
				parts[j].a.Readings = byTime(parts[j].q, parts[j].a.Readings)
			}
			k.signals[i] = rest{w.Signal.Name, parts}
			return err
		})
	}
	return k, group.Wait()
}

// byTime puts the readings of an answer, which come series by series, into the order of time.
func byTime(q watch.Query, readings []watch.Reading) []watch.Reading {
	place := func(r watch.Reading) int { return int(r.At.Sub(q.From) / q.Step) }
	begins := make([]int, int(q.To.Sub(q.From)/q.Step)+2)
	kept := readings[:0]
	for _, r := range readings {
		if r.At.After(q.From) && !r.At.After(q.To) {
			kept = append(kept, r)
			begins[place(r)+1]++
		}
	}
	for i := 1; i < len(begins); i++ {
		begins[i] += begins[i-1]
	}
	out := make([]watch.Reading, len(kept))
	for _, r := range kept {
		out[begins[place(r)]] = r
		begins[place(r)]++
	}
	return out
}
