package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Clips that e2e.sh makes: small ones, for the emulated CPU to have time for three cameras.
const (
	smallClip = payload + "small.mjpeg"  // 320x240
	otherClip = payload + "medium.mjpeg" // 480x360
	order     = "/tmp/order"             // what the player is told
)

// Everything that a USB camera and a program can do wrong, with another camera of each kind beside it.
func TestFaultsOfUVCAndCommand(t *testing.T) {
	command(t, "modprobe", "-a", "vhci-hcd", "uvcvideo")
	camera := plug(t, "-rate", "10", smallClip) // bulk: a packet for each 1024 bytes is too much for three cameras here
	plug(t, "-rate", "10", "-serial", "SIM0002", smallClip)
	node(t, "SIM0001")
	node(t, "SIM0002")
	sub := subscribe(t)
	f := faults{T: t, sub: sub, cameras: []string{"usb", "other", "program"}, windows: new(int), since: map[string]time.Time{}, edged: startEdged(t, `
- {name: usb, source: "v4l2:/dev/v4l/by-id/SIM0001", motion_gate: false, frozen_after: 10s}
- {name: other, source: "v4l2:/dev/v4l/by-id/SIM0002", motion_gate: false}
- {name: program, source: "command:exec /payload/e2e.test play `+smallClip+` `+order+`", motion_gate: false}
`, 0)}

	plugged := func(what string) func() time.Time {
		return func() time.Time {
			camera.tell(what)
			_, since := node(t, "SIM0001")
			return since
		}
	}
	every := func(fault string) func() { return func() { camera.tell("every " + fault) } }
	intact := doing(every("intact"))
	unplug := func() { camera.tell("unplug") }
	var held *os.File
	f.happen(
		fault{name: "unplugged in mid-stream", camera: "usb", begin: unplug,
			reason: "the camera was unplugged", kind: "unplugged", end: plugged("plug")},
		fault{name: "… back under another node number", short: true, camera: "usb",
			begin: func() {
				path, _ := node(t, "SIM0001")
				var err error
				if held, err = os.Open(path); err != nil { // who has it open keeps its number
					t.Fatal(err)
				}
				unplug()
			},
			reason: "the camera was unplugged", kind: "unplugged",
			end: func() time.Time {
				defer held.Close()
				since := plugged("plug")()
				if path, _ := node(t, "SIM0001"); path == held.Name() {
					t.Errorf("%s again", path)
				}
				return since
			}},
		fault{name: "… back with another size", camera: "usb", begin: unplug,
			reason: "the camera was unplugged", kind: "unplugged", end: plugged("plug " + otherClip)},
		fault{name: "… back with another format (YUYV)", camera: "usb", begin: unplug,
			reason: "the camera was unplugged", kind: "unplugged",
			end: func() time.Time {
				camera = plug(t, "-rate", "10", "-yuyv", smallClip)
				_, since := node(t, "SIM0001")
				return since
			}},
	)
	if long {
		wantFormat(t, "YUYV")
		t.Logf("edged probe says:\n%s", command(t, payload+"edged", "probe"))
		camera.tell("unplug")
		camera = plug(t, "-rate", "10", smallClip)
		f.awaitLog("usb", "camera online")
		f.awaitStatus("usb", "online")
	}
	f.happen(
		fault{name: "every JPEG truncated", camera: "usb", begin: every("truncated"),
			reason: "none can be decoded", kind: "undecodable", end: intact},
		fault{name: "garbage in place of JPEGs", short: true, camera: "usb", begin: every("garbage"),
			reason: "none can be decoded", kind: "undecodable", end: intact},
		fault{name: "every frame flagged as damaged (UVC error bit)", camera: "usb", begin: every("error"),
			reason: "no good frame for 5s", kind: "stalled", end: intact},
		fault{name: "no frames any more (stall)", camera: "usb", begin: every("silent"),
			reason: "no good frame for 5s", kind: "stalled", end: intact},
		fault{name: "the same picture for ever (`frozen_after: 10s`)", camera: "usb", begin: every("frozen"),
			reason: "the camera is frozen: the same picture for 10s", kind: "frozen", end: intact},
	)
	for _, fault := range []string{"truncated", "garbage"} {
		one(f, camera, fault)
	}

	tell := func(word string) func() {
		return func() {
			if err := os.WriteFile(order, []byte(word), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	obey := doing(func() { os.Remove(order) })
	f.happen(
		fault{name: "a command that exits", short: true, camera: "program", begin: tell("exit"),
			reason: "the command ended (exit status 3): told to exit", kind: "exited", end: obey},
		fault{name: "a command that hangs", camera: "program", begin: tell("hang"),
			reason: "no frame for 5s", kind: "stalled", end: obey},
		fault{name: "a command that ends in the middle of a frame", camera: "program", begin: tell("half"),
			reason: "the command ended", kind: "exited", end: obey},
	)
	if *f.windows == 0 && long {
		t.Error("not one window was seen after a fault")
	}
	t.Logf("%d windows seen after a fault, all of frames since then", *f.windows)
	for _, name := range f.cameras {
		s := f.status(name)
		t.Logf("camera %s: %d frames, of which %d were off the grid and never decoded", name, s.Frames, s.OffGrid)
	}
	if status := f.stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM, want 0", status)
	}
}

// one spoils a single frame: it is dropped and counted, and nothing else happens.
func one(f faults, camera *process, fault string) {
	f.Helper()
	said, was := len(f.said), f.status("usb")
	began := time.Now()
	for tries := 1; f.status("usb").DroppedCorrupt == was.DroppedCorrupt; tries++ { // off the grid nobody looks at it
		if tries > 50 {
			f.Fatalf("no frame counted as corrupt after %d were %s", tries, fault)
		}
		began = time.Now()
		camera.tell("next " + fault)
		time.Sleep(300 * time.Millisecond)
	}
	detected := time.Since(began)
	s := f.until("usb", "frame", func(s stats) bool { return s.Frames > was.Frames+10 })
	if !s.Online || s.failures() != was.failures() || len(f.logged(said, "usb")) > 2 {
		f.Errorf("one %s frame: %+v, logged %q", fault, s, f.logged(said, "usb"))
	}
	row("one frame "+fault, detected, 0, "online, `dropped_corrupt`")
}

func wantFormat(t *testing.T, format string) {
	t.Helper()
	path, _ := node(t, "SIM0001")
	if got := command(t, "v4l2-ctl", "-d", path, "--get-fmt-video"); !strings.Contains(got, "'"+format+"'") {
		t.Errorf("%s streams %s, want %s", path, got, format)
	}
}

// EDGED_REPLUGS is how many cables `make test-cameras` pulls, of four cameras at a time; make test pulls one three times.
func TestManyReplugs(t *testing.T) {
	names := []string{"a"}
	times, err := strconv.Atoi(os.Getenv("EDGED_REPLUGS"))
	if err != nil {
		times = 3
	} else {
		names = append(names, "b", "c", "d")
	}
	command(t, "modprobe", "-a", "vhci-hcd", "uvcvideo")
	cables := map[string]*process{}
	var config strings.Builder
	for _, name := range names {
		cables[name] = plug(t, "-rate", "10", "-serial", name, smallClip)
		fmt.Fprintf(&config, "- {name: %s, source: \"v4l2:/dev/v4l/by-id/%s\", motion_gate: false}\n", name, name)
	}
	f := faults{T: t, edged: startEdged(t, config.String(), 0)}
	for name := range cables { // its tensors count from the first window on
		f.until(name, "window", func(s stats) bool { return s.Windows > 0 })
	}
	unplugOften(f, cables, times/len(cables))
}

// unplugOften pulls all the cables many times: edged must then have all that it had at the start, and no more.
func unplugOften(f faults, cables map[string]*process, rounds int) {
	f.Helper()
	warm := rounds / 2
	var first held
	for n := range rounds {
		before := map[string]stats{}
		for name := range cables {
			before[name] = f.until(name, "picture", func(s stats) bool { return s.Online })
		}
		if n == warm {
			first = f.held()
		}
		if n%10 == 0 {
			heldRow(n*len(cables), f.held())
		}
		for _, cable := range cables {
			cable.tell("unplug")
		}
		for name := range cables {
			f.until(name, "end", func(s stats) bool { return s.failures() > before[name].failures() })
		}
		for _, cable := range cables {
			cable.tell("plug")
		}
		for name := range cables {
			f.until(name, "frame", func(s stats) bool { return s.Online && s.Frames > before[name].Frames })
		}
	}
	const slackKB = 4096 // a garbage collector's heap has no fixed size
	more := func(h held) bool {
		return h.files != first.files || h.mappings != first.mappings || h.goroutines > first.goroutines || h.rssKB > first.rssKB+slackKB
	}
	last := f.held()
	for range 10 { // it may be looking at something just then
		if !more(last) {
			break
		}
		time.Sleep(time.Second)
		last = f.held()
	}
	heldRow(rounds*len(cables), last)
	if more(last) {
		f.Errorf("after %d rounds: %v; after %d: %v", rounds, last, warm, first)
	}
}

// held is what a process has of the system's.
type held struct{ files, mappings, goroutines, rssKB int }

func (h held) String() string {
	return fmt.Sprintf("%d files, %d mappings of video buffers, %d goroutines, %d kB", h.files, h.mappings, h.goroutines, h.rssKB)
}

func heldRow(replugs int, h held) {
	fmt.Printf("| %d | %d | %d | %d | %.1f MB |\n", replugs, h.files, h.mappings, h.goroutines, float64(h.rssKB)*1024/1e6)
}

func (f faults) held() held {
	f.Helper()
	maps, err := os.ReadFile("/proc/" + strconv.Itoa(f.cmd.Process.Pid) + "/maps")
	if err != nil {
		f.Fatal(err)
	}
	return held{
		files:      int(f.metric("process_open_fds")),
		mappings:   strings.Count(string(maps), "/dev/video"),
		goroutines: int(f.metric("go_goroutines")),
		rssKB:      int(f.metric("process_resident_memory_bytes")) / 1024,
	}
}
