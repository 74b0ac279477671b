//go:build powercut

package record

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// cutFolder names the folder of clips to the process whose power is cut.
const cutFolder = "EDGED_TEST_POWERCUT"

// Power cuts while four views record all the time: no complete clip is lost or damaged, whatever was written at that moment is removed at
// the next start, and the statistics say how many files that were. It needs root and loop devices, so that make test-faults alone runs it.
func TestPowerCutsOfClips(t *testing.T) {
	if dir := os.Getenv(cutFolder); dir != "" {
		recordForever(t, dir)
		return
	}
	const cuts = 30
	image := testkit.NewDiskImage(t, "128M")
	child := startRecording(t, testkit.MountImage(t, image))
	images, saved := make([]string, cuts), make([][]string, cuts)
	for n := range cuts {
		time.Sleep(rand.N(2 * time.Second))
		child.signal(syscall.SIGSTOP)
		saved[n] = child.savedClips()
		images[n] = testkit.CopyImage(t, image)
		child.signal(syscall.SIGCONT)
	}
	child.signal(syscall.SIGKILL)
	clips, lost, torn := 0, 0, 0
	for n := range cuts {
		t.Run("", func(t *testing.T) {
			clips += len(saved[n])
			l, removed := checkDisk(t, testkit.MountImage(t, images[n]), saved[n])
			lost, torn = lost+l, torn+removed
		})
	}
	t.Logf("| power cut at %d instants | %d complete clips checked | %d lost | %d torn files removed |", cuts, clips, lost, torn)
	if clips < cuts || torn == 0 {
		t.Errorf("%d complete clips, %d torn files: too few to show anything", clips, torn)
	}
}

// checkDisk opens the folder as edged does when it starts. It returns how many of the clips saved before are lost or damaged, and how many
// torn files edged has removed.
func checkDisk(t *testing.T, dir string, saved []string) (lost, torn int) {
	t.Helper()
	before := len(names(t, dir))
	r := &Recorder{Dir: dir, MaxBytes: 1 << 30, MaxAge: time.Hour, Rate: 5, Timeline: new(Timeline), Log: slog.New(slog.DiscardHandler)}
	r.Initialize()
	if _, err := r.openStore(); err != nil {
		t.Fatal(err)
	}
	for _, id := range saved {
		if err := r.checkClip(id); err != nil {
			lost++
			t.Errorf("clip %s: %v", id, err)
		}
	}
	after, stats := names(t, dir), r.Stats()
	if i := slices.IndexFunc(after, func(name string) bool { return strings.HasSuffix(name, partSuffix) }); i >= 0 {
		t.Errorf("%s is left", after[i])
	}
	if stats.Torn != before-len(after) || len(after) != 2*stats.Clips {
		t.Errorf("%d files before, %d after, %d clips, and %d torn files reported", before, len(after), stats.Clips, stats.Torn)
	}
	return lost, stats.Torn
}

// checkClip reads every picture of the clip.
func (r *Recorder) checkClip(id string) error {
	clip, err := r.Info(id)
	if err != nil {
		return err
	}
	video, err := r.Video(id)
	if err != nil {
		return err
	}
	defer video.Close()
	for n, f := range clip.Frames {
		jpeg := make([]byte, f[2])
		if _, err := video.ReadAt(jpeg, f[1]); err != nil {
			return err
		}
		if !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8}) || !bytes.HasSuffix(jpeg, []byte{0xff, 0xd9}) {
			return fmt.Errorf("picture %d of %d is damaged", n, len(clip.Frames))
		}
	}
	return nil
}

// recording is a process that records.
type recording struct {
	t       *testing.T
	process *os.Process
	mu      sync.Mutex // guards saved
	saved   []string   // ids of clips that it reported as saved
}

func startRecording(t *testing.T, dir string) *recording {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.count", "1")
	c.Env = append(os.Environ(), cutFolder+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r := &recording{t: t, process: c.Process}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if id, ok := strings.CutPrefix(lines.Text(), "saved "); ok {
				r.mu.Lock()
				r.saved = append(r.saved, id)
				r.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-read
		_ = c.Wait()
	})
	return r
}

func (r *recording) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

func (r *recording) savedClips() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.saved)
}

// recordForever records an action after the other, in four views, and prints the id of each clip that is saved.
func recordForever(t *testing.T, dir string) {
	t.Helper()
	s := newSceneOf(t, dir, jpegOf(t, 100, 640, 480), func(r *Recorder) {
		r.Views, r.MaxBytes = nil, 1<<30
		for n := range 4 {
			r.Views = append(r.Views, View{Camera: "gate", Path: fmt.Sprintf("gate/%d", n)})
		}
	})
	var all sync.WaitGroup
	for v := range s.Views {
		all.Go(func() {
			for n := uint64(0); ; n++ {
				now := clock.Monotonic()
				e := sink.Event{ID: sink.ID{Run: fmt.Sprintf("0000000%d", v), N: n}, Camera: "gate", View: s.Views[v].Path, Label: "wave", Phase: sink.Start, Start: now, Newest: now}
				e.Clip = s.Begin(e)
				s.hand(e)
				time.Sleep(rand.N(300 * time.Millisecond))
				s.finish(e)
				fmt.Println("saved", s.await(e, ClipSaved).Clip)
			}
		})
	}
	all.Wait()
}
