package node

import (
	"context"
	"log/slog"
	"os"

	"edged/internal/background"
)

// Lives runs one node after another: each reload ends the running node and starts one with the changed configuration.
type Lives struct {
	// Prepare reads the configuration and builds a node from it. It starts nothing.
	Prepare func(context.Context) (*Node, error)
	// Reload receives the signal that asks for a reload.
	Reload <-chan os.Signal
	// Beside starts what runs beside a node, such as the web server; stop ends it. It may be nil.
	Beside func(*Node) (stop func())
	// BuiltIn is the built-in broker. It keeps running over a reload that does not change its address.
	BuiltIn *BuiltIn
	// State is kept over reloads: every new node gets the same one.
	State *State
}

// Run runs nodes until ctx ends, then it returns nil, or until one fails with an error that retrying cannot mend.
func (l *Lives) Run(ctx context.Context) error {
	n, err := l.Prepare(ctx)
	if err != nil {
		return unlessDone(ctx, err)
	}
	defer context.AfterFunc(ctx, NotifyStopping)()
	defer l.BuiltIn.Stop()
	defer background.Start(l.State.Keep)()
	for n != nil {
		l.BuiltIn.Follow(n.Config.MQTT)
		if n, err = l.live(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// live runs n until ctx ends, when next is nil, or until a reload brings a good configuration: then it stops n cleanly and returns the
// next node. After a reload with a bad configuration n goes on.
func (l *Lives) live(ctx context.Context, n *Node) (next *Node, err error) {
	if l.Beside != nil {
		defer l.Beside(n)()
	}
	ownCtx, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ownCtx) }()
	for {
		select {
		case err := <-ended:
			return nil, err
		case <-l.Reload:
		}
		notifyReloading()
		next, err := l.Prepare(ctx)
		if ctx.Err() != nil && err != nil { // the trial of a model was interrupted
			return nil, <-ended
		}
		if err != nil {
			slog.Error("reload refused; edged continues with the old configuration", "error", err)
			NotifyReady("")
			continue
		}
		slog.Info("reload: applying the changed configuration")
		end()
		if err := <-ended; err != nil || ctx.Err() != nil {
			next.Close()
			return nil, err
		}
		return next, nil
	}
}
