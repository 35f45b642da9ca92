package run

import "sync"

// claims keeps rollbacks of one service apart: a run that has begun to roll a service back holds it until the run is over, so
// that what a rollback did can be seen before another one begins. The journal is the truth behind it: claims are made again
// from the events of unfinished runs when a process starts.
type claims struct {
	mu sync.Mutex
	// holders are the runs that hold a service, oldest first. More than one can only come from journals of an older program.
	holders map[string][]string
}

func newClaims() *claims { return &claims{holders: map[string][]string{}} }

// claim takes a service for a run, or says which other run holds it. The empty service is nobody's.
func (c *claims) claim(service, run string) (holder string, ok bool) {
	if service == "" {
		return "", true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if holders := c.holders[service]; len(holders) > 0 {
		return holders[0], holders[0] == run
	}
	c.holders[service] = []string{run}
	return run, true
}

// adopt notes that a run holds a service, whoever else does.
func (c *claims) adopt(service, run string) {
	if service == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.holders[service] {
		if h == run {
			return
		}
	}
	c.holders[service] = append(c.holders[service], run)
}

// release gives a service back.
func (c *claims) release(service, run string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := c.holders[service][:0]
	for _, h := range c.holders[service] {
		if h != run {
			left = append(left, h)
		}
	}
	if len(left) == 0 {
		delete(c.holders, service)
		return
	}
	c.holders[service] = left
}
