package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/capture/pixel"
	"edged/internal/config"
	"edged/internal/testkit"
	"edged/models"
	"edged/publish"
	"edged/record"
)

func walkers(t *testing.T) string {
	t.Helper()
	path := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "walkers.mkv")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; make deps fetches it", err)
	}
	return path
}

// recordFirst runs a node on real footage until the clip of its first event is complete.
func recordFirst(t *testing.T, camera string) (*Node, *record.Clip) {
	t.Helper()
	n := newNode(t, "mqtt: {broker: 'tcp://127.0.0.1:1'}\nrecord: {enabled: true, dir: '"+t.TempDir()+"', before: 1s, after: 500ms}\n"+
		"cameras: [{name: gate, source: 'file:"+walkers(t)+"', "+camera+"}]\n")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	for {
		events, _ := n.Timeline.List(record.Filter{})
		if len(events) > 0 && events[len(events)-1].ClipState == record.ClipSaved {
			stop()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			clip, err := n.Recorder.Info(events[len(events)-1].Clip)
			if err != nil {
				t.Fatal(err)
			}
			return n, clip
		}
		select {
		case err := <-ended:
			t.Fatalf("no event was recorded within a minute: %v, %+v", err, n.Recorder.Stats())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestEventsAreRecorded(t *testing.T) {
	testkit.Slow(t)
	n, clip := recordFirst(t, "")
	e := clip.Events[0]
	if e.Label != "left_to_right" && e.Label != "right_to_left" {
		t.Errorf("event %+v", e)
	}
	if before := e.Start.Sub(clip.Start); before < 700*time.Millisecond || before > time.Second {
		t.Errorf("%v before the event, want a second", before)
	}
	if clip.Duration < 2000 || len(clip.Frames) < 8 || len(clip.Windows) < 4 {
		t.Errorf("%d ms, %d pictures, %d windows", clip.Duration, len(clip.Frames), len(clip.Windows))
	}
	for _, p := range (clipPictures{n}).Pictures("gate", clip.Start.Add(500*time.Millisecond), clip.Start.Add(1500*time.Millisecond), 100) {
		if width, height, err := pixel.JPEGSize(p); err != nil || width != n.Model.Manifest.Width || height != n.Model.Manifest.Height {
			t.Errorf("a picture of the clip for teaching is %dx%d, %v", width, height, err)
		}
	}
	if got := len((clipPictures{n}).Pictures("gate", clip.Start.Add(500*time.Millisecond), clip.Start.Add(1500*time.Millisecond), 100)); got < 8 {
		t.Errorf("%d pictures of a second", got)
	}
	if spans := (clipPictures{n}).Spans("gate", clip.Start); len(spans) == 0 || !spans[0].From.Equal(clip.Start) {
		t.Errorf("spans %v, want one from %v", spans, clip.Start)
	}
	n.obey(publish.Command{Path: "gate", Kind: publish.DeleteClip, Clip: clip.ID})
	if _, err := n.Recorder.Info(clip.ID); err == nil {
		t.Error("the command to delete the clip was not obeyed")
	}
	if stats := n.Telemetry(); stats.Recording == nil || stats.Recording.Written == 0 {
		t.Errorf("the statistics say %+v", stats.Recording)
	}
}

// The clip's pictures are black where a mask is. Here it covers the sky, where nobody walks.
func TestMaskedPartIsNotRecorded(t *testing.T) {
	testkit.Slow(t)
	n, clip := recordFirst(t, "masks: [[[0, 0], [1, 0], [1, 0.3], [0, 0.3]]]")
	video, err := n.Recorder.Video(clip.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer video.Close()
	decoder, err := pixel.NewDecoder(clip.Width, clip.Height)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	rgb := make([]byte, 3*clip.Width*clip.Height)
	for _, f := range clip.Frames {
		jpeg := make([]byte, f[2])
		if _, err := video.ReadAt(jpeg, f[1]); err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode(rgb, pixel.Format{FourCC: pixel.MJPEG}, jpeg); err != nil {
			t.Fatal(err)
		}
		masked, bright := rgb[:3*clip.Width*(clip.Height*3/10-8)], byte(0)
		for _, v := range masked {
			bright = max(bright, v)
		}
		if bright > 12 {
			t.Fatalf("the picture at %d ms shows something of brightness %d behind the mask", f[0], bright)
		}
	}
}

func TestRecordingNeedsAFolder(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "")
	cfg, err := config.Parse("edged.yaml", []byte("record: {enabled: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Inputs{Config: cfg, Model: m}); !errors.As(err, new(ConfigError)) || !strings.Contains(err.Error(), "record.dir or state_dir") {
		t.Errorf("%v, want an error that names record.dir", err)
	}
}
