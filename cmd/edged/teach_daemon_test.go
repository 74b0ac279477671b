package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edged/internal/testkit"
	"edged/web/login"
)

// teacherCLI runs edged teach as a process of its own, with the password on its stdin.
type teacherCLI struct {
	t        *testing.T
	config   string
	password string
}

func (c *teacherCLI) run(args ...string) (stdout, stderr string, ok bool) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), os.Args[0], append([]string{"teach", args[0], "-c", c.config}, args[1:]...)...)
	cmd.Env = append(os.Environ(), asEdged+"=1")
	cmd.Stdin = strings.NewReader(c.password + "\n")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	return out.String(), errs.String(), err == nil
}

// says runs a command that must succeed, and whose output must have the text.
func (c *teacherCLI) says(want string, args ...string) string {
	c.t.Helper()
	out, errs, ok := c.run(args...)
	if !ok || !strings.Contains(out, want) {
		c.t.Fatalf("edged teach %v: success %v; output %q, errors %q; want %q", args, ok, out, errs, want)
	}
	return out
}

// fails runs a command that must fail and say why.
func (c *teacherCLI) fails(want string, args ...string) {
	c.t.Helper()
	if out, errs, ok := c.run(args...); ok || !strings.Contains(errs, want) {
		c.t.Errorf("edged teach %v: success %v; output %q, errors %q; want %q", args, ok, out, errs, want)
	}
}

// until repeats a command until it succeeds.
func (c *teacherCLI) until(args ...string) (stdout string) {
	c.t.Helper()
	testkit.WaitFor(c.t, fmt.Sprint(args), func() bool {
		out, _, ok := c.run(args...)
		stdout = out
		return ok
	})
	return stdout
}

func TestTeachTalksToTheRunningEdged(t *testing.T) {
	testkit.Slow(t)
	for _, password := range []string{"", "open sesame"} {
		t.Run("password "+password, func(t *testing.T) { teachByCommands(t, password) })
	}
}

func teachByCommands(t *testing.T, password string) {
	t.Helper()
	web := "listen: '" + testkit.FreeAddress(t) + "'"
	if password != "" {
		hash, err := login.Hash(password)
		if err != nil {
			t.Fatal(err)
		}
		web += ", password_file: '" + write(t, "password", hash+"\n") + "'"
	}
	config := write(t, "edged.yaml", fmt.Sprintf("web: {%s}\nmqtt: {broker: 'tcp://127.0.0.1:1'}\ncameras: [{name: gate, source: 'file:%s'}, {name: porch, source: 'file:%[2]s'}]\n",
		web, footage(t, "walkers.mkv")))
	c := &teacherCLI{t, config, password}
	c.fails("no edged answers", "list")
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	c.says("nothing taught yet", "list")
	c.fails("say which view by --view: gate, porch", "add", "walker")
	c.fails(`no view "roof"; edged has gate, porch`, "add", "walker", "--view", "roof")
	c.fails("wave", "add", "wave", "--view", "gate") // a label of the model
	c.fails("special meaning", "add", "a/b", "--view", "gate")
	c.fails(`nothing was taught at the view gate yet`, "show", "walker", "--view", "gate")
	if out := c.until("add", "walker", "--view", "gate"); !strings.Contains(out, "is saved: what happened at") {
		t.Errorf("add: %s", out)
	}
	c.fails("no moments", "add", "walker", "--view", "gate", "--from", "2020-01-01T00:00:00Z")
	c.says("walker", "list")
	c.says("EXAMPLE", "show", "walker", "--view", "gate")
	var all taught
	if err := json.Unmarshal([]byte(c.says("walker", "list", "--json")), &all); err != nil || all.Views[0].Actions[0].Examples != 1 {
		t.Errorf("%v: %+v", err, all)
	}
	file := filepath.Join(t.TempDir(), "walker.zip")
	c.says("bytes", "export", "walker", "--view", "gate", "-o", file)
	c.fails("exists", "export", "walker", "--view", "gate", "-o", file)
	c.says("walker is imported to porch with 1 examples", "import", file, "--view", "porch")
	c.fails("taken", "import", file, "--view", "porch")
	c.fails("no export", "import", config, "--view", "porch")
	c.says("walker is forgotten, with 1 examples", "forget", "walker", "--view", "porch")
	c.fails(`nothing was taught at the view porch yet`, "forget", "walker", "--view", "porch")
	if password != "" {
		wrong := &teacherCLI{t, config, "wrong"}
		wrong.fails("password is wrong", "list")
	}
}

func TestTeachAddChecksItsTimes(t *testing.T) {
	for _, args := range [][]string{
		{"--until", "2026-11-22T21:33:05Z"},
		{"--from", "2026-11-22T21:33:05Z", "--until", "2026-11-22T21:33:04Z"},
	} {
		if status, _, errs := edged(t, append([]string{"teach", "add", "x"}, args...)...); status != exitUsage || !strings.Contains(errs, "--until needs --from") {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
}
