package promapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

func (s *Server) query(r *http.Request) reply {
	at, err := timeParam(r, "time", s.now())
	if err != nil {
		return bad(err)
	}
	ctx, cancel, err := deadline(r)
	if err != nil {
		return bad(err)
	}
	defer cancel()
	text := r.FormValue("query")
	q, err := s.engine.NewInstantQuery(ctx, s.store, options(r), text, at)
	if err != nil {
		return bad(fmt.Errorf("invalid parameter %q: %w", "query", err))
	}
	return run(ctx, q, r.FormValue("stats"), text)
}

func (s *Server) queryRange(r *http.Request) reply {
	start, err := timeParam(r, "start", time.Time{})
	if err != nil {
		return bad(err)
	}
	end, err := timeParam(r, "end", time.Time{})
	if err != nil {
		return bad(err)
	}
	step, err := durationParam(r, "step")
	switch {
	case err != nil:
		return bad(err)
	case start.IsZero() || end.IsZero() || end.Before(start):
		return bad(errors.New(`invalid parameter "end": end timestamp must not be before start time`))
	case step <= 0:
		return bad(errors.New(`invalid parameter "step": zero or negative query resolution step widths are not accepted`))
	case end.Sub(start)/step > maxPoints:
		return bad(errors.New("exceeded maximum resolution of 11,000 points per timeseries. " +
			"Try decreasing the query resolution (?step=XX)"))
	}
	ctx, cancel, err := deadline(r)
	if err != nil {
		return bad(err)
	}
	defer cancel()
	text := r.FormValue("query")
	q, err := s.engine.NewRangeQuery(ctx, s.store, options(r), text, start, end, step)
	if err != nil {
		return bad(fmt.Errorf("invalid parameter %q: %w", "query", err))
	}
	return run(ctx, q, r.FormValue("stats"), text)
}

// picture reads the matching series of the asked time.
func (s *Server) picture(r *http.Request, needed bool) ([]stretch, error) {
	selectors := r.Form["match[]"]
	if len(selectors) == 0 && needed {
		return nil, errors.New("no match[] parameter provided")
	}
	start, err := timeParam(r, "start", time.UnixMilli(math.MinInt32))
	if err != nil {
		return nil, err
	}
	end, err := timeParam(r, "end", time.UnixMilli(math.MaxInt64/2))
	if err != nil {
		return nil, err
	}
	sets, err := s.parser.ParseMetricSelectors(selectors)
	if err != nil {
		return nil, fmt.Errorf("invalid parameter %q: %w", "match[]", err)
	}
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	store, ok := s.store.(*Store)
	if !ok {
		return nil, errors.New("this store lists no series")
	}
	q := &querier{store: store, mint: start.UnixMilli(), maxt: end.UnixMilli()}
	var all []stretch
	for _, ms := range sets {
		all = append(all, q.match(ms)...)
	}
	slices.SortFunc(all, func(a, b stretch) int { return labels.Compare(a.labels, b.labels) })
	return slices.CompactFunc(all, func(a, b stretch) bool { return labels.Equal(a.labels, b.labels) }), nil
}

func (s *Server) series(r *http.Request) reply {
	all, err := s.picture(r, true)
	if err != nil {
		return bad(err)
	}
	out := make([]labels.Labels, len(all))
	for i, one := range all {
		out[i] = one.labels
	}
	return reply{data: out}
}

func (s *Server) labelNames(r *http.Request) reply {
	all, err := s.picture(r, false)
	if err != nil {
		return bad(err)
	}
	seen := map[string]struct{}{}
	for _, one := range all {
		one.labels.Range(func(l labels.Label) { seen[l.Name] = struct{}{} })
	}
	return reply{data: sorted(seen)}
}

func (s *Server) labelValues(r *http.Request) reply {
	name := r.PathValue("name")
	if !model.UTF8Validation.IsValidLabelName(name) {
		return bad(fmt.Errorf("invalid label name: %q", name))
	}
	all, err := s.picture(r, false)
	if err != nil {
		return bad(err)
	}
	seen := map[string]struct{}{}
	for _, one := range all {
		if v := one.labels.Get(name); v != "" {
			seen[v] = struct{}{}
		}
	}
	return reply{data: sorted(seen)}
}

func options(r *http.Request) promql.QueryOpts {
	return promql.NewPrometheusQueryOpts(r.FormValue("stats") == "all", 0)
}

// deadline honours the parameter "timeout".
func deadline(r *http.Request) (context.Context, context.CancelFunc, error) {
	if r.FormValue("timeout") == "" {
		return r.Context(), func() {}, nil
	}
	d, err := durationParam(r, "timeout")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

// farFuture keeps numbers of seconds within what a time can hold.
const farFuture = 1 << 36

func timeParam(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(seconds) < farFuture {
		whole, rest := math.Modf(seconds)
		return time.Unix(int64(whole), int64(math.Round(rest*1000)*1e6)).UTC(), nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("invalid parameter %q: cannot parse %q to a valid timestamp", name, text)
}

func durationParam(r *http.Request, name string) (time.Duration, error) {
	text := r.FormValue(name)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(seconds) < math.MaxInt32 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("invalid parameter %q: cannot parse %q to a valid duration", name, text)
}
