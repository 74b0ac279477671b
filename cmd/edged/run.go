package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/printable"
	"edged/internal/sink"
	"edged/internal/terminal"
	"edged/web/login"
	"edged/web/nodepage"
)

type runCmd struct {
	Config     string                `short:"c" type:"path" placeholder:"FILE" help:"Configuration file; without one: first usable camera, people model, built-in broker."`
	Camera     string                `placeholder:"SPEC" help:"The camera, instead of the configuration's: v4l2:auto, v4l2:/dev/videoN, rtsp://ADDRESS, command:LINE, pattern: or file:PATH."`
	Model      string                `placeholder:"FILE" help:"The model, instead of the configuration's."`
	Broker     string                `placeholder:"URL" help:"The broker, instead of the configuration's: tcp://HOST:PORT or embedded."`
	Record     string                `type:"path" placeholder:"FOLDER" help:"Record a clip of every event into this folder, instead of what the configuration says."`
	configured func() *config.Config // takes the place of the file and of the other flags; nil = there is none

	Fallback string `placeholder:"VIDEO" help:"Without a configuration and without a usable camera: play this file in a loop."`
}

// runner runs the daemon for a runCmd.
type runner struct {
	runCmd
	log     *terminal.Log
	console *terminal.Console
	broker  node.BuiltIn
	state   *node.State
	ports   *ports         // used without a configuration
	site    *nodepage.Site // of the node that was prepared last
	logins  login.Sessions
}

// Run runs the daemon until ctx ends or an error occurs that retrying cannot mend.
func (r *runCmd) Run(ctx context.Context, out output, log *terminal.Log) error {
	surviveBrokenPipes()
	// This process's memory holds the broker's password and the cameras' pictures: no core file, no debugger of the same user.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		slog.Warn("a crash may leave a core file", "error", err)
	}
	ctx, reload, stop := r.signals(ctx)
	defer stop()
	d := runner{runCmd: *r, log: log, console: terminal.NewConsole(out, terminal.InJournal()), state: node.NewState()}
	defer d.console.Start()()
	lives := node.Lives{Prepare: d.prepare, Reload: reload, Beside: d.startWeb, BuiltIn: &d.broker, State: d.state}
	return lives.Run(ctx)
}

// signals decides what SIGHUP means: with a configuration, or under a service manager, it asks for a reload. Otherwise the user has
// closed the terminal in which edged runs, and edged ends, unless nohup keeps it.
func (r *runCmd) signals(ctx context.Context) (_ context.Context, reload <-chan os.Signal, stop func()) {
	switch {
	case r.Config != "" || os.Getenv("NOTIFY_SOCKET") != "":
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		return ctx, hangups, func() { signal.Stop(hangups) }
	case !signal.Ignored(syscall.SIGHUP):
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP)
		return ctx, nil, stop
	}
	return ctx, nil, func() {}
}

// prepare reads the configuration and builds a node from it. It starts nothing.
func (r *runner) prepare(ctx context.Context) (*node.Node, error) {
	cfg, err := r.configuration(ctx)
	if err != nil {
		return nil, err
	}
	n, site, err := build(ctx, node.Inputs{
		Config: cfg, Sinks: []sink.Sink{r.console}, BuiltIn: &r.broker, State: r.state,
		OnReady:        func(n *node.Node) { printBanner(r.console, n) },
		ConsoleDropped: r.console.Dropped, LogDropped: r.log.Dropped,
	}, r.log.Recent, &r.logins, true)
	if err != nil {
		return nil, err
	}
	r.site = site
	r.log.SetLevel(cfg.Log.Level) // only now: a refused configuration must not change it
	return n, nil
}

func (r *runner) configuration(ctx context.Context) (*config.Config, error) {
	if r.configured != nil {
		return r.configured(), nil
	}
	cfg, err := readConfig(r.Config, config.Load)
	if err != nil {
		return nil, err
	}
	if err := r.override(ctx, cfg); err != nil {
		return nil, node.ConfigError{Err: err}
	}
	return cfg, nil
}

// override puts the command line over the configuration.
func (r *runner) override(ctx context.Context, cfg *config.Config) error {
	if r.Model != "" {
		cfg.Model.File = r.Model
		for i := range cfg.Cameras {
			cfg.Cameras[i].Model = ""
		}
	}
	if r.Broker != "" {
		cfg.MQTT.Broker, cfg.MQTT.Brokers = r.Broker, nil
	}
	if r.Record != "" {
		cfg.Record.Enabled, cfg.Record.Dir = true, r.Record
	}
	if r.Config == "" {
		r.choosePorts(ctx, cfg)
	}
	switch {
	case r.Camera != "":
		cfg.Cameras = cfg.Cameras[:1]
		cfg.Cameras[0].Source, cfg.Cameras[0].Dir = r.Camera, ""
	case r.Config == "" && r.Fallback != "":
		if err := usableCamera(); err != nil {
			fmt.Fprintf(r.console, "no camera: %s; playing %s\n", printable.Error(err), r.Fallback)
			cfg.Cameras[0].Source = "file:" + r.Fallback
		}
	}
	return cfg.Validate("command line")
}
