// Package incontainer says whether edged runs in a container, where other remedies help than on a board.
package incontainer

import "os"

// Variable is set in edged's images, as systemd's container interface describes it.
const Variable = "container"

// Is reports whether this process runs in a container.
func Is() bool { return os.Getenv(Variable) != "" }
