package e2e

import (
	"testing"
	"time"
)

const vivid0 = "/dev/video0" // the first vivid's node

func control(t *testing.T, name string) func() {
	return func() { command(t, "v4l2-ctl", "-d", vivid0, "--set-ctrl", name) }
}

// Everything that vivid can be told to get wrong, with another vivid beside it.
func TestFaultsOfVivid(t *testing.T) {
	loadVivid(t, 2)
	sub := subscribe(t)
	const as = ", format: yuyv, width: 320, height: 180, fps: 10, motion_gate: false, frozen_after: 0s}\n"
	f := faults{T: t, sub: sub, cameras: []string{"test", "other"}, windows: new(int), since: map[string]time.Time{}, edged: startEdged(t, `
- {name: test, source: "v4l2:/dev/video0"`+as+`- {name: other, source: "v4l2:/dev/video1"`+as, 0)}

	fatal := control(t, "inject_fatal_streaming_error=1")
	const eio = "QBUF: the camera gives wrong answers (EIO); try another port or cable" // whichever call comes first
	mended := time.Now                                                                  // with the device's being closed
	// reopen has another error wait for edged when it opens the device again.
	reopen := func(name string) func() { return func() { control(t, name)(); fatal() } }
	f.happen(
		fault{name: "DQBUF or QBUF fails (EIO)", short: true, camera: "test", begin: fatal,
			reason: eio, kind: "other", alone: true, end: mended},
		fault{name: "… and then REQBUFS, once", camera: "test", begin: reopen("inject_vidioc_reqbufs_error=1"),
			reason: eio, kind: "other", alone: true, end: mended},
		fault{name: "… and then STREAMON, once", camera: "test", begin: reopen("inject_vidioc_streamon_error=1"),
			reason: eio, kind: "other", alone: true, end: mended},
		fault{name: "QBUF fails (EINVAL)", camera: "test", begin: control(t, "inject_vidioc_qbuf_error=1"),
			reason: "QBUF: invalid argument (EINVAL)", kind: "other", alone: true, end: mended},
		fault{name: "the driver says that the device is gone (vivid's Disconnect)", camera: "test", begin: control(t, "disconnect=1"),
			reason: "the camera was unplugged", kind: "unplugged", alone: true, end: mended},
		fault{name: "every buffer dropped by the driver", camera: "test", begin: control(t, "percentage_of_dropped_buffers=100"),
			reason: "no good frame for 5s", kind: "stalled", end: doing(control(t, "percentage_of_dropped_buffers=0"))},
	)

	both := f
	both.cameras = nil // one driver has both
	both.happen(fault{name: "driver unbound, and bound again", camera: "test", begin: func() { bind(t, "unbind") },
		reason: "the camera was unplugged", kind: "unplugged", end: doing(func() { bind(t, "bind") })})
	f.until("other", "return", func(s stats) bool { return s.Online })

	// Those that are no reason to close the camera.
	was := f.status("test")
	began := time.Now()
	control(t, "inject_v4l2_buf_flag_error=1")()
	f.until("test", "flagged frame", func(s stats) bool { return s.DroppedFlagged > was.DroppedFlagged })
	row("a buffer with the ERROR flag", time.Since(began), 0, "online, `dropped_flagged`")

	control(t, "wrap_timestamp=1")() // from the next start of streaming
	f.happen(fault{name: "DQBUF or QBUF fails (EIO), frame times of another clock from then on", camera: "test", begin: fatal, short: true,
		reason: eio, kind: "other", alone: true, end: mended})
	was = f.until("test", "mistimed frame", func(s stats) bool { return s.Mistimed > 0 })
	if long { // they wrap 16 s after the start
		f.until("test", "frames across the wrap", func(s stats) bool { return s.Frames > was.Frames+200 })
	}
	now := f.status("test")
	if now.failures() != was.failures() || now.Frames == was.Frames && long {
		t.Errorf("with the driver's times ahead: %+v, before %+v", now, was)
	}
	t.Logf("%d windows seen after a fault, all of frames since then", *f.windows)
	t.Logf("of %d frames %d were off the grid and never decoded; %d had an impossible time", now.Frames, now.OffGrid, now.Mistimed)
	if long {
		t.Logf("edged probe says:\n%s", command(t, payload+"edged", "probe"))
	}
	if status := f.stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM, want 0", status)
	}
}
