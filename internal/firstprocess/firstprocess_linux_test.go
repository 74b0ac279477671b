package firstprocess

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// With this variable the test's program is the first process of others: as a subreaper it inherits orphans, like process 1.
const asFirst = "EDGED_TEST_FIRST_PROCESS"

func TestMain(m *testing.M) {
	script := os.Getenv(asFirst)
	if script == "" {
		os.Exit(m.Run())
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	status, err := Run("/bin/sh", []string{"sh", "-c", script})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 99
	}
	os.Exit(status)
}

func first(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // the test itself
	c.Env, c.Dir, c.Stderr = append(os.Environ(), asFirst+"="+script), t.TempDir(), os.Stderr
	return c
}

func statusOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode()
}

func TestTheStatusIsTheChilds(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 78": 78, "kill -9 $$": 137} {
		if got := statusOf(t, first(t, script).Run()); got != want {
			t.Errorf("%s: status %d, want %d", script, got, want)
		}
	}
}

// An orphan ends while its parent has ended before. Somebody must take its status, or it stays in /proc.
func TestOrphansDoNotStayAsZombies(t *testing.T) {
	const orphans = `
for n in 1 2 3 4 5; do sh -c 'sh -c : & echo $! >>orphans'; done
for try in $(seq 200); do
  left=0
  for p in $(cat orphans); do [ ! -e /proc/$p ] || left=1; done
  [ $left = 1 ] || exit 7
  sleep 0.05
done
exit 8`
	if got := statusOf(t, first(t, orphans).Run()); got != 7 {
		t.Errorf("status %d, want 7: no orphan is left", got)
	}
}

func TestSignalsReachTheChild(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		c := first(t, `trap 'exit 9' TERM INT HUP; echo ready; while :; do sleep 0.05; done`)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if got := statusOf(t, c.Wait()); got != 9 {
			t.Errorf("%v: status %d, want 9", s, got)
		}
	}
}

func TestAProgramThatCannotBeStarted(t *testing.T) {
	if _, err := Run("/no/such/program", []string{"x"}); err == nil {
		t.Error("no error")
	}
}
