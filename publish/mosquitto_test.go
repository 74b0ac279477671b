package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/durations"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// childBroker is the environment variable that turns this test binary into a publisher, for tests that kill one.
const childBroker = "EDGED_TEST_PUBLISH_TO"

func runUntilKilled(url string) {
	p := &Publisher{Broker: url, Node: "board", Cameras: []Camera{{Name: "front", Labels: []string{"wave"}}}}
	if err := p.Initialize(); err != nil {
		panic(err)
	}
	front(p).SetOnline(true)
	p.Run(context.Background())
}

func TestConnectAnnouncesNodeCamerasAndStates(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	p, _ := testPublisher(t, broker.URL())
	front(p).SetOnline(true)
	actionOf(p, "front", "rise").SetState(true)
	run(t, p)

	waitFor(t, "4 retained messages acknowledged", func() bool { return p.Counters().StatesSent == 4 })
	subscribe(t, broker.URL()).retained(map[string]string{
		"edged/board/status":           "online",
		"edged/board/front/status":     "online",
		"edged/board/front/wave/state": "OFF",
		"edged/board/front/rise/state": "ON",
	})
}

// What a run that was killed has left at the broker is never taken for what is so now: by the rule that a state counts while
// camera and node are online, Home Assistant's, no action goes on in between.
func TestAnOldStateIsNeverBelieved(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	for topic, payload := range map[string]string{"status": "offline", "front/status": "online", "front/wave/state": "ON"} {
		sub.publish("edged/board/"+topic, payload, true)
	}
	p, _ := testPublisher(t, broker.URL())
	front(p).SetOnline(true)
	run(t, p)
	said := map[string]string{}
	for said["edged/board/front/wave/state"] != off || said["edged/board/status"] != online {
		select {
		case m := <-sub.messages:
			said[m.topic] = m.payload
		case <-time.After(eventually):
			t.Fatalf("in the end it is %v", said)
		}
		if said["edged/board/status"] == online && said["edged/board/front/status"] == online && said["edged/board/front/wave/state"] == on {
			t.Errorf("an action goes on: %v", said)
		}
	}
}

// Far from its broker a board with many labels does not wait for an answer to each of its states.
func TestAnnouncementOverALongWay(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	far := newProxy(t, broker.Address)
	far.delay = 30 * time.Millisecond
	near, _ := announcement(t, broker.URL())
	took, states := announcement(t, far.url())
	t.Logf("%d retained messages: %v, at the end of 60 ms there and back %v", states, near.Round(time.Millisecond), took.Round(time.Millisecond))
	if limit := time.Duration(states) * 2 * far.delay / 4; states < 800 || took > limit {
		t.Errorf("it took %v, want %v at most", took, limit)
	}
}

// announcement runs a publisher of 400 labels until its first event is there, and returns how long that took.
func announcement(t *testing.T, url string) (took time.Duration, states uint64) {
	t.Helper()
	p, _ := testPublisher(t, url, func(p *Publisher) {
		for n := range 400 {
			p.Cameras[0].Labels = append(p.Cameras[0].Labels, fmt.Sprint("label", n))
		}
	})
	for _, l := range p.Cameras[0].actions() {
		actionOf(p, "front", l).SetThreshold(0.5)
	}
	emit(p, 1, sink.Start)
	began := time.Now()
	defer run(t, p)()
	waitFor(t, "the event", func() bool { return p.Counters().EventsSent == 1 })
	took, c := time.Since(began), p.Counters()
	if half := c.AckTimes.Quantile(0.5, new(durations.Counts)); half <= 0 || half > took*5/4 {
		t.Errorf("half of the acknowledgements came within %v; all together took %v", half, took)
	}
	return took, c.StatesSent
}

// announced runs a publisher at a broker of its own until the test ends, and returns when all of its announcement has
// reached a subscriber.
func announced(t *testing.T) (*Publisher, *subscriber) {
	t.Helper()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL())
	run(t, p)
	sub.until("edged/board/status", "online")
	return p, sub
}

