package landing

import (
	"context"

	"github.com/firebreak-dev/firebreak/bot"
)

// Asked judges landing a pull request now because somebody asks: by what is kept of it, else by what the forge says.
func (l *Landing) Asked(ctx context.Context, repository string, number int) (bot.Judged, error) {
	if err := l.load(ctx); err != nil {
		return bot.Judged{}, err
	}
	l.mu.Lock()
	have := l.copyOf(keyOf(repository, number))
	l.mu.Unlock()
	pull := have.Pull
	if !have.Known {
		var err error
		if pull, err = l.fetch(ctx, repository, number); err != nil {
			return bot.Judged{}, bot.Errorf(bot.Unavailable, "%s#%d cannot be read: is it open, and may Firebreak read the repository?", repository, number).Because(err)
		}
	}
	scene, err := l.parts.Rules.Look(ctx, l.parts.Now())
	if err != nil {
		return bot.Judged{}, err
	}
	judged := scene.Assess(ctx, pull)
	return bot.Judged{Assessment: judged.Assessment, Title: judged.Change.Title, URL: judged.Change.URL, Services: judged.Change.Services}, nil
}
