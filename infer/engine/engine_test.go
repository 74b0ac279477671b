package engine

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-tflite"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"edged/internal/testkit"
	"edged/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func starter(t testing.TB) *models.Model {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func open(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := New(starter(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// clip is the engine's first.
func clip(t testing.TB, e *Engine) *Clip {
	t.Helper()
	if len(e.clips) == 0 {
		if _, err := e.NewClip(); err != nil {
			t.Fatal(err)
		}
	}
	return e.clips[0]
}

func TestHandles(t *testing.T) {
	for _, wrapper := range []any{tflite.Model{}, tflite.InterpreterOptions{}, tflite.Interpreter{}} {
		field := reflect.TypeOf(wrapper).Field(0)
		if field.Offset != 0 || field.Type.Kind() != reflect.Pointer || !strings.Contains(field.Type.String(), "TfLite") {
			t.Errorf("%T begins with %s %s, not with its C pointer: handle reads something else", wrapper, field.Name, field.Type)
		}
	}
}

func TestCountsNodes(t *testing.T) {
	c := open(t, Options{Delegate: "cpu"}).Info()
	if c.NodesTotal < 10 || c.NodesDelegated != 0 || c.Partitions != 0 || c.Delegate != "cpu" {
		t.Errorf("%s runs %d of %d nodes in %d partitions, want none of many", c.Delegate, c.NodesDelegated, c.NodesTotal, c.Partitions)
	}
	total, convolutions := 0, 0
	for _, op := range c.Ops {
		total += op.Nodes
		switch op.Op {
		case "CONV_2D":
			convolutions = op.Nodes
		case "TRANSPOSE": // what an export that lays channels out otherwise leaves behind
			t.Errorf("%d TRANSPOSE in the starter", op.Nodes)
		}
	}
	if total != c.NodesTotal || convolutions == 0 {
		t.Errorf("the operators %v do not add up to %d nodes, or hold no CONV_2D", c.Ops, c.NodesTotal)
	}
	x := open(t, Options{}).Info()
	if x.NodesTotal != c.NodesTotal {
		t.Errorf("the model has %d nodes before XNNPACK, %d without", x.NodesTotal, c.NodesTotal)
	}
	if runtime.GOARCH == "arm" { // the pinned library is built without XNNPACK there
		if x.Delegate != "cpu" || len(x.Fallbacks) != 1 || !strings.Contains(x.Fallbacks[0].Reason, "without XNNPACK") {
			t.Errorf("runs %s, fallbacks %v", x.Delegate, x.Fallbacks)
		}
		return
	}
	if x.NodesDelegated != x.NodesTotal || x.Partitions != 1 || x.Delegate != "xnnpack" {
		t.Errorf("%s runs %d of %d nodes in %d partitions, want all in one", x.Delegate, x.NodesDelegated, x.NodesTotal, x.Partitions)
	}
}

func TestInfoDescribesTheTensors(t *testing.T) {
	i := open(t, Options{}).Info()
	if !slices.Equal(i.Input.Shape, []int{1, 96, 96, 48}) || i.Input.Type != "int8" || i.Input.Scale != 1.0/128 || i.Input.ZeroPoint != 0 {
		t.Errorf("input %+v", i.Input)
	}
	if !slices.Equal(i.Output.Shape, []int{1, 12}) || i.Output.Type != "int8" || i.Output.Scale <= 0 {
		t.Errorf("output %+v", i.Output)
	}
	if !i.InputKept {
		t.Errorf("%s overwrites the input tensor", i.Delegate)
	}
	if !strings.HasPrefix(i.TFLite, "2.") || i.Threads != 1 {
		t.Errorf("TFLite %q, %d threads", i.TFLite, i.Threads)
	}
}

// scene fills a frame whose content changes with t.
func scene(rgb []byte, t int) {
	for i := range rgb {
		rgb[i] = byte(i*i>>7 + t*i%251)
	}
}

func scores(t testing.TB, e *Engine, n int) []float32 {
	t.Helper()
	push(clip(t, e), n)
	return run(t, clip(t, e))
}

// push fills the clip with the n-th clip's frames.
func push(c *Clip, n int) {
	rgb := make([]byte, 96*96*3)
	for i := range 16 {
		scene(rgb, n+i)
		c.Push(rgb)
	}
}

func run(t testing.TB, c *Clip) []float32 {
	t.Helper()
	if err := c.Invoke(); err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, 12)
	c.Scores(dst)
	return dst
}

// Views that share an engine do not see each other, whenever they come to it.
func TestClipsAreApart(t *testing.T) {
	for _, kept := range []bool{true, false} {
		e := open(t, Options{})
		e.info.InputKept = kept
		var want [][]float32
		for n := range 3 {
			want = append(want, scores(t, open(t, Options{}), 100*n))
		}
		push(clip(t, e), 0) // the others come once this one is at work
		var clips []*Clip
		for n := range 3 {
			c := clip(t, e)
			if n > 0 {
				var err error
				if c, err = e.NewClip(); err != nil {
					t.Fatal(err)
				}
				push(c, 100*n)
			}
			clips = append(clips, c)
		}
		for _, n := range []int{2, 0, 1, 1, 0, 2} {
			if got := run(t, clips[n]); !slices.Equal(got, want[n]) {
				t.Errorf("input kept %t: clip %d scores %v, alone %v", kept, n, got, want[n])
			}
		}
	}
}

