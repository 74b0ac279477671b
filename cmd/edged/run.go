package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"edged/internal/clock"
	"edged/internal/config"
)

type runCmd struct {
	Config   string `short:"c" type:"path" placeholder:"FILE" help:"Configuration file; without one: first usable camera, starter model, built-in broker."`
	Camera   string `placeholder:"SPEC" help:"The camera, in place of the configuration's: v4l2:auto, v4l2:/dev/videoN, command:LINE, pattern: or file:PATH."`
	Model    string `placeholder:"FILE" help:"The model, in place of the configuration's."`
	Broker   string `placeholder:"URL" help:"The broker, in place of the configuration's: tcp://HOST:PORT or embedded."`
	Fallback string `placeholder:"VIDEO" help:"Without configuration and without a usable camera: play this file in a loop."`

	ports  *ports  `kong:"-"` // without configuration
	broker builtIn `kong:"-"`
}

// ports are addresses that were free when edged started. A reload stays there.
type ports struct{ web, mqtt string }

// Run is the daemon. It ends with ctx, cleanly, or with the first error that retrying cannot mend. SIGHUP is a reload where there
// is a configuration or a service manager to send it, and else the end.
func (r *runCmd) Run(ctx context.Context, out output) error {
	// The broker's password and what the cameras see are in this process's memory: no core file, no debugger of the same user.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		slog.Warn("a crash may leave a core file", "error", err)
	}
	hup := make(chan os.Signal, 1)
	switch {
	case r.Config != "" || os.Getenv("NOTIFY_SOCKET") != "":
		signal.Notify(hup, syscall.SIGHUP)
		defer signal.Stop(hup)
	case !signal.Ignored(syscall.SIGHUP): // by nohup; else somebody tries edged, and has closed the terminal
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	d, err := r.prepare(ctx, out)
	if err != nil {
		return unlessDone(ctx, err)
	}
	defer context.AfterFunc(ctx, func() { notify(systemd.SdNotifyStopping) })()
	defer r.broker.stop()
	for d != nil {
		r.broker.follow(d.cfg.MQTT)
		if d, err = r.life(ctx, d, out, hup); err != nil {
			return err
		}
	}
	return nil
}

// prepare reads the configuration and makes a daemon of it, without starting anything.
func (r *runCmd) prepare(ctx context.Context, out output) (*daemon, error) {
	cfg, err := loadConfig(r.Config, config.Load)
	if err != nil {
		return nil, err
	}
	if err := r.override(ctx, cfg, out); err != nil {
		return nil, misconfigured{err}
	}
	model, err := checkNamed(cfg)
	if err != nil {
		return nil, err
	}
	if err := tryModel(ctx, model, cfg); err != nil {
		return nil, err
	}
	d, err := newDaemon(cfg, model, out)
	if err != nil {
		return nil, err
	}
	d.builtIn = &r.broker
	_ = logLevel.UnmarshalText([]byte(cfg.Log.Level)) // Load has seen that it is one; of a configuration that is refused it must not hold
	return d, nil
}

// life runs d until ctx ends, when next is nil, or until SIGHUP brings a configuration that is good: then it stops d cleanly and
// returns the next one. With a bad configuration d goes on.
func (r *runCmd) life(ctx context.Context, d *daemon, out output, hup <-chan os.Signal) (next *daemon, err error) {
	defer d.close()
	ownCtx, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- d.run(ownCtx) }()
	for {
		select {
		case err := <-ended:
			return nil, err
		case <-hup:
		}
		notify(reloading())
		next, err := r.prepare(ctx, out)
		if ctx.Err() != nil && err != nil { // it was the trial of a model that ended
			return nil, <-ended
		}
		if err != nil {
			slog.Error("reload refused, going on as before", "error", err)
			notify(systemd.SdNotifyReady)
			continue
		}
		slog.Info("reload: starting anew with the changed configuration")
		end()
		if err := <-ended; err != nil || ctx.Err() != nil {
			next.close()
			return nil, err
		}
		return next, nil
	}
}

// reloading is what systemd is told at the beginning of a reload (sd_notify(3)); READY=1 ends it.
func reloading() string {
	return systemd.SdNotifyReloading + fmt.Sprintf("\nMONOTONIC_USEC=%d", clock.Monotonic().Microseconds())
}

// override puts the command line over the configuration.
func (r *runCmd) override(ctx context.Context, cfg *config.Config, out output) error {
	if r.Model != "" {
		cfg.Model.File = r.Model
	}
	if r.Broker != "" {
		cfg.MQTT.Broker = r.Broker
	}
	if r.Config == "" {
		if r.ports == nil {
			r.ports = &ports{web: freeListen(ctx, cfg.Web.Listen), mqtt: freeListen(ctx, cfg.MQTT.Listen)}
		}
		cfg.Web.Listen, cfg.MQTT.Listen = r.ports.web, r.ports.mqtt
	}
	switch {
	case r.Camera != "":
		cfg.Cameras = cfg.Cameras[:1]
		cfg.Cameras[0].Source = r.Camera
	case r.Config == "" && r.Fallback != "":
		if err := usableCamera(); err != nil {
			fmt.Fprintf(out, "no camera: %s; playing %s\n", oneLine(err), r.Fallback)
			cfg.Cameras[0].Source = "file:" + r.Fallback
		}
	}
	return cfg.Validate("command line")
}

// freePort says whether edged could listen there.
func freePort(ctx context.Context, address string) bool {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// freeListen returns the address, with the next port that is free where another broker has the first. Somebody who just
// tries edged need not know what else listens here; a configuration is taken at its word.
func freeListen(ctx context.Context, address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return address
	}
	for n := first; n < first+10; n++ {
		if candidate := net.JoinHostPort(host, strconv.Itoa(n)); freePort(ctx, candidate) {
			return candidate
		}
	}
	return address
}
