package node

import (
	"log/slog"
	"os"
	"strings"

	"edged/internal/config"
	"edged/internal/settings"
)

// stateDir is the folder for what must outlive the process; "" if there is none.
func stateDir(cfg *config.Config) string {
	if cfg.StateDir != "" {
		return cfg.StateDir
	}
	dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // systemd.exec(5)
	return dir
}

// openState takes over what an earlier process left. Without a folder, or where that fails, edged is still of use.
func (n *Node) openState() {
	dir := stateDir(n.Config)
	if dir != "" {
		if err := n.Publisher.OpenOutbox(dir); err != nil {
			slog.Error("a restart would lose waiting events; edged will try the outbox again", "error", err)
		}
	}
	store, err := settings.Open(dir, slog.Default())
	if err != nil {
		slog.Error("a restart will forget switches and thresholds", "error", err)
	}
	n.settings = store
	for i, v := range n.Views {
		n.applySettings(i, store.View(v.Path))
	}
}