func TestEventArrivesAsDocumented(t *testing.T) {
	t.Parallel()
	p, sub := announced(t)

	before := time.Now()
	emit(p, 7, sink.Start)
	m := sub.next("edged/board/front/event")
	if m.qos != 1 || m.retained {
		t.Errorf("QoS %d, retained %v; want QoS 1, not retained", m.qos, m.retained)
	}
	var got struct {
		ID        string    `json:"id"`
		Type      string    `json:"event_type"`
		Phase     string    `json:"phase"`
		Start     time.Time `json:"start"`
		LatencyMS *float64  `json:"latency_ms"`
	}
	if err := json.Unmarshal([]byte(m.payload), &got); err != nil {
		t.Fatalf("%v in %s", err, m.payload)
	}
	if got.ID != runOf(p)+"-7" || got.Type != "wave" || got.Phase != "start" {
		t.Errorf("got %s", m.payload)
	}
	if ago := before.Sub(got.Start); ago < 1900*time.Millisecond || ago > 2*time.Second+eventually {
		t.Errorf("start is %v before the call; the action started 2 s before it", ago)
	}
	if got.LatencyMS == nil || *got.LatencyMS < 0 {
		t.Errorf("latency_ms is missing or negative in %s", m.payload)
	}
	waitFor(t, "the acknowledged event leaves the queue", func() bool { return p.Counters().EventsWaiting == 0 })
}

func TestStatesScoresAndStatsArrive(t *testing.T) {
	t.Parallel()
	p, sub := announced(t)

	actionOf(p, "front", "wave").SetState(true)
	sub.until("edged/board/front/wave/state", "ON")
	front(p).SetOnline(true)
	sub.until("edged/board/front/status", "online")
	p.SetStats([]byte(`{"windows":3}`))
	sub.until("edged/board/stats", `{"windows":3}`)

	captured := clock.Monotonic()
	viewOf(p, "front").SetScores(9, captured, []float32{0.5, 0.25, 0.125})
	var got struct {
		Window    uint64             `json:"window"`
		Monotonic time.Duration      `json:"monotonic_ns"`
		Scores    map[string]float64 `json:"scores"`
	}
	m := sub.next("edged/board/front/scores")
	if err := json.Unmarshal([]byte(m.payload), &got); err != nil {
		t.Fatalf("%v in %s", err, m.payload)
	}
	if got.Window != 9 || got.Monotonic != captured || len(got.Scores) != 3 || got.Scores["wave"] != 0.25 {
		t.Errorf("got %s", m.payload)
	}
}

func TestCleanStopDeliversWhatWaitsAndSaysOffline(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) { p.StopTimeout = eventually })
	front(p).SetOnline(true)
	stop := run(t, p)
	sub.until("edged/board/status", "online")

	for n := range uint64(50) {
		emit(p, n, sink.End)
	}
	stop()
	for n := range 50 {
		if m := sub.next("edged/board/front/event"); !strings.Contains(m.payload, fmt.Sprintf(`-%d"`, n)) {
			t.Fatalf("event %d: got %s", n, m.payload)
		}
	}
	sub.until("edged/board/front/status", "offline")
	sub.until("edged/board/status", "offline")
	waitFor(t, "mosquitto has seen DISCONNECT", func() bool {
		return strings.Contains(broker.Log(), "Received DISCONNECT from edged-board")
	})
}

func TestKilledPublisherLeavesItsWill(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childBroker+"="+broker.URL())
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Wait() }) // the test's context has ended it by then
	sub.until("edged/board/front/wave/state", "OFF")
	sub.until("edged/board/status", "online")

	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	sub.until("edged/board/status", "offline")
	subscribe(t, broker.URL()).retained(map[string]string{"edged/board/status": "offline"})
}

func TestBrokerRestartLosesNothing(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	p, _ := testPublisher(t, broker.URL())
	connect := gate(p)
	front(p).SetOnline(true)
	run(t, p)
	connect()
	waitFor(t, "connected", func() bool { return p.Counters().StatesSent == 4 })

	broker.Stop()
	waitFor(t, "the loss is noticed", func() bool { return !p.Counters().Connected })
	actionOf(p, "front", "wave").SetState(true)
	actionOf(p, "front", "wave").SetState(false)
	actionOf(p, "front", "rise").SetState(true)
	for n := range uint64(20) {
		emit(p, n, sink.Start)
	}
	broker.Start()
	sub := subscribe(t, broker.URL())
	connect()

	sub.until("edged/board/front/wave/state", "OFF")
	sub.until("edged/board/front/rise/state", "ON")
	sub.until("edged/board/front/status", "online")
	sub.until("edged/board/status", "online")
	for n := range 20 {
		if m := sub.next("edged/board/front/event"); !strings.Contains(m.payload, fmt.Sprintf(`-%d"`, n)) {
			t.Fatalf("event %d: got %s", n, m.payload)
		}
	}
	waitFor(t, "all acknowledged", func() bool {
		c := p.Counters()
		return c.EventsSent == 20 && c.EventsWaiting == 0 && c.EventsDropped == 0
	})
}

