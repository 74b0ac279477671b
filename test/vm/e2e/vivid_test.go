package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A camera of another kind: YUYV out of the kernel's own test driver, which also loses frames where it is told to. What it
// shows is a moving pattern, of which no event is expected.
func TestVividYUYV(t *testing.T) {
	loadVivid(t, 1)
	wantUsable(t)
	sub := subscribe(t)
	edged := start(t, payload+"edged", "run", "-c", payload+"vivid.yaml")
	sub.awaitPayload(cameraStatus, "online")
	format := command(t, "v4l2-ctl", "--get-fmt-video")
	if !strings.Contains(format, "'YUYV'") {
		t.Errorf("the driver streams %s, want YUYV", format)
	}
	before := sub.awaitStats()

	command(t, "v4l2-ctl", "--set-ctrl", "percentage_of_dropped_buffers=30")
	after := sub.awaitStats()
	frames, lost := after.Frames-before.Frames, after.DroppedLost-before.DroppedLost
	t.Logf("with 30%% lost on purpose: %d frames came, %d are missing in the sequence", frames, lost)
	if frames == 0 || lost < frames/10 {
		t.Errorf("%d frames lost beside %d that came; the driver drops 30%%", lost, frames)
	}

	if status := edged.stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM, want 0", status)
	}
	wantOffline(t, cameraStatus)
}

func bind(t *testing.T, what string) {
	t.Helper()
	if err := os.WriteFile("/sys/bus/platform/drivers/vivid/"+what, []byte("vivid.0"), 0); err != nil {
		t.Fatal(err)
	}
}

// loadVivid makes so many test cameras, /dev/video0 and on, until the end of the test.
func loadVivid(t *testing.T, devices int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		nodes, _ := filepath.Glob("/dev/video*") // of an earlier test's cameras
		if len(nodes) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v are still there", nodes)
		}
	}
	each := func(value string) string { return strings.TrimSuffix(strings.Repeat(value+",", devices), ",") }
	command(t, "modprobe", "vivid", fmt.Sprint("n_devs=", devices), "node_types="+each("0x1"), "num_inputs="+each("1"),
		"input_types="+each("0"), "multiplanar="+each("1"))
	t.Cleanup(func() { rmmod(t, "vivid") })
}

// rmmod takes a driver out that nobody uses any more: the programs of the test end with its context, a moment before.
func rmmod(t *testing.T, module string) {
	var out []byte
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if out, err = exec.CommandContext(context.Background(), "rmmod", module).CombinedOutput(); err == nil {
			return
		}
	}
	t.Errorf("rmmod %s: %v: %s", module, err, out)
}
