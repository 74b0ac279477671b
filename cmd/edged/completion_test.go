package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Bash completes every command, and no other.
func TestCompletionNamesEveryCommand(t *testing.T) {
	parser, err := kong.New(&cli{}, plainArguments()...)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, node := range parser.Model.Children {
		if !node.Hidden {
			commands = append(commands, node.Name)
		}
	}
	script, err := os.ReadFile("../../packaging/completion.bash")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(script), `COMP_CWORD" = 1`)
	_, list, _ = strings.Cut(list, "-W '")
	list, _, _ = strings.Cut(list, "'")
	if !slices.Equal(strings.Fields(list), commands) {
		t.Errorf("packaging/completion.bash completes %q, edged has %q", list, commands)
	}
}
