package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// openOutbox opens an outbox in the folder until the test ends. Nothing is written but by calls of update and sync.
func openOutbox(t testing.TB, dir string) (*Outbox, *testkit.Log) {
	t.Helper()
	log := new(testkit.Log)
	o := NewOutbox(roomy, slog.New(slog.NewTextHandler(log, nil)))
	if err := o.Open(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.end() })
	return o, log
}

// copyOf copies a folder, as SIGKILL would leave it.
func copyOf(t testing.TB, live string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// leftBehind returns the folder of a process that was killed while n events waited, numbered from 0.
func leftBehind(t testing.TB, n uint64) (dir string) {
	t.Helper()
	dir = t.TempDir()
	o, _ := openOutbox(t, dir)
	for i := range n {
		o.put(event(i, sink.Start))
	}
	o.update()
	return copyOf(t, dir)
}

// found returns the ids that a next process finds in the folder.
func found(t testing.TB, dir string) (ids []string) {
	t.Helper()
	o, _ := openOutbox(t, copyOf(t, dir))
	o.newestFirst(func(q queued) { ids = append([]string{q.ID.String()}, ids...) })
	return ids
}

// segmentOf returns the path of the folder's newest segment.
func segmentOf(t testing.TB, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, outboxFolder, "*"+segmentEnding))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no segment in %s: %v", dir, err)
	}
	return paths[len(paths)-1]
}

func TestEventsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	const events = 20
	dir := leftBehind(t, events)
	broker, sub := startWithSubscriber(t)
	p, _ := testPublisher(t, broker.URL())
	if err := p.Outbox.Open(dir); err != nil {
		t.Fatal(err)
	}
	emit(p, 77, sink.Start)
	stop := run(t, p)
	for i := range events {
		sub.nextEvent(fmt.Sprintf("5f1c09ab-%d", i))
	}
	sub.nextEvent(runOf(p) + "-77")
	waitFor(t, "all acknowledged", func() bool { return p.Outbox.Waiting() == 0 })
	stop()
	if ids := found(t, dir); len(ids) > 0 {
		t.Errorf("%v wait again although they were acknowledged", ids)
	}
}

// Events of a camera that the configuration has removed or renamed are dropped: counted, and logged once.
func TestEventsOfACameraThatIsGone(t *testing.T) {
	t.Parallel()
	dir := leftBehind(t, 20)
	broker, sub := startWithSubscriber(t)
	p, log := testPublisher(t, broker.URL(), func(p *Publisher) { p.Cameras[0].Name = "porch" })
	if err := p.Outbox.Open(dir); err != nil {
		t.Fatal(err)
	}
	actionOf(p, "porch", "wave").PublishEvent(event(1, sink.Start))
	run(t, p)
	sub.next("edged/board/porch/event")
	waitFor(t, "acknowledged", func() bool { return p.Counters().EventsSent == 1 })
	if c := p.Counters(); c.EventsDropped != 20 || c.EventsWaiting != 0 || strings.Count(log.String(), "are dropped") != 1 || !log.Has("events=20")() {
		t.Errorf("%+v: %s", c, log)
	}
}

// What an SD card has to bear: an event that the broker acknowledges at once causes no sync, and leaves an empty file.
func TestNothingIsSyncedWhileTheBrokerAcknowledges(t *testing.T) {
	dir := t.TempDir()
	bubble(t, (&pipeBroker{slow: 10 * time.Millisecond}).dial, func(t *testing.T, p *Publisher, _ *testkit.Log) {
		if err := p.Outbox.Open(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(syncEvery / 2) // between two syncs
		for n := range uint64(20) {
			emit(p, n, sink.Start)
			time.Sleep(syncEvery)
		}
		info, err := os.Stat(segmentOf(t, dir))
		if n := p.Outbox.disk.syncs.Load(); n > 0 || err != nil || info.Size() > 0 || p.Counters().EventsSent != 20 {
			t.Errorf("%d syncs, %d bytes left (%v) after %+v", n, info.Size(), err, p.Counters())
		}
	})
}

// Events that wait are synced within half a second, and no more often.
func TestWaitingEventsAreSyncedInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := openOutbox(t, t.TempDir())
		defer background.Start(o.Run)()
		before := o.disk.syncs.Load()
		for n := range uint64(100) { // in 5 s
			o.put(event(n, sink.Start))
			time.Sleep(50 * time.Millisecond)
		}
		if n := o.disk.syncs.Load() - before; n < 9 || n > 11 {
			t.Errorf("%d syncs in 5 s", n)
		}
		for range 3 {
			time.Sleep(syncEvery)
			synctest.Wait()
			o.disk.mu.Lock()
			pending := o.disk.file.unsynced()
			o.disk.mu.Unlock()
			if len(pending.segments) > 0 {
				t.Error("half a second after the last event it is not synced")
			}
		}
	})
}

