package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"edged/internal/testkit"
)

// Standard error is a full pipe that nobody reads. A camera sends frames that cannot be decoded, which its own goroutine logs. That must
// not stop the camera.
func TestALogThatNobodyReadsHoldsUpNoCamera(t *testing.T) {
	testkit.Slow(t)
	picture := greyJPEG(t)
	good, bad := write(t, "good.jpg", string(picture)), bytes.Clone(picture)
	table := bytes.Index(bad, []byte{0xff, 0xc4}) + 5 // of a Huffman table: how many codes have 1 bit, 2 bits, ...
	copy(bad[table:], bytes.Repeat([]byte{0xfe}, 16))
	flag := filepath.Join(t.TempDir(), "flag")
	address := freeAddress(t)
	config := write(t, "edged.yaml", fmt.Sprintf("mqtt: {broker: 'tcp://%s'}\nweb: {listen: %q}\n"+
		"cameras: [{name: gate, source: 'command:while sleep 0.03; do cat %s; if [ -e %s ]; then cat %s; fi; done'}]\n",
		testkit.FreeAddress(t), address, good, flag, write(t, "bad.jpg", string(bad))))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	p := startEdgedTo(t, io.Discard, w, "run", "-c", config)
	p.line(t, "gate  online")
	fillPipe(t, w)
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	gate := func() shownCamera {
		t.Helper()
		body, err := fetch(t.Context(), "http://"+address+"/status")
		if err != nil {
			t.Fatal(err)
		}
		var s shownNode
		if err := json.Unmarshal(body, &s); err != nil {
			t.Fatal(err)
		}
		return s.Cameras["gate"]
	}
	deadline := time.Now().Add(patience)
	for last := uint64(0); last == 0 || gate().Frames < last+30; time.Sleep(10 * time.Millisecond) {
		if s := gate(); last == 0 && s.DroppedCorrupt > 0 {
			last = s.Frames
		}
		if time.Now().After(deadline) {
			t.Fatalf("the camera stands still: %+v", gate())
		}
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// fillPipe writes into the pipe until it takes no more.
func fillPipe(t *testing.T, w *os.File) {
	t.Helper()
	// Open the pipe once more: O_NONBLOCK on w itself would hold for edged, too.
	filler, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for err == nil {
		if err = filler.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, err = filler.Write([]byte("."))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

func greyJPEG(t *testing.T) []byte {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio422), nil); err != nil {
		t.Fatal(err)
	}
	return picture.Bytes()
}
