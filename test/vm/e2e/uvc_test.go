package e2e

import (
	"strings"
	"testing"
	"time"
)

// patience is generous: the guest is emulated, on a machine that may be busy.
const patience = 60 * time.Second

// plugIn plugs the simulated camera in, with a clip for it to play in a loop. Unplugged with the end of the test.
func plugIn(t *testing.T, clip string) *process {
	t.Helper()
	return plug(t, "-isochronous", "-rate", "15", payload+clip)
}

// plug plugs a simulated camera in as the arguments say.
func plug(t *testing.T, args ...string) *process {
	t.Helper()
	p := start(t, payload+"uvcsim", args...)
	line := p.expect("plugged", func(line string) bool { return strings.HasPrefix(line, "plug: ") })
	t.Logf("camera in, %s: %s", strings.Join(args, " "), line)
	return p
}

// wantUsable looks whether there is a camera that v4l2:auto may take.
func wantUsable(t *testing.T) {
	t.Helper()
	if found := command(t, payload+"edged", "probe", "--json"); !strings.Contains(found, "\"usable\": true,\n      \"formats\"") {
		t.Errorf("no usable camera: %s", found)
	}
}

// The main job: footage of a walker through uvcvideo as MJPEG, the model motions by XNNPACK, events at a subscriber. Then
// the cable is pulled in mid-stream, and put back with someone walking the other way.
func TestUVCCamera(t *testing.T) {
	command(t, "modprobe", "-a", "vhci-hcd", "uvcvideo")
	camera := plugIn(t, "left_to_right.mjpeg")
	wantUsable(t)
	sub := subscribe(t)
	edged := start(t, payload+"edged", "run", "-c", payload+"edged.yaml")

	sub.awaitPayload(nodeStatus, "online")
	sub.awaitPayload(cameraStatus, "online")
	sub.awaitEvent("left_to_right", "right_to_left")
	s := sub.awaitStats()
	if s.Delegate != "xnnpack" || s.NodesTotal == 0 || s.NodesDelegated != s.NodesTotal {
		t.Errorf("delegate %q runs %d of %d nodes, want all by xnnpack", s.Delegate, s.NodesDelegated, s.NodesTotal)
	}
	if s.DroppedCorrupt > 1 { // the first frame after STREAMON may be partial
		t.Errorf("%d corrupt frames", s.DroppedCorrupt)
	}

	camera.tell("unplug")
	sub.awaitPayload(cameraStatus, "offline")
	wantOffline(t, cameraStatus)

	plugIn(t, "right_to_left.mjpeg")
	sub.awaitPayload(cameraStatus, "online")
	sub.awaitEvent("right_to_left", "left_to_right")

	if status := edged.stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM, want 0", status)
	}
	wantOffline(t, cameraStatus)
	wantOffline(t, nodeStatus)
}
