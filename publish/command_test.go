package publish

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"edged/internal/background"
	"edged/internal/bounds"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// obeyed collects the commands that a publisher hands over.
type obeyed struct {
	mu   sync.Mutex
	list []Command
}

func (o *obeyed) take(c Command) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, c)
}

func (o *obeyed) all() []Command {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Command(nil), o.list...)
}

// commanded runs a publisher of a camera with a view and a snapshot that takes commands, at a broker of its own.
func commanded(t *testing.T) (*Publisher, *subscriber, *obeyed) {
	t.Helper()
	broker, o := testkit.StartMosquitto(t), new(obeyed)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) {
		p.Cameras[0].Derived = []string{"went_in"}
		p.Cameras = append(p.Cameras, Camera{Name: "yard", Views: []string{"gate"}, Labels: []string{"wave"}, Snapshots: true})
		p.OnCommand = o.take
	})
	run(t, p)
	sub.until("edged/board/status", "online")
	return p, sub, o
}

func TestCommandsAreObeyed(t *testing.T) {
	t.Parallel()
	p, sub, o := commanded(t)
	for _, m := range [][2]string{
		{"front/enabled/set", "OFF"}, {"front/enabled/set", "on"}, {"yard/gate/enabled/set", "OFF"},
		{"front/wave/threshold/set", "0.75"}, {"yard/gate/wave/threshold/set", "1"}, {"yard/gate/snapshot/set", "PRESS"},
		{"front/delete_clip/set", "20261129-204832-ba4c899354e52ace"},
	} {
		before := p.Counters().CommandsTaken
		sub.publish("edged/board/"+m[0], m[1], false)
		waitFor(t, m[0], func() bool { return p.Counters().CommandsTaken == before+1 })
	}
	want := []Command{
		{Path: "front", Kind: SetEnabled, On: true}, {Path: "yard/gate", Kind: SetEnabled},
		{Path: "front", Kind: SetThreshold, Label: "wave", Score: 0.75}, {Path: "yard/gate", Kind: SetThreshold, Label: "wave", Score: 1},
		{Path: "yard/gate", Kind: TakeSnapshot}, {Path: "front", Kind: DeleteClip, Clip: "20261129-204832-ba4c899354e52ace"},
	}
	waitFor(t, "all are obeyed", func() bool {
		text := fmt.Sprint(o.all())
		for _, c := range want {
			if !strings.Contains(text, fmt.Sprint(c)) {
				return false
			}
		}
		return true
	})
}

func TestWhatIsNoCommandIsRefusedOrIgnored(t *testing.T) {
	t.Parallel()
	p, sub, o := commanded(t)
	refused := [][2]string{
		{"front/delete_clip/set", "../settings"}, {"front/delete_clip/set", ""}, {"front/enabled/set", "maybe"}, {"front/enabled/set", ""}, {"front/wave/threshold/set", "NaN"},
		{"front/wave/threshold/set", "0"}, {"front/wave/threshold/set", "1.01"}, {"front/wave/threshold/set", "-Inf"},
		{"front/wave/threshold/set", "0.5; reboot"}, {"front/enabled/set", strings.Repeat(" ", 300) + "ON"},
		{"yard/gate/snapshot/set", strings.Repeat("x", 1<<20)},
	}
	for _, m := range refused {
		sub.publish("edged/board/"+m[0], m[1], false)
	}
	ignored := []string{
		"front/still/threshold/set", "front/went_in/threshold/set", "front/jump/threshold/set", "nobody/enabled/set", "front/snapshot/set", "yard/enabled/set",
		"front/threshold/set", "yard/gate/x/threshold/set", "front/wave/set",
	}
	for _, topic := range ignored {
		sub.publish("edged/board/"+topic, "ON", false)
	}
	waitFor(t, "the refusals are counted", func() bool { return p.Counters().CommandsRefused == uint64(len(refused)) })
	sub.publish("edged/board/front/enabled/set", "OFF", false)
	good := Command{Path: "front", Kind: SetEnabled}
	waitFor(t, "a good one comes through", func() bool { return slices.Contains(o.all(), good) })
	if got, n := o.all(), p.Counters().CommandsRefused; len(got) != 1 || n != uint64(len(refused)) {
		t.Errorf("obeyed %+v, want only %+v; refused %d, want %d", got, good, n, len(refused))
	}
}

func TestRetainedCommandsAreNotObeyed(t *testing.T) {
	t.Parallel()
	broker, o := testkit.StartMosquitto(t), new(obeyed)
	sub := subscribe(t, broker.URL())
	sub.publish("edged/board/front/enabled/set", "OFF", true)
	p, log := testPublisher(t, broker.URL(), func(p *Publisher) { p.OnCommand = o.take })
	run(t, p)
	waitFor(t, "it is refused", func() bool { return p.Counters().CommandsRefused == 1 })
	if len(o.all()) != 0 || !strings.Contains(log.String(), "retained") {
		t.Errorf("obeyed %v; log %s", o.all(), log)
	}
}

