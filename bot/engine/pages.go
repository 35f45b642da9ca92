package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/paging"
)

// HearPages takes what a pager told of its incidents: what it says of ours goes into their timelines, and what is new is handed on to
// whoever tells the pager what is known here.
func (e *Engine) HearPages(ctx context.Context, news []bot.PageNews) error {
	if len(news) == 0 {
		return nil
	}
	e.placing.Lock()
	defer e.placing.Unlock()
	touched := newTouched()
	var errs []error
	for _, n := range news {
		if err := e.hearPage(ctx, n, touched); err != nil {
			errs = append(errs, fmt.Errorf("page %s: %w", n.Page.ID, err))
		}
	}
	if len(touched.order) > 0 {
		open, err := e.unresolved(ctx)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		e.open = open
		e.follow(ctx, touched)
	}
	if e.parts.Briefer != nil {
		for _, n := range news {
			e.parts.Briefer.Paged(ctx, n)
		}
	}
	return errors.Join(errs...)
}

// hearPage adds to an incident what the pager said of its page. An incident that is forgotten by now hears nothing.
func (e *Engine) hearPage(ctx context.Context, n bot.PageNews, touched *touched) error {
	if n.Incident == "" {
		return nil
	}
	in, err := e.parts.Timeline.Incident(ctx, n.Incident)
	if bot.CodeOf(err) == bot.NotFound {
		e.parts.Logger.WarnContext(ctx, "a page is of an incident that is not known here", "incident", n.Incident, "page", n.Page.ID)
		return nil
	}
	if err != nil {
		return err
	}
	if already, is := touched.incidents[in.ID]; is {
		in = already
	}
	added, err := e.parts.Timeline.Append(ctx, paging.Hear(e.now(), in, n)...)
	if err != nil || len(added) == 0 {
		return err
	}
	e.parts.Logger.InfoContext(ctx, "the pager told of an incident", "incident", in.ID, "what", string(n.Kind), "by", n.By)
	touched.add(in.Then(added...), added)
	return nil
}
