package device

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

// nodePattern matches the nodes of V4L2 video devices. A variable, for tests.
var nodePattern = "/dev/video*"

// Nodes lists the V4L2 video nodes in the order of their numbers: /dev/video2 before /dev/video10.
func Nodes() []string {
	nodes, _ := filepath.Glob(nodePattern) // only a bad pattern is an error
	number := func(path string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "video"))
		if err != nil {
			return -1
		}
		return n
	}
	sort.SliceStable(nodes, func(i, j int) bool { return number(nodes[i]) < number(nodes[j]) })
	return nodes
}

// State describes the nodes. It changes whenever a node is plugged in, is unplugged, or gets another owner or mode. udev sets owner
// and mode a moment after the node appears, and only then may edged open it.
func State() string {
	var b strings.Builder
	for _, path := range Nodes() {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			fmt.Fprintf(&b, "%s %d %d.%09d\n", path, s.Ino, s.Ctim.Sec, s.Ctim.Nsec)
		}
	}
	return b.String()
}