func TestScoresAreProbabilities(t *testing.T) {
	e := open(t, Options{})
	got := scores(t, e, 0)
	sum := 0.0
	for _, p := range got {
		if p < 0 || p > 1 {
			t.Errorf("probability %g", p)
		}
		sum += float64(p)
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("the probabilities add up to %g", sum)
	}
	if slices.Equal(got, scores(t, e, 100)) {
		t.Error("another clip has the same scores")
	}
	if !slices.Equal(got, scores(t, e, 0)) {
		t.Error("the same clip has other scores the second time")
	}
}

func TestDelegatesAgree(t *testing.T) {
	testkit.Slow(t)
	want := scores(t, open(t, Options{}), 0)
	for _, o := range []Options{{Delegate: "cpu"}, {Threads: 2}, {Delegate: "cpu", Threads: 2}} {
		got := scores(t, open(t, o), 0)
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > 0.05 {
				t.Errorf("%+v: label %d scores %g, %g with XNNPACK on one thread", o, i, got[i], want[i])
			}
		}
	}
}

// A delegate may overwrite its input. The library's own do not, so the way around it is taken by hand.
func TestWindowSurvivesADelegateThatOverwritesItsInput(t *testing.T) {
	want := scores(t, open(t, Options{}), 0)
	e := open(t, Options{})
	e.info.InputKept = false
	scores(t, e, 0)
	clear(e.input)
	if got := run(t, clip(t, e)); !slices.Equal(got, want) {
		t.Errorf("scores %v, want %v", got, want)
	}
}

func TestNoPictureOutlivesClear(t *testing.T) {
	for _, clips := range []int{1, 2} {
		e := open(t, Options{})
		var c *Clip
		for range clips {
			var err error
			if c, err = e.NewClip(); err != nil {
				t.Fatal(err)
			}
		}
		c.Push(bytes.Repeat([]byte{7}, 3*96*96))
		run(t, c)
		c.Clear()
		for _, memory := range [][]byte{c.own, e.input} {
			if !slices.Equal(memory, make([]byte, len(memory))) {
				t.Errorf("one of %d clips: there is something left", clips)
			}
		}
	}
}

func TestNothingAllocatesPerWindow(t *testing.T) {
	e := open(t, Options{})
	rgb, dst := make([]byte, 96*96*3), make([]float32, 12)
	first := clip(t, e)
	second, err := e.NewClip()
	if err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(20, func() {
		for _, c := range []*Clip{first, second} {
			c.Push(rgb)
			c.Hold()
			if err := c.Invoke(); err != nil {
				t.Fatal(err)
			}
			c.Scores(dst)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per window", n)
	}
}

func TestCancelStopsInvoke(t *testing.T) {
	e := open(t, Options{Delegate: "cpu"}) // one node after the other, so that there is a place to stop
	c := clip(t, e)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				e.Cancel()
			}
		}
	}()
	// A Cancel that comes before TFLite has begun is forgotten by it, so more than one run may be needed.
	deadline := time.Now().Add(20 * time.Second)
	var err error
	for err == nil && time.Now().Before(deadline) {
		err = c.Invoke()
	}
	close(stop)
	<-stopped
	if !errors.Is(err, ErrCancelled) {
		t.Fatalf("Invoke returned %v under constant Cancel", err)
	}
	if err := c.Invoke(); err != nil {
		t.Errorf("the run after a cancelled one: %v", err)
	}
}

func TestCloseTwiceAndCancelAfter(t *testing.T) {
	e := open(t, Options{})
	e.Close()
	e.Close()
	e.Cancel()
}

func TestInvokeTimes(t *testing.T) {
	e := open(t, Options{})
	want := scores(t, e, 0)
	if err := e.InvokeTimes(3); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 12)
	if clip(t, e).Scores(got); !slices.Equal(got, want) {
		t.Errorf("three runs in C give %v, one from Go %v", got, want)
	}
}

// BenchmarkInvoke runs the model from Go and from a bare C loop, in turn, and takes the thread's CPU time. The metric
// go/c is the ratio of the least of each: what calling TFLite from Go costs, whatever else the machine does meanwhile.
func BenchmarkInvoke(b *testing.B) {
	e := open(b, Options{})
	c := clip(b, e)
	const batch = 4
	leastGo, leastC := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		began := cpuTime(b)
		for range batch {
			if err := c.Invoke(); err != nil {
				b.Fatal(err)
			}
		}
		middle := cpuTime(b)
		if err := e.InvokeTimes(batch); err != nil {
			b.Fatal(err)
		}
		leastGo = min(leastGo, middle-began)
		leastC = min(leastC, cpuTime(b)-middle)
	}
	b.ReportMetric(float64(leastGo)/float64(leastC), "go/c")
	b.ReportMetric(float64(leastC.Microseconds())/batch, "c-µs")
}

// cpuTime is that of the calling thread, to which an open Engine locks the goroutine.
func cpuTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
