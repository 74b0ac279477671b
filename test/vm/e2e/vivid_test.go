package e2e

import (
	"strings"
	"testing"
)

// A camera of another kind: YUYV out of the kernel's own test driver, which also loses frames where it is told to. What it
// shows is a moving pattern, of which no event is expected.
func TestVividYUYV(t *testing.T) {
	command(t, "modprobe", "vivid", "n_devs=1", "node_types=0x1", "num_inputs=1", "input_types=0")
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

	if status := edged.stop(patience); status != 0 {
		t.Errorf("exit status %d after SIGTERM, want 0", status)
	}
	wantOffline(t, cameraStatus)
}
