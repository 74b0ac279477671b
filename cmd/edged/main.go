// Command edged recognises actions on camera, on the device, and publishes them over MQTT.
//
// There is one file for each command: it parses the command line, calls, prints, and sets the exit status.
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

	"edged/internal/firstprocess"
	"edged/internal/node"
	"edged/internal/printable"
	"edged/internal/terminal"
	"edged/internal/wakeups"
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
	Run      runCmd      `cmd:"" help:"Watch the cameras and publish the actions that edged recognises."`
	Replay   replayCmd   `cmd:"" help:"Run a video file through the same pipeline as fast as possible; print events as JSON lines."`
	Status   statusCmd   `cmd:"" help:"Show the state of the running edged; fail only if it does not answer."`
	Check    checkCmd    `cmd:"" help:"Check a configuration and everything that it refers to; start nothing."`
	Probe    probeCmd    `cmd:"" help:"Show this machine's cameras, TFLite and delegates."`
	Model    modelCmd    `cmd:"" help:"Show a model file: manifest, tensors, quantization, delegated nodes."`
	Bench    benchCmd    `cmd:"" help:"Measure the time that edged adds to the model's own."`
	Broker   brokerCmd   `cmd:"" help:"Run only the built-in MQTT broker (edged run starts it by itself)."`
	Teach    teachCmd    `cmd:"" help:"Teach edged actions of your own: list, show, add, forget, export, import, or try on video files."`
	Password passwordCmd `cmd:"" help:"Turn a password into the line for web.password_file."`
	Version  versionCmd  `cmd:"" help:"Show the versions of edged and its parts."`

	App      appCmd      `cmd:"" hidden:""`
	TryModel tryModelCmd `cmd:"" hidden:""`
}

const description = `edged recognises actions on camera, on the device, and publishes them over MQTT. A small neural network looks at the last
seconds of video at once.

Exit status: 0 success; 1 failure while running; 64 wrong command line; 78 wrong configuration or model.`

func main() {
	if firstprocess.Is() {
		os.Exit(runAsFirst())
	}
	wakeups.Reduce(1, 1)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	endAfterSignal(ctx, os.Args[1:], os.Stderr)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// runAsFirst runs edged as a child of this process, which is the first one of a container.
func runAsFirst() int {
	status, err := firstprocess.Run("/proc/self/exe", os.Args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "edged: %v\n", err)
		return exitFailed
	}
	return status
}

// output is where a command's results go; logs and errors go to stderr.
type output struct{ io.Writer }

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	stdout, stderr = &printable.Writer{W: stdout}, &printable.Writer{W: stderr}
	exit := -1
	options := append(plainArguments(), kong.Name("edged"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(status int) { exit = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(output{stdout}))
	parser, err := kong.New(&cli{}, options...)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help was printed
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "edged: %v (see edged --help)\n", err)
		return exitUsage
	}
	log := terminal.NewLog(stderr, terminal.InJournal())
	defer log.Start()()
	slog.SetDefault(log.Logger())
	err = command.Run(log)
	if err != nil {
		log.PrintError(err)
	}
	return statusOf(err)
}

// statusOf is the exit status for a command's error.
func statusOf(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(node.ConfigError)):
		return exitConfig
	}
	return exitFailed
}
