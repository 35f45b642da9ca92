package pagerduty

import (
	"context"
	"encoding/json"

	"github.com/firebreak-dev/firebreak/bot"
)

// Memory keeps small facts over restarts.
type Memory interface {
	Remember(ctx context.Context, space, key string, value []byte) error
	Recall(ctx context.Context, space, key string) (value []byte, found bool, err error)
}

func (c *Client) remember(ctx context.Context, space, key string, value any) error {
	data, err := json.Marshal(value)
	if err == nil {
		err = c.memory.Remember(ctx, space, key, data)
	}
	return later(err)
}

func (c *Client) recall(ctx context.Context, space, key string, into any) (found bool, err error) {
	data, found, err := c.memory.Recall(ctx, space, key)
	if err != nil || !found {
		return false, later(err)
	}
	if json.Unmarshal(data, into) != nil {
		return false, nil //nolint:nilerr // what an older version kept otherwise is as good as forgotten
	}
	return true, nil
}

// later marks a fault of our own memory as one that passes: what depends on it is tried again.
func later(err error) error {
	if err == nil {
		return nil
	}
	return bot.Errorf(bot.Unavailable, "what is known of PagerDuty cannot be read or kept now").Because(err)
}
