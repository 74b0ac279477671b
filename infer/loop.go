package infer

import (
	"context"
	"slices"
)

// Loop runs the pipelines of several views that share an engine, on one goroutine: the one that made the engine.
//
// Views wait for the model in the order in which they came to have a window due, and each has one place in that queue: what
// runs when its turn comes is its newest window, and those before count as skipped. So a model that is too slow for all
// serves the views in turn: none waits longer than one run for each of the others, whatever their strides, and one that asks
// for less than its share gets all that it asks for.
type Loop struct {
	Pipelines []*Pipeline
	Cancel    func() // makes a running Invoke return soon; called from another goroutine

	queue []*Pipeline // whose windows are due, the longest waiting first
}

// Run waits for frames and steps until ctx ends, then it returns nil, or until the model fails.
func (l *Loop) Run(ctx context.Context) error {
	notify := make(chan struct{}, 1)
	for _, p := range l.Pipelines {
		p.Ring.Notify(notify)
		defer p.Finish()
	}
	defer context.AfterFunc(ctx, l.Cancel)()
	l.queue = make([]*Pipeline, 0, len(l.Pipelines))
	for {
		ran, err := l.step()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if ran {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-notify:
		}
	}
}

// step takes the frames of all views, and then runs the model for the one that has waited longest.
func (l *Loop) step() (ran bool, err error) {
	for _, p := range l.Pipelines {
		if err := p.advance(); err != nil {
			return false, err
		}
		if p.due && !slices.Contains(l.queue, p) {
			l.queue = append(l.queue, p)
		}
	}
	for len(l.queue) > 0 {
		p := l.queue[0]
		l.queue = slices.Delete(l.queue, 0, 1)
		if p.due { // a gap may have come in between
			return true, p.run()
		}
	}
	return false, nil
}