func TestFrozenBrokerIsLeftAndEventsWaitForIt(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	p, log := testPublisher(t, broker.URL(), impatient)
	run(t, p)
	waitFor(t, "connected", func() bool { return p.Counters().StatesSent == 4 })

	broker.Pause()
	emit(p, 1, sink.Start)
	waitFor(t, "the missing acknowledgement is noticed", log.Has("did not acknowledge edged/board/front/event"))
	broker.Resume()
	waitFor(t, "the event is delivered", func() bool { return p.Counters().EventsSent == 1 })
	// The will of the connection that was given up must not outlast the new connection's status.
	subscribe(t, broker.URL()).retained(map[string]string{"edged/board/status": "online"})
}

// Looking for echoes must not slow down the events: with an echo for each of them, every acknowledgement would take 40 ms.
func TestALongQueueIsDeliveredQuickly(t *testing.T) {
	t.Parallel()
	broker := testkit.NewMosquitto(t)
	p, _ := testPublisher(t, broker.URL())
	connect := gate(p)
	const events = 500
	for n := range uint64(events) {
		emit(p, n, sink.Start)
	}
	run(t, p)
	broker.Start()
	connect()
	// What delays each event, such as a delayed acknowledgement of TCP, delays every batch. Other programs on the machine do not.
	const batch = 50
	best, began := time.Hour, time.Now()
	for sent := uint64(batch); sent <= events; sent += batch {
		waitFor(t, fmt.Sprint(sent, " events"), func() bool { return p.Counters().EventsSent >= sent })
		if sent > batch {
			best = min(best, time.Since(began))
		}
		began = time.Now()
	}
	t.Logf("%d events took %v", batch, best)
	if best > batch*35*time.Millisecond {
		t.Errorf("%d events took %v at best", batch, best)
	}
}

func TestBrokerAbsentAtStart(t *testing.T) {
	t.Parallel()
	broker := testkit.NewMosquitto(t)
	p, log := testPublisher(t, broker.URL())
	run(t, p)
	emit(p, 1, sink.Start)
	waitFor(t, "the failure is logged", log.Has("connection refused"))
	broker.Start()
	waitFor(t, "the event is delivered", func() bool { return p.Counters().EventsSent == 1 })
}

func TestWrongPasswordIsNamedAndNotShown(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t, "allow_anonymous false", "password_file "+testkit.PasswordFile(t, "edged", "right"))
	p, log := testPublisher(t, broker.URL(), func(p *Publisher) { p.Username, p.Password = "edged", "wr0ng-s3cret" })
	run(t, p)
	waitFor(t, "the refusal is named", log.Has("not authorised: user name or password is wrong"))
	if strings.Contains(log.String(), "wr0ng-s3cret") {
		t.Errorf("the log shows the password:\n%s", log)
	}

	p, _ = testPublisher(t, broker.URL(), func(p *Publisher) { p.Username, p.Password = "edged", "right" })
	run(t, p)
	waitFor(t, "the right password is accepted", func() bool { return p.Counters().Connected })
}

func TestTwoNodesWithOneNameAreNoticed(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	a, logA := testPublisher(t, broker.URL())
	b, logB := testPublisher(t, broker.URL())
	run(t, a)
	run(t, b)
	waitFor(t, "one of the two names the cause", func() bool {
		return strings.Contains(logA.String()+logB.String(), "another client uses the same client id")
	})
	connects := func() uint64 { return a.Counters().Connects + b.Counters().Connects }
	if n := connects(); n > 10 {
		t.Errorf("%d connections until the contest was noticed", n)
	}
}

func TestFloodWhileTheBrokerIsAwayIsBoundedAndCounted(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	broker := testkit.NewMosquitto(t)
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) { p.QueueLength = 100 })
	connect := gate(p)
	run(t, p)
	const flood = 100_000
	for n := range uint64(flood) {
		emit(p, n, sink.Start)
		actionOf(p, "front", "wave").SetState(n%2 == 0)
		viewOf(p, "front").SetScores(n, time.Duration(n), []float32{1, 0, 0})
		p.SetStats([]byte(`{}`))
	}
	c := p.Counters()
	if c.EventsWaiting != 100 || c.EventsDropped != flood-100 || c.ScoresSkipped != flood {
		t.Errorf("counters %+v; want 100 events waiting, %d dropped, %d windows skipped", c, flood-100, flood)
	}

	broker.Start()
	sub := subscribe(t, broker.URL())
	connect()
	for n := flood - 100; n < flood; n++ {
		if m := sub.next("edged/board/front/event"); !strings.Contains(m.payload, fmt.Sprintf(`-%d"`, n)) {
			t.Fatalf("want the newest events in order, %d next: got %s", n, m.payload)
		}
	}
}
