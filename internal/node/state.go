package node

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"edged/internal/background"
	"edged/internal/bounds"
	"edged/internal/config"
	"edged/internal/history"
	"edged/internal/incontainer"
	"edged/internal/settings"
	"edged/publish"
	"edged/record"
	"edged/teach"
)

// State is everything that survives a reload: switches and thresholds that users have set, events that wait for the broker, the timeline, and
// what users taught, and the measurements of the last hour. A process has one. With a folder, all but the measurements also survive the
// process.
type State struct {
	Settings *settings.Store
	Outbox   *publish.Outbox
	Timeline *record.Timeline // of events
	Teacher  *teach.Teacher
	History  *history.History // measurements of the last hour
}

// NewState returns a state in memory.
func NewState() *State {
	limits := publish.Limits{Events: bounds.OutboxEvents, Bytes: bounds.OutboxBytes, Age: bounds.OutboxAge} // until openState sets others
	return &State{
		Settings: settings.New(slog.Default()), Outbox: publish.NewOutbox(limits, slog.Default()), Timeline: new(record.Timeline),
		Teacher: newTeacher(),
		History: new(history.History),
	}
}

// Keep writes the state to its folder until ctx ends.
func (s *State) Keep(ctx context.Context) {
	defer background.Start(s.Outbox.Run)()
	defer background.Start(s.Teacher.Run)()
	s.Settings.Keep(ctx)
}

// stateDir is the folder for the state; "" if there is none.
func stateDir(cfg *config.Config) string {
	if cfg.StateDir != "" {
		return cfg.StateDir
	}
	dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // systemd.exec(5)
	return dir
}

// complainOfVolume says what helps if the folder of a container cannot be written. The caller says what is lost without it.
func complainOfVolume(dir string) {
	if !incontainer.Is() {
		return
	}
	if err := canWrite(dir); err != nil {
		slog.Error("the container's volume cannot be written: mount one with -v edged:"+dir+
			fmt.Sprintf(", or a folder that belongs to user %d and group %d, without :ro (docs/docker.md)", os.Getuid(), os.Getgid()), "error", err)
	}
}

// openState takes over the state, including what an earlier process left in the folder. edged is of use without a folder, too, or if it
// cannot be opened.
func (n *Node) openState() {
	dir := stateDir(n.Config)
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			slog.Error("cannot make the state folder", "error", err)
		}
		complainOfVolume(dir)
	}
	mqtt := n.Config.MQTT
	n.State.Outbox.SetLimits(publish.Limits{Events: mqtt.OutboxEvents, Bytes: mqtt.OutboxBytes, Age: mqtt.OutboxAge})
	if err := n.State.Outbox.Open(dir); err != nil {
		slog.Error("a restart would lose waiting events; edged will try the outbox again", "error", err)
	}
	if err := n.State.Settings.Open(dir); err != nil {
		slog.Error("a restart will forget switches and thresholds", "error", err)
	}
	n.openTeacher()
	n.applySettings()
}