// A flood neither blocks what is published nor grows memory: of what says the same only the newest waits.
func TestAFloodOfCommands(t *testing.T) {
	t.Parallel()
	broker, o := testkit.StartMosquitto(t), new(obeyed)
	sub := subscribe(t, broker.URL())
	blocked := make(chan struct{})
	release := sync.OnceFunc(func() { close(blocked) })
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) {
		p.OnCommand = func(c Command) { <-blocked; o.take(c) }
	})
	run(t, p)
	defer release()
	sub.until("edged/board/status", "online")

	const flood = 5000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range flood {
		sub.publishAndForget("edged/board/front/wave/threshold/set", fmt.Sprintf("0.%04d", 1000+i))
		sub.publishAndForget("edged/board/front/enabled/set", []string{"ON", "OFF"}[i%2])
	}
	emit(p, 1, sink.Start)
	sub.next("edged/board/front/event") // nothing that is published waits for the commands
	waitFor(t, "the flood is taken", func() bool { return p.Counters().CommandsTaken == 2*flood })
	p.incoming.commands.mu.Lock()
	waiting := len(p.incoming.commands.waiting)
	p.incoming.commands.mu.Unlock()
	if waiting > 2 {
		t.Errorf("%d commands wait", waiting)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("heap before %d, after %d KiB", before.HeapAlloc>>10, after.HeapAlloc>>10)

	release()
	waitFor(t, "the last one of each is obeyed", func() bool {
		text := fmt.Sprint(o.all())
		return strings.Contains(text, fmt.Sprint(Command{Path: "front", Kind: SetThreshold, Label: "wave", Score: 0.5999})) &&
			strings.Contains(text, fmt.Sprint(Command{Path: "front", Kind: SetEnabled}))
	})
}

// A thousand commands a second, as a runaway automation sends them: what the events and the memory notice of it.
func TestAThousandCommandsASecond(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	p, sub, o := commanded(t)
	var n uint64
	latencies := func(rounds int) (median, worst time.Duration) {
		all := make([]time.Duration, rounds)
		for i := range all {
			n++
			began := time.Now()
			emit(p, n, sink.Start)
			for !strings.Contains(sub.next("edged/board/front/event").payload, fmt.Sprintf(`-%d"`, n)) {
				continue
			}
			all[i] = time.Since(began)
			time.Sleep(50 * time.Millisecond)
		}
		slices.Sort(all)
		return all[rounds/2], all[rounds-1]
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc >> 10
	}
	calmMedian, calmWorst := latencies(40)
	before, seconds := heap(), choice(10, 2)
	flood := background.Start(func(context.Context) {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := range 100 * seconds {
			<-tick.C
			for k := range 10 {
				sub.publishAndForget("edged/board/front/wave/threshold/set", fmt.Sprintf("0.%04d", 1000+(10*i+k)%9000))
			}
		}
	})
	floodMedian, floodWorst := latencies(18 * seconds)
	flood()
	waitFor(t, "all are taken", func() bool { return p.Counters().CommandsTaken == uint64(1000*seconds) })
	after := heap()
	t.Logf("%d commands in %d s, %d obeyed; heap %d KiB before, %d after; event to subscriber: %v (at worst %v) before, %v (%v) meanwhile",
		1000*seconds, seconds, len(o.all()), before, after, calmMedian, calmWorst, floodMedian, floodWorst)
	p.incoming.commands.mu.Lock()
	defer p.incoming.commands.mu.Unlock()
	if waiting := cap(p.incoming.commands.waiting); waiting > 8 { // the heap is that of all tests at work
		t.Errorf("%d commands have waited at a time", waiting)
	}
}

// A will of a connection that the broker had not known to be dead must not leave a live node offline.
func TestAStaleWillDoesNotLast(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	_, sub, _ := commanded(t)
	for range 2 { // one right after the other was put right
		sub.publish("edged/board/status", "offline", true)
		sub.until("edged/board/status", "offline")
		sub.until("edged/board/status", "online")
	}
}

func FuzzCommand(f *testing.F) {
	p, _ := testPublisher(f, "tcp://broker.invalid")
	f.Add("front/enabled/set", []byte("ON"))
	f.Add("front/wave/threshold/set", []byte("0.5"))
	f.Add("/threshold/set", []byte("1e400"))
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		c, known, err := p.states.parseCommand(strings.Split(topic, "/"), payload)
		if known && err == nil && (c.Path != "front" || c.Kind == SetThreshold && !(c.Score >= bounds.MinThreshold && c.Score <= 1)) {
			t.Errorf("%q %q gives %+v", topic, payload, c)
		}
	})
}
