// Package e2e is what the arm64 guest runs: the cross-built edged under the kernel's own camera drivers, with a real broker
// and a real subscriber. test/vm/e2e.sh puts it there; anywhere else its tests are skipped.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// payload is where test/vm/guest.sh has put everything.
const payload = "/payload/"

// long is set for the demonstrations of `make test-cameras`.
var long = os.Getenv("EDGED_CAMERAS") == "long"

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "play" {
		play(os.Args[2], os.Args[3])
	}
	if os.Getenv("EDGED_GUEST") == "" {
		fmt.Println("skipped: not in the guest; run test/vm/e2e.sh")
		return
	}
	stop := make(chan struct{})
	go keepNames(stop)
	status, err := withBroker(m.Run)
	close(stop)
	if err != nil {
		fmt.Println("mosquitto:", err)
		status = 1
	}
	os.Exit(status)
}

// withBroker runs the tests beside a mosquitto, from which subscribers get a retained message to know that they are heard.
func withBroker(run func() int) (status int, err error) {
	broker := exec.CommandContext(context.Background(), "mosquitto", "-c", payload+"mosquitto.conf")
	if err := broker.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = broker.Process.Kill()
		_ = broker.Wait()
	}()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out, err := exec.CommandContext(context.Background(), "mosquitto_pub", "-t", probe, "-r", "-m", "ready").CombinedOutput()
		if err == nil {
			return run(), nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%w: %s", err, out)
		}
	}
}

// command runs a program to its end and returns what it wrote.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}
