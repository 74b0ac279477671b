package capture

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func same(s string) string { return s }

func TestWordsTellEachLineOnceWithItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w words
		cause := errors.New("the command ended")
		says := func(format string, args ...any) { fmt.Fprintf(&w, format, args...) }
		expect := func(want string) {
			t.Helper()
			if got := w.explain(cause, same).Error(); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		}
		expect("the command ended")
		says("connected\n\r\n")
		for i := range 1000 {
			says("[h264 @ 0x55d0%04x] error while decoding MB %d 5\n", i, i)
		}
		says("and la")
		expect("the command ended: connected; h264: error while decoding MB 999 5; and la")
		says("st words\r")
		time.Sleep(3 * time.Hour)
		expect("the command ended (3h0m0s before, it said: connected; h264: error while decoding MB 999 5; and la; st words)")
		says("camera is gone\n")
		expect("the command ended: camera is gone")
		if !errors.Is(w.explain(cause, same), cause) {
			t.Error("the cause is lost")
		}
	})
}

func TestWordsAreBounded(t *testing.T) {
	var w words
	long := strings.Repeat("word ", 1000) + "rtsp://me:hunter2@camera/"
	for i := range 100 {
		fmt.Fprintf(&w, "%c%c %s\n", 'a'+i%26, 'a'+i/26, long)
		fmt.Fprint(&w, strings.Repeat("x", 100_000))
	}
	text, _ := w.said()
	if len(text) > maxLines*(maxLineBytes+3) || cap(w.partial) > 2*maxLineBytes {
		t.Errorf("%d bytes, room for %d", len(text), cap(w.partial))
	}
	fmt.Fprintf(&w, "\n%s rtsp://me:hunter2@camera/\n", strings.Repeat("x", maxLineBytes-12))
	if text, _ := w.said(); strings.Contains(text, "me:") {
		t.Errorf("half of an address is left: %s", text)
	}
	if err := w.explain(errors.New("it ended"), func(string) string { return "redacted" }); err.Error() != "it ended: redacted" {
		t.Error(err)
	}
}

// What a program advises about itself never reaches a user of edged.
func TestAdviceIsLeftOut(t *testing.T) {
	for says, want := range map[string]string{
		"Stream map '0:v:0' matches no streams.\nTo ignore this, add a trailing '?' to the map.\n":                                   "no video in it",
		"Failed to set value '0:v:0' for option 'map': Invalid argument\nError parsing options for output file pipe:1.\n":            "",
		"[mov,mp4 @ 0x5575fdca3980] moov atom not found\nx.mp4: Invalid data found when processing input\n":                          "it has no index (moov atom), because its recording was not finished, or it is damaged; it is not a video, or its beginning is damaged",
		"[h264 @ 0xab] X is not implemented. Update your FFmpeg version to the newest one from Git. If the problem still occurs, it": "h264: X is not implemented.",
		"Could not find codec parameters for stream 0 (Video: h264). Consider increasing the value for the 'probesize' options":      "Could not find codec parameters for stream 0 (Video: h264).",
		"rtsp://camera/1: Connection refused":      "rtsp://camera/1: Connection refused",
		"method DESCRIBE failed: 401 Unauthorized": "method DESCRIBE failed: 401 Unauthorized",
		"Conversion failed!":                       "",
		"The address is wrong, please check it.":   "The address is wrong",
	} {
		var w words
		fmt.Fprint(&w, says)
		if got, _ := w.said(); got != want {
			t.Errorf("%q\nsays %q\nwant %q", says, got, want)
		}
	}
}
