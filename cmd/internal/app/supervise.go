package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/configs"
)

// Supervise runs the bot and has it begin anew with a new configuration whenever reload says so. A configuration with faults is
// told and refused; the bot goes on with the one that it has. The port stays open in between, so that no webhook is refused:
// what arrives meanwhile waits for the new one.
func Supervise(ctx context.Context, config Config, o Options, reload <-chan struct{}, load func() (Config, []configs.Diagnostic)) (err error) {
	address := config.Server.WithDefaults().Listen
	o.Front, err = server.OpenFront(ctx, address, o.Logger)
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
		defer cancel()
		err = errors.Join(err, o.Front.Close(stopping))
	}()
	var last *Config // the configuration that ran before this one
	for {
		bot, err := New(ctx, config, o)
		if err != nil && last != nil && ctx.Err() == nil {
			// What a check cannot see, such as a database that is away, must not cost the bot that there was.
			o.Logger.Error("the new configuration cannot be started; the old one goes on", "error", err)
			config, last = *last, nil
			continue
		}
		if err != nil {
			return err
		}
		next, again, err := superviseOne(ctx, bot, config, o.Logger, reload, load)
		if !again || err != nil {
			return err
		}
		if next.Server.WithDefaults().Listen != address {
			o.Logger.Warn("server.listen changed; it needs a restart", "still", address)
			next.Server.Listen = address
		}
		before := config
		last, config = &before, next
	}
}

// lastAnswers is how long what still waits for a bot that will not come may take to hear so.
const lastAnswers = time.Second

// superviseOne runs one bot until the end, or until there is a good new configuration.
func superviseOne(
	ctx context.Context, bot *App, now Config, logger *slog.Logger, reload <-chan struct{}, load func() (Config, []configs.Diagnostic),
) (next Config, again bool, err error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(running) }()
	for {
		select {
		case err := <-ended:
			return now, false, err
		case <-reload:
		}
		fresh, faults := load()
		if len(faults) > 0 {
			for _, f := range faults {
				logger.Error("the new configuration is refused; the old one stays", "fault", f.Message, "file", f.File, "line", f.Line, "col", f.Col)
			}
			continue
		}
		stop()
		err := <-ended
		if ctx.Err() != nil {
			return now, false, err
		}
		if err != nil {
			logger.Error("the bot did not stop cleanly before it read its configuration again", "error", err)
		}
		logger.Info("the configuration was read again")
		return fresh, true, nil
	}
}
