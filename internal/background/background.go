// Package background runs a function beside its caller.
package background

import "context"

// Start runs f on a goroutine of its own. Stop ends f's context and returns once f has returned.
func Start(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
