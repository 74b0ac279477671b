package publish

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// The environment variables that turn this test binary into a publisher with an outbox, which prints the ids that it hands over.
const (
	childStream = "EDGED_TEST_STREAM_TO"
	childOutbox = "EDGED_TEST_OUTBOX"
	childPace   = "EDGED_TEST_PACE"         // between two events; not set = 50 ms
	childMount  = "EDGED_TEST_OUTBOX_MOUNT" // the outbox is on a tmpfs with these options, which the child alone sees
)

// degraded is the line that the child prints when its outbox cannot be written, whole when it can again.
const degraded, whole = "! degraded", "! whole"

func streamUntilKilled(url string) {
	dir := os.Getenv(childOutbox)
	if options := os.Getenv(childMount); options != "" {
		mount(dir, options)
		go fill(dir)
	}
	p := &Publisher{Broker: url, Node: "board", Cameras: []Camera{{Name: "front", Labels: []string{"wave"}}}, QueueLength: 5000, QueueBytes: 1 << 30}
	check(p.Initialize())
	_ = p.Outbox.Open(dir) // reported below
	go p.Run(context.Background())
	pace, err := time.ParseDuration(os.Getenv(childPace))
	if err != nil {
		pace = 50 * time.Millisecond
	}
	well := true
	for n := uint64(1); ; n++ {
		emit(p, n, sink.Start)
		fmt.Printf("%s-%d\n", runOf(p), n)
		if now := p.Counters().OutboxError == nil; now != well {
			well = now
			fmt.Println(map[bool]string{true: whole, false: degraded}[well])
		}
		time.Sleep(pace)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// fill takes all of the outbox's file system after one line of stdin, and gives it back after another.
func fill(dir string) {
	orders := bufio.NewScanner(os.Stdin)
	orders.Scan()
	f, err := os.Create(filepath.Join(dir, "filler"))
	check(err)
	for err == nil {
		_, err = f.Write(make([]byte, 1<<10))
	}
	check(f.Close()) // while it is open its space is not given back
	orders.Scan()
	check(os.Remove(f.Name()))
}

// child is a process that hands over 20 events a second.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	read  chan struct{} // closed when its output has ended

	mu   sync.Mutex
	ids  []string
	says string // degraded or whole, whichever came last
}

// startChild runs one. With a mount, "ro" or "rw", its outbox is on a small file system of its own.
func startChild(t *testing.T, url, dir, mount string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0]), read: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childStream+"="+url, childOutbox+"="+dir, childMount+"="+mount)
	c.cmd.Stderr = testLog{t}
	if mount != "" {
		c.cmd.SysProcAttr = ownMounts()
	}
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.read)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.mu.Lock()
			if line := s.Text(); strings.HasPrefix(line, "!") {
				c.says = line
			} else {
				c.ids = append(c.ids, line)
			}
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() { c.kill() })
	return c
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "panic") {
		l.t.Errorf("child: %s", b)
	}
	return len(b), nil
}

// kill ends it as SIGKILL does, and returns the ids of the events that it had handed over, but for the last: that one may have
// been handed over in the very instant, in which another goroutine had not noted it yet.
func (c *child) kill() []string {
	_ = c.cmd.Process.Kill()
	<-c.read
	_ = c.cmd.Wait()
	return c.ids[:max(0, len(c.ids)-1)]
}

// fillOrFree tells it to fill its file system, and the next time to free it.
func (c *child) fillOrFree() {
	if _, err := fmt.Fprintln(c.stdin); err != nil {
		c.t.Error(err)
	}
}

func (c *child) handed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.ids...)
}

func (c *child) awaitLine(line string) {
	c.t.Helper()
	waitFor(c.t, line, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.says == line
	})
}

// memory is its resident memory, bytes.
func (c *child) memory() (bytes int) {
	c.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &bytes); err != nil {
		c.t.Fatal(err)
	}
	return bytes << 10
}

// deliverRest runs a last publisher, which delivers what is left.
func deliverRest(t *testing.T, c *tally, url, dir string, ids []string) (missing int, took time.Duration) {
	t.Helper()
	p, _ := testPublisher(t, url, func(p *Publisher) { p.Cameras[0].Labels = []string{"wave"} })
	if err := p.Outbox.Open(dir); err != nil {
		t.Fatal(err)
	}
	run(t, p)
	return c.await(ids)
}

