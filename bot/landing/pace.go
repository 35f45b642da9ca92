package landing

import "time"

// The forge's secondary limits: writes a second apart, and no more of them in an hour.
const (
	betweenWrites = time.Second
	writesAnHour  = 500
)

// pace keeps writes apart. It lives by the clock that it is given.
type pace struct {
	last   time.Time
	recent []time.Time
}

// pause is how long to wait before the next write.
func (p *pace) pause(now time.Time) time.Duration {
	wait := max(p.last.Add(betweenWrites).Sub(now), 0)
	for len(p.recent) > 0 && !now.Before(p.recent[0].Add(time.Hour)) {
		p.recent = p.recent[1:]
	}
	if len(p.recent) >= writesAnHour {
		wait = max(wait, p.recent[0].Add(time.Hour).Sub(now))
	}
	return wait
}

// wrote notes a write.
func (p *pace) wrote(now time.Time) {
	p.last = now
	p.recent = append(p.recent, now)
}

// Idle tells that a write may go out at once.
func (l *Landing) Idle() bool {
	return l.parts.Now().Sub(time.UnixMicro(l.written.Load())) > betweenWrites
}
