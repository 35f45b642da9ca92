package assistant

import "time"

// outcome is how operations ended; it tells the series of a pod apart.
type outcome struct{ version, model, finish, failure string }

// pod is one process that counts.
type pod struct {
	service  *service
	instance string
	// place is the same for a pod and the one that replaces it, so that a rename does not change the traffic.
	place     uint64
	version   string
	behaviour Behaviour

	up       int
	outcomes map[outcome]*meter
	order    []outcome
	tokens   [2]*meter
	first    *meter
	lookups  *lookups
}

// lookups counts what was looked up in the corpus, by whether something was found.
type lookups struct {
	refs  [2]int
	count [2]float64
}

func newPod(s *service, instance string, place uint64, version string, behaviour Behaviour) *pod {
	p := &pod{service: s, place: place, version: version, behaviour: behaviour}
	p.restart(instance)
	return p
}

// restart begins counting from zero under an instance name.
func (p *pod) restart(instance string) {
	p.instance = instance
	p.outcomes, p.order = map[outcome]*meter{}, nil
	store := p.service.store
	p.up = store.Declare(MetricUp, p.base())
	for i, kind := range []string{"input", "output"} {
		labels := append(p.semantic(), Label{"gen_ai_token_type", kind})
		p.tokens[i] = newMeter(store, MetricTokens, tokenBounds, labels)
	}
	p.first = newMeter(store, MetricFirstToken, firstBounds, p.semantic())
	p.lookups = nil
}

// lookUp counts look-ups; the series appear with the first one.
func (p *pod) lookUp(hits, misses float64) {
	if p.lookups == nil {
		p.lookups = &lookups{}
		for i, outcome := range []string{"hit", "miss"} {
			p.lookups.refs[i] = p.service.store.Declare(MetricLookups, append(p.base(), Label{"gen_ai_retrieval_outcome", outcome}))
		}
	}
	p.lookups.count[0] += hits
	p.lookups.count[1] += misses
}

func (p *pod) base() []Label {
	return []Label{
		{"job", p.service.Name},
		{"instance", p.instance},
		{"service_name", p.service.Name},
		{"deployment_environment_name", p.service.Environment},
	}
}

func (p *pod) semantic() []Label {
	return append(p.base(),
		Label{"gen_ai_operation_name", "chat"}, Label{"gen_ai_provider_name", p.service.Provider},
		Label{"gen_ai_request_model", p.service.RequestModel})
}

func (p *pod) meter(o outcome) *meter {
	if m, ok := p.outcomes[o]; ok {
		return m
	}
	labels := append(p.semantic(), Label{"gen_ai_response_model", o.model}, Label{"prompt_version", o.version})
	if o.failure != "" {
		labels = append(labels, Label{"error_type", o.failure})
	} else {
		labels = append(labels, Label{"gen_ai_response_finish_reasons", o.finish})
	}
	m := newMeter(p.service.store, MetricDuration, durationBounds, labels)
	p.outcomes[o], p.order = m, append(p.order, o)
	return m
}

// Totals are operations of a service over some time, by how they ended.
type Totals struct{ Requests, Refused, Filtered, Blocked, Failed, Hits float64 }

// RefusalRatio is the share that gave no answer by refusal; zero without operations.
func (t Totals) RefusalRatio() float64 {
	if t.Requests == 0 {
		return 0
	}
	return (t.Refused + t.Filtered + t.Blocked) / t.Requests
}

func (t *Totals) add(o Totals) {
	t.Requests += o.Requests
	t.Refused += o.Refused
	t.Filtered += o.Filtered
	t.Blocked += o.Blocked
	t.Failed += o.Failed
	t.Hits += o.Hits
}

// serve lets the pod answer the traffic of the last stretch of time.
func (p *pod) serve(d *dice, at time.Time, stretch time.Duration) Totals {
	b := p.behaviour
	d.at(p.place, at)
	mean := p.service.Rate * p.service.load / float64(len(p.service.pods)) * traffic(at) * stretch.Seconds()
	n := d.count(mean*4, 0.25)
	rounding := d.rand.Float64()
	t := Totals{
		Requests: n, Refused: d.count(n, b.Refused), Filtered: d.count(n, b.Filtered), Failed: d.count(n, b.Failed),
	}
	truncated := d.count(n, b.Truncated)
	t.Blocked, t.Hits = d.count(n, b.Blocked), d.count(n, b.Hits)
	answered := max(0, n-t.Refused-t.Filtered-t.Blocked-t.Failed-truncated)
	latency := b.Latency.Seconds()
	end := func(finish, failure string, count, median float64) {
		if count <= 0 {
			return // a series appears with its first event, as an SDK's does
		}
		o := outcome{version: p.version, model: b.ResponseModel, finish: finish, failure: failure}
		p.meter(o).observe(count, median, 0.5, rounding)
	}
	end("stop", "", answered, latency)
	end("length", "", truncated, latency*2.4)
	end("content_filter", "", t.Filtered, latency*0.3)
	end("refusal", "", t.Refused, latency*0.4)
	end("guardrail_blocked", "", t.Blocked, latency*0.2)
	end("", "timeout", t.Failed, 30)
	p.tokens[0].observe(n-t.Failed, b.InputTokens, 0.6, rounding)
	p.tokens[1].observe(n-t.Failed, b.OutputTokens*(answered+truncated)/max(1, n), 0.7, rounding)
	p.first.observe(n-t.Failed, b.FirstToken.Seconds(), 0.45, rounding)
	if b.Hits > 0 {
		p.lookUp(t.Hits, n-t.Hits)
	}
	return t
}

func (p *pod) expose(values []Value) []Value {
	values = append(values, Value{p.up, 1})
	for _, o := range p.order {
		values = p.outcomes[o].expose(values)
	}
	values = p.tokens[0].expose(values)
	values = p.tokens[1].expose(values)
	if p.lookups != nil {
		values = append(values, Value{p.lookups.refs[0], p.lookups.count[0]}, Value{p.lookups.refs[1], p.lookups.count[1]})
	}
	return p.first.expose(values)
}
