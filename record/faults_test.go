package record

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// onOwnDisk runs the test again in a process that alone has a small file system mounted, and returns the folder of that in there; ""
// where the test has been run so.
func onOwnDisk(t *testing.T) string {
	t.Helper()
	const folder = "EDGED_TEST_DISK"
	if dir := os.Getenv(folder); dir != "" {
		mount(t, "", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
		mount(t, "tmpfs", dir, "tmpfs", 0, "size=1m")
		return filepath.Join(dir, "clips")
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.count", "1")
	c.Env = append(os.Environ(), folder+"="+t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "PASS") {
		t.Errorf("the test did not run there: %s", out)
	}
	return ""
}

func mount(t *testing.T, what, where, kind string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount(what, where, kind, flags, options); err != nil {
		t.Fatalf("mount %s: %v", where, err)
	}
}

func TestFullDisk(t *testing.T) {
	dir := onOwnDisk(t)
	if dir == "" {
		return
	}
	s := newScene(t, dir, nil)
	s.await(finished(s), ClipSaved)
	filler := filepath.Join(filepath.Dir(dir), "filler")
	f, err := os.Create(filler)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	e := finished(s)
	s.await(e, ClipFailed)
	if st := s.Stats(); st.Failed != 1 || st.Degraded != "record: "+dir+": write: no space left on device" || st.Clips != 1 {
		t.Errorf("%+v", st)
	}
	if got, _ := s.Timeline.Find(e.ID.String()); got.End == nil || got.Clip != "" {
		t.Errorf("the event is in the timeline as %+v; want it whole, without a clip", got)
	}
	if left := names(t, dir); len(left) != 2 {
		t.Errorf("%v are left, want the first clip alone", left)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.await(finished(s), ClipSaved)
	if st := s.Stats(); st.Degraded != "" || st.Clips != 2 {
		t.Errorf("with room again: %+v", st)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	dir := onOwnDisk(t)
	if dir == "" {
		return
	}
	s := newScene(t, dir, nil)
	s.await(finished(s), ClipSaved)
	disk := filepath.Dir(dir)
	mount(t, "", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	s.await(finished(s), ClipFailed)
	if st := s.Stats(); st.Failed != 1 || !strings.Contains(st.Degraded, "read-only") || st.Clips != 1 {
		t.Errorf("%+v", st)
	}
	mount(t, "", disk, "", syscall.MS_REMOUNT, "size=1m")
	s.await(finished(s), ClipSaved)
	if st := s.Stats(); st.Degraded != "" || st.Clips != 2 {
		t.Errorf("writable again: %+v", st)
	}
}

func TestReadOnlyDiskAtTheStart(t *testing.T) {
	dir := onOwnDisk(t)
	if dir == "" {
		return
	}
	disk := filepath.Dir(dir)
	mount(t, "", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	s := newScene(t, dir, nil)
	s.await(finished(s), ClipFailed)
	if st := s.Stats(); !strings.Contains(st.Degraded, "read-only") {
		t.Errorf("%+v", st)
	}
	mount(t, "", disk, "", syscall.MS_REMOUNT, "size=1m")
	s.await(finished(s), ClipSaved)
}

// A disk can fail before the sinks have heard of the event.
func TestAClipThatFailsAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newScene(t, dir, nil)
	e := s.announce(func(s Stats) bool { return s.Failed == 1 })
	if got := s.await(e, ClipFailed); got.Clip != "" {
		t.Errorf("the event names the clip %s, which does not exist", got.Clip)
	}
}

// slowFile takes as many bytes a second.
type slowFile struct {
	file
	bytesPerSecond int
}

func (f slowFile) Write(b []byte) (int, error) {
	time.Sleep(time.Duration(len(b)) * time.Second / time.Duration(f.bytesPerSecond))
	return f.file.Write(b)
}

// A disk that takes a tenth of what the camera sends costs pictures of the clip, and nothing else: Begin, Event, Window and the ring
// never wait for it.
func TestSlowDisk(t *testing.T) {
	testkit.Slow(t)
	s := newScene(t, t.TempDir(), func(r *Recorder) { r.Memory = 20_000; r.MaxClip = 3 * time.Second })
	for deadline := time.Now().Add(eventually); s.store.Load() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the folder is never read")
		}
	}
	create := s.store.Load().create
	s.store.Load().create = func(path string) (file, error) {
		f, err := create(path)
		return slowFile{f, 5000}, err
	}
	e := s.begin("wave")
	began := time.Now()
	time.Sleep(2 * time.Second) // the action's length
	s.finish(e)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the calls took %v", took-2*time.Second)
	}
	s.await(e, ClipSaved)
	clip, err := s.Info(e.Clip)
	if err != nil || clip.Lost == 0 || len(clip.Frames) == 0 {
		t.Fatalf("%d pictures lost of %d, %v", clip.Lost, len(clip.Frames), err)
	}
	if s.Stats().Lost != uint64(clip.Lost) {
		t.Errorf("%d lost are told, %d are in the description", s.Stats().Lost, clip.Lost)
	}
	if got := len(probe(t, filepath.Join(s.Dir, e.Clip+".mkv")).Packets); got != len(clip.Frames) {
		t.Errorf("ffprobe finds %d pictures, want %d", got, len(clip.Frames))
	}
}

// While the disk takes nothing, clips wait for it up to a bound; further events are in the timeline without one.
func TestClipsThatWaitAreBounded(t *testing.T) {
	testkit.Slow(t)
	s := newScene(t, t.TempDir(), nil)
	s.await(finished(s), ClipSaved)
	release := make(chan struct{})
	create := s.store.Load().create
	s.store.Load().create = func(path string) (file, error) {
		<-release
		return create(path)
	}
	var last sink.Event
	for range maxTakes + 1 {
		last = finished(s)
		for deadline := clock.Monotonic() + s.Before + s.After; clock.Monotonic() < deadline; time.Sleep(10 * time.Millisecond) {
			continue // until no event can join the clip
		}
	}
	if got, _ := s.Timeline.Find(last.ID.String()); got.ClipState != ClipFailed || last.Clip != "" || got.End == nil {
		t.Errorf("the last event: %+v", got)
	}
	close(release)
	for deadline := time.Now().Add(eventually); s.written.Load() < 1+maxTakes; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("those that waited are not written: %+v", s.Stats())
		}
	}
	s.await(finished(s), ClipSaved)
}
