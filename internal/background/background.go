// Package background runs what goes on beside its caller.
package background

import "context"

// Start runs f on a goroutine of its own; stop ends its context and waits for it.
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
