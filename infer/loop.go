package infer

import (
	"context"
	"slices"
)

// Loop runs the pipelines of all views that share an engine, on the goroutine that made the engine.
//
// A view joins the queue when a window of its becomes due, and it has one place in the queue. When its turn comes, the
// model runs on its newest window; older windows that were due count as skipped. So a model that is too slow serves all
// views in turn: each waits for at most one run of each other view, whatever its stride, and a view that needs less than
// its share gets everything it needs.
type Loop struct {
	Pipelines []*Pipeline
	Cancel    func() // makes a running Invoke return soon; called from another goroutine

	queue []*Pipeline // whose windows are due, the longest waiting first
}

// Run waits for frames and runs the model until ctx ends, then it returns nil. It returns the model's error if the model
// fails.
func (l *Loop) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	for _, p := range l.Pipelines {
		p.Ring.Notify(wake)
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
		case <-wake:
		}
	}
}

// step takes the new frames of all views, then runs the model for the view that has waited longest.
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
		if p.due { // false if a gap removed the window
			return true, p.run()
		}
	}
	return false, nil
}
