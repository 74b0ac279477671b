// Command edged sees actions on an ARM board: camera → frame ring → squeezed window → TFLite → MQTT.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// These are stamped in by the build.
var (
	version = "unknown"
	commit  = "unknown"
	date    = "unknown" // of the commit
)

// Exit statuses. 78 is EX_CONFIG of sysexits.h: the systemd unit does not restart edged on it.
const (
	exitFailed = 1  // something went wrong while running
	exitUsage  = 64 // the command line
	exitConfig = 78 // the configuration, the model, or what they name
)

type cli struct {
	Run     runCmd     `cmd:"" help:"Watch the cameras and publish what they show."`
	Replay  replayCmd  `cmd:"" help:"Run a video file through the same pipeline, as fast as it goes; events as JSON lines."`
	Status  statusCmd  `cmd:"" help:"Ask the running daemon how it is; fails only where none answers."`
	Check   checkCmd   `cmd:"" help:"Check a configuration and everything it names, without starting."`
	Probe   probeCmd   `cmd:"" help:"Show cameras, TFLite and delegates of this machine."`
	Model   modelCmd   `cmd:"" help:"Show a model file: manifest, tensors, quantization, delegated nodes."`
	Bench   benchCmd   `cmd:"" help:"Measure what edged adds to the model's own time."`
	Broker  brokerCmd  `cmd:"" help:"Run the built-in MQTT broker alone (edged run does so by itself)."`
	Version versionCmd `cmd:"" help:"Show edged's version and that of its parts."`

	TryModel tryModelCmd `cmd:"" hidden:""`
}

const description = `edged sees actions: it takes pictures from a camera, squeezes the last seconds of them into the channels of
a small neural network, and publishes what it recognises to MQTT.

Exit status: 0 done; 1 failed while running; 64 wrong command line; 78 wrong configuration or model.`

// misconfigured marks an error as one that a restart cannot mend.
type misconfigured struct{ error }

func (m misconfigured) Unwrap() error { return m.error }

func main() {
	oneProcessor()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	endAfterSignal(ctx, os.Args[1:], os.Stderr)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// output is where a command's results go; logs and errors go to stderr.
type output struct{ io.Writer }

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	exit := -1
	options := append(plainArguments(), kong.Name("edged"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(status int) { exit = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(output{stdout}))
	parser, err := kong.New(&cli{}, options...)
	if err != nil {
		panic(err) // the struct above is wrong: every run would show it
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help has said all
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "edged: %v (see edged --help)\n", err)
		return exitUsage
	}
	log := logLines(stderr)
	defer log.start()()
	slog.SetDefault(newLog(log, inJournal))
	return report(log, command.Run())
}

// report prints an error and returns the exit status that it calls for.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprint(stderr, errorText(err, inJournal))
	if errors.As(err, new(misconfigured)) {
		return exitConfig
	}
	return exitFailed
}