// Whatever a process has handed over is delivered, by it or by one after it, however it ends.
func TestKilledAtRandomInstants(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	b, dir := persistent(t), t.TempDir()
	b.Start()
	c := newTally(t, b.URL())
	kills := choice(50, 4)
	ids, began := make([]string, 0, kills*60), time.Now()
	for n := range kills {
		child := startChild(t, b.URL(), dir, "")
		switch n % 4 { // also while the broker is away
		case 1:
			b.Pause()
		case 3:
			b.Resume()
		}
		time.Sleep(300*time.Millisecond + rand.N(2500*time.Millisecond))
		ids = append(ids, child.kill()...)
	}
	mustBeUnderLoad(t, len(ids), time.Since(began), kills)
	if kills%4 == 2 || kills%4 == 3 {
		b.Resume()
	}
	lost, took := deliverRest(t, c, b.URL(), dir, ids)
	repeated, _ := c.count()
	if lost > 0 {
		t.Errorf("%d of %d events are lost", lost, len(ids))
	}
	report(t, fmt.Sprintf("edged killed %d times (SIGKILL) at random instants, the broker stopped half of the time", kills), len(ids), lost, repeated, took)
}

func TestRestartedEveryTwoSeconds(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	b := persistent(t)
	b.Start()
	c, began := newTally(t, b.URL()), time.Now()
	child := startChild(t, b.URL(), t.TempDir(), "")
	time.Sleep(time.Second)
	var memory []string
	for n := range choice(60, 3) {
		if n%10 == 0 {
			memory = append(memory, fmt.Sprintf("%.1f", float64(child.memory())/1e6))
		}
		time.Sleep(2 * time.Second)
		b.Shutdown()
		b.Start()
	}
	memory = append(memory, fmt.Sprintf("%.1f", float64(child.memory())/1e6))
	ids := child.handed()
	mustBeUnderLoad(t, len(ids), time.Since(began), 1)
	lost, took := c.await(ids)
	repeated, disorder := c.count()
	if after := child.memory(); lost > 0 || disorder > 0 || after > 64<<20 {
		t.Errorf("of %d events %d are missing, %d out of order; %d bytes of memory", len(ids), lost, disorder, after)
	}
	report(t, fmt.Sprintf("restarted every 2 s, %d times (edged's memory, every 10th: %s MB)", choice(60, 3), strings.Join(memory, ", ")), len(ids), lost, repeated, took)
}

// Without a disk events go on from memory, edged says so, and goes back to the disk when it can.
func TestDiskFaults(t *testing.T) {
	t.Parallel()
	for _, full := range []bool{true, false} {
		lasts := choice(30*time.Second, 2*time.Second)
		name, mount := fmt.Sprintf("outbox on a full disk for %v, the broker away", lasts), "rw"
		if !full {
			name, mount = fmt.Sprintf("outbox on a read-only disk, the broker away for %v", lasts), "ro"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := persistent(t)
			b.Start()
			c, began := newTally(t, b.URL()), time.Now()
			child := startChild(t, b.URL(), t.TempDir(), mount)
			time.Sleep(time.Second)
			b.Shutdown()
			time.Sleep(time.Second)
			if full {
				child.fillOrFree()
			}
			child.awaitLine(degraded)
			time.Sleep(lasts)
			b.Start()
			ids := child.handed()
			mustBeUnderLoad(t, len(ids), time.Since(began), 1)
			lost, took := c.await(ids)
			repeated, disorder := c.count()
			if lost > 0 || disorder > 0 {
				t.Errorf("of %d events %d are missing, %d out of order", len(ids), lost, disorder)
			}
			report(t, name, len(ids), lost, repeated, took)
			if full {
				child.fillOrFree()
				child.awaitLine(whole)
			}
		})
	}
}

// A damaged file costs what was in it, and says so; what comes after is safe again.
func TestDamagedOutboxUnderLoad(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	b, dir := persistent(t), t.TempDir()
	b.Start()
	c := newTally(t, b.URL())
	b.Shutdown()
	before, began := startChild(t, b.URL(), dir, ""), time.Now()
	time.Sleep(choice(3*time.Second, time.Second))
	ids := before.kill()
	mustBeUnderLoad(t, len(ids), time.Since(began), 1)
	path := segmentOf(t, dir)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, info.Size()), 0o600); err != nil {
		t.Fatal(err)
	}
	after, began := startChild(t, b.URL(), dir, ""), time.Now()
	time.Sleep(choice(3*time.Second, time.Second))
	b.Start()
	later := after.kill()
	mustBeUnderLoad(t, len(later), time.Since(began), 1)
	safe, took := deliverRest(t, c, b.URL(), dir, later)
	repeated, _ := c.count()
	ids = append(ids, later...)
	lost := c.missing(ids)
	if _, err := os.Stat(path + ".damaged"); err != nil || safe > 0 {
		t.Errorf("%v; %d lost, %d of them from after the damage", err, lost, safe)
	}
	report(t, "outbox.db overwritten with zeros while edged was killed", len(ids), lost, repeated, took)
}
