package pagerdutyfake

import (
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// What PagerDuty takes: events of one integration, changes among them, and requests of one token.
var (
	eventsAMinute = wire.Limit{Calls: 120, Per: time.Minute}
	asksAMinute   = wire.Limit{Calls: 960, Per: time.Minute}
)

// tooMany refuses what is one too many, where limits are enforced.
func (p *Pager) tooMany(w http.ResponseWriter, key string, limit wire.Limit) bool {
	if !p.cfg.Limited {
		return false
	}
	wait := p.limits.Take(key, limit, time.Now())
	if wait > 0 {
		refuse(w, http.StatusTooManyRequests, wait)
	}
	return wait > 0
}

// Refused tells how many calls were one too many, by routing key, and of the REST API.
func (p *Pager) Refused() map[string]int { return p.limits.Refused() }