// hung is a file whose syncs take until release is closed.
type hung struct {
	segmentFile
	release chan struct{}
}

func (h hung) Sync() error { <-h.release; return h.segmentFile.Sync() }

// A disk that hangs delays neither the pipeline nor what is published. What comes meanwhile is written all the same.
func TestADiskThatHangsDelaysNothing(t *testing.T) {
	dir := t.TempDir()
	broker := &pipeBroker{noEventPuback: true}
	bubble(t, broker.dial, func(t *testing.T, p *Publisher, _ *testkit.Log) {
		if err := p.Outbox.Open(dir); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		p.Outbox.disk.file.create = func(path string) (segmentFile, error) {
			f, err := createSegment(path)
			return hung{f, release}, err
		}
		for n := range uint64(100) {
			emit(p, n, sink.Start)
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if ids := found(t, dir); len(ids) != 100 {
			t.Errorf("%d of 100 events are in the file", len(ids))
		}
		close(release)
	})
}

// An event that comes right before the end is written, and synced.
func TestTheLastEventIsWritten(t *testing.T) {
	t.Parallel()
	for range 20 { // where the order is left to chance, one try proves nothing
		dir := t.TempDir()
		o, _ := openOutbox(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.Run(ctx) }()
		o.put(event(1, sink.Start))
		cancel()
		<-ended
		if ids := found(t, dir); len(ids) != 1 {
			t.Fatalf("found %v", ids)
		}
	}
}

func TestTimesOfAnEventFromBeforeTheMachineStarted(t *testing.T) {
	wall := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r := record{Run: "cafe", Boot: "another", Wall: wall, Monotonic: time.Hour,
		Event: savedEvent{ID: 3, Source: "front", Label: "wave", Phase: 2,
			Start: time.Hour - 3*time.Second, End: time.Hour - 2*time.Second, Newest: time.Hour - time.Second}}
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	q := r.queued("this", 0)
	now := clock.Instant{Wall: wall.Add(10 * time.Second), Monotonic: 5 * time.Second}
	payload := func() string { return string(p.encoder.append(nil, &q, p.states.action("front", "wave"), now)) }
	got := payload()
	for _, want := range []string{`"id":"cafe-3"`, `"start":"2026-05-01T11:59:57.000Z"`, `"end":"2026-05-01T11:59:58.000Z"`, `"latency_ms":11000.0`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	now.Wall = wall.Add(-time.Hour) // without a battery the machine does not know how long it was off
	if got := payload(); !strings.Contains(got, `"latency_ms":6000.0`) {
		t.Errorf("%s lacks the 5 s since the start and the second before the end", got)
	}
}

// The age of an event counts from when it was published, also after a restart of edged.
func TestAgeCountsOverARestart(t *testing.T) {
	dir := leftBehind(t, 1)
	o := NewOutbox(roomy, slog.New(slog.DiscardHandler))
	o.now = func() clock.Instant {
		now := clock.Now()
		now.Monotonic += roomy.Age + time.Second
		return now
	}
	if err := o.Open(dir); err != nil {
		t.Fatal(err)
	}
	defer o.end()
	if o.Waiting() != 0 || o.Dropped() != 1 {
		t.Errorf("%d wait, %d dropped", o.Waiting(), o.Dropped())
	}
}

// An event of another model says so.
func TestAnEventNamesItsModel(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	e := event(1, sink.Start)
	e.Model = sink.Model{Name: "former", SHA256: "ff"}
	r := newRecord(&queued{Event: e}, "this", clock.Now())
	q := r.queued("this", 0)
	if got := string(p.encoder.append(nil, &q, p.states.action("front", "wave"), clock.Now())); !strings.HasSuffix(got, `"model":{"name":"former","sha256":"ff"}}`) {
		t.Errorf("got %s", got)
	}
}

// The last action of a view is the newest that waits from an earlier run, unless this run has seen one.
func TestTheNewestOfAnEarlierRunIsTheLast(t *testing.T) {
	t.Parallel()
	last := func(p *Publisher) string {
		p.states.mu.Lock()
		defer p.states.mu.Unlock()
		return string(p.states.views["front"].last.value)
	}
	p, _ := testPublisher(t, testkit.NewMosquitto(t).URL())
	if err := p.Outbox.Open(leftBehind(t, 3)); err != nil {
		t.Fatal(err)
	}
	stop := run(t, p)
	waitFor(t, "it is the last", func() bool { return strings.Contains(last(p), `5f1c09ab-2"`) })
	stop()

	p, _ = testPublisher(t, testkit.NewMosquitto(t).URL())
	emit(p, 7, sink.Start)
	if err := p.Outbox.Open(leftBehind(t, 3)); err != nil {
		t.Fatal(err)
	}
	p.restored()
	if !strings.Contains(last(p), runOf(p)+`-7"`) {
		t.Errorf("the last action is %s", last(p))
	}
	p.Outbox.end()
}

func TestOutboxInUseIsAnError(t *testing.T) {
	dir := t.TempDir()
	openOutbox(t, dir)
	o := NewOutbox(roomy, slog.New(slog.DiscardHandler))
	if err := o.Open(dir); err == nil || !strings.Contains(err.Error(), "does another edged use it") {
		t.Errorf("opened twice: %v", err)
	}
	if err := o.Open(filepath.Join(dir, "absent")); err == nil {
		t.Error("a folder that is not there was opened")
	}
	o.put(event(1, sink.Start)) // it goes on in memory
	if o.Waiting() != 1 || o.Err() == nil {
		t.Errorf("%d events wait, error %v", o.Waiting(), o.Err())
	}
}

// An outbox that cannot be opened at the start is opened later. Events of an earlier process then come first; one that is on its way
// meanwhile leaves when it is acknowledged.
func TestAnOutboxThatOpensLater(t *testing.T) {
	left, dir := leftBehind(t, 3), filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		log := new(testkit.Log)
		o := NewOutbox(roomy, slog.New(slog.NewTextHandler(log, nil)))
		if err := o.Open(dir); err == nil {
			t.Fatal("a folder that is not there was opened")
		}
		stop := background.Start(o.Run)
		o.put(event(10, sink.Start))
		_, sending, _ := o.oldest()
		o.put(event(11, sink.Start))
		time.Sleep(time.Minute) // some tries
		if o.Err() == nil {
			t.Error("Err is nil")
		}
		if err := os.Rename(left, dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(o.reopenAfter + time.Second)
		if o.Err() != nil || !log.Has("the outbox is open")() {
			t.Errorf("after another try: %v; %s", o.Err(), log)
		}
		o.remove(sending)
		o.put(event(12, sink.Start))
		stop()
	})
	if ids := fmt.Sprint(found(t, dir)); ids != "[5f1c09ab-0 5f1c09ab-1 5f1c09ab-2 5f1c09ab-10 5f1c09ab-11 5f1c09ab-12]" {
		t.Errorf("found %v", ids)
	}
}

// A reload may name another state folder: what waits moves along.
func TestAnotherFolder(t *testing.T) {
	first, second := t.TempDir(), leftBehind(t, 2)
	o, _ := openOutbox(t, first)
	o.put(event(5, sink.Start))
	o.update()
	for _, dir := range []string{first, second} {
		if err := o.Open(dir); err != nil {
			t.Fatal(err)
		}
	}
	if ids := fmt.Sprint(found(t, second)); ids != "[5f1c09ab-0 5f1c09ab-1 5f1c09ab-5]" {
		t.Errorf("the new folder has %v", ids)
	}
	if ids := found(t, first); len(ids) > 0 {
		t.Errorf("the former folder still has %v", ids)
	}
	if err := o.Open(""); err != nil || o.Waiting() != 3 || len(found(t, second)) > 0 {
		t.Errorf("without a folder: %v, %d wait, the former one has %v", err, o.Waiting(), found(t, second))
	}
}

// faults are what a disk answers with.
type faults struct{ write, truncate, sync error }

// failing is a file on a disk with faults.
type failing struct {
	segmentFile
	faults *atomic.Pointer[faults]
}

func (f failing) WriteAt(b []byte, at int64) (int, error) {
	if err := f.faults.Load().write; err != nil { // a full disk takes a part of what is written
		n, _ := f.segmentFile.WriteAt(b[:len(b)/2], at)
		return n, err
	}
	return f.segmentFile.WriteAt(b, at)
}

func (f failing) Truncate(size int64) error {
	return errors.Join(f.faults.Load().truncate, f.segmentFile.Truncate(size))
}

func (f failing) Sync() error { return errors.Join(f.faults.Load().sync, f.segmentFile.Sync()) }

// While the disk takes nothing, events wait in memory; this is reported once, when it begins and when it ends. Then all are on disk.
func TestDiskErrors(t *testing.T) {
	testkit.Slow(t)
	for name, c := range map[string]faults{
		"full":          {write: syscall.ENOSPC},
		"read-only":     {write: syscall.EROFS, truncate: syscall.EROFS},
		"failing syncs": {sync: syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				o, log := openOutbox(t, dir)
				var now atomic.Pointer[faults]
				now.Store(&faults{})
				o.disk.file.create = func(path string) (segmentFile, error) {
					f, err := createSegment(path)
					return failing{f, &now}, err
				}
				stop := background.Start(o.Run)
				o.put(event(0, sink.Start))
				time.Sleep(time.Second)
				synctest.Wait()
				now.Store(&c)
				for n := range uint64(20) {
					o.put(event(1+n, sink.Start))
					time.Sleep(100 * time.Millisecond)
				}
				if err, want := o.Err(), cmp.Or(c.write, c.sync); !errors.Is(err, want) {
					t.Errorf("Err is %v, want %v", err, want)
				}
				_, at, _ := o.oldest()
				o.remove(at)
				time.Sleep(time.Minute) // of silence
				if o.Err() == nil {
					t.Errorf("it counts as mended too early: %s", log)
				}
				now.Store(&faults{})
				time.Sleep(resyncAfter + 2*syncEvery)
				synctest.Wait()
				if err := o.Err(); err != nil {
					t.Errorf("afterwards Err is %v", err)
				}
				if ids := found(t, dir); len(ids) != 20 || ids[0] != "5f1c09ab-1" {
					t.Errorf("on disk are %v", ids)
				}
				stop()
				if n := strings.Count(log.String(), "publish: cannot write the outbox") + strings.Count(log.String(), "publish: the outbox can be written again"); n != 2 {
					t.Errorf("%d lines, want one when it began and one when it ended: %s", n, log)
				}
			})
		})
	}
}

// A full disk, and a broker that acknowledges everything: no line in the log for each event.
func TestAFullDiskIsReportedOnce(t *testing.T) {
	dir := t.TempDir()
	bubble(t, (&pipeBroker{slow: 10 * time.Millisecond}).dial, func(t *testing.T, p *Publisher, log *testkit.Log) {
		if err := p.Outbox.Open(dir); err != nil {
			t.Fatal(err)
		}
		var full atomic.Pointer[faults]
		full.Store(&faults{write: syscall.ENOSPC})
		p.Outbox.disk.file.create = func(path string) (segmentFile, error) {
			f, err := createSegment(path)
			return failing{f, &full}, err
		}
		for n := range uint64(100) {
			emit(p, n, sink.Start)
			time.Sleep(300 * time.Millisecond)
		}
		if c := p.Counters(); c.EventsSent != 100 || strings.Count(log.String(), "the outbox") != 1 {
			t.Errorf("%d events sent: %s", c.EventsSent, log)
		}
	})
}
