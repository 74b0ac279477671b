package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/node"
	"edged/internal/terminal"
	"edged/internal/testkit"
)

// patience bounds every wait for something that must happen. It is long, because the machine may be busy.
const patience = 60 * time.Second

// process is a running edged.
type process struct {
	cmd   *exec.Cmd
	lines chan string // of its stdout
	done  chan error
}

// startEdged starts the real program with its own state, and kills it at the test's end.
func startEdged(t *testing.T, args ...string) *process {
	t.Helper()
	return startEdgedWith(t, io.Discard, args...)
}

// startEdgedWith is startEdged that also writes all output to w.
func startEdgedWith(t *testing.T, w io.Writer, args ...string) *process {
	t.Helper()
	return startEdgedTo(t, w, io.MultiWriter(testLog{t}, w), args...)
}

// startEdgedTo is startEdged that also writes its stdout to w, and its stderr to another writer.
func startEdgedTo(t *testing.T, w, stderr io.Writer, args ...string) *process {
	t.Helper()
	ctx, kill := context.WithCancel(context.Background())
	p := &process{cmd: exec.CommandContext(ctx, os.Args[0], args...), lines: make(chan string, 1000), done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), asEdged+"=1")
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(io.TeeReader(stdout, w)); s.Scan(); {
			p.lines <- s.Text()
		}
		_, _ = io.Copy(io.Discard, stdout)
		p.done <- p.cmd.Wait()
	}()
	t.Cleanup(func() {
		kill()
		p.drain()
	})
	return p
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("edged: %s", strings.TrimRight(string(b), "\n"))
	return len(b), nil
}

// line waits for a line of output that contains want.
func (p *process) line(t *testing.T, want string) string {
	t.Helper()
	var seen []string
	for timeout := time.After(patience); ; {
		select {
		case line, ok := <-p.lines:
			if !ok {
				t.Fatalf("edged ended before it printed %q, after:\n%s", want, strings.Join(seen, "\n"))
			}
			if seen = append(seen, line); strings.Contains(line, want) {
				return line
			}
		case <-timeout:
			t.Fatalf("no line with %q, only:\n%s", want, strings.Join(seen, "\n"))
		}
	}
}

// stop ends it as systemd does and returns its error.
func (p *process) stop(t *testing.T) error {
	t.Helper()
	return p.endBy(t, syscall.SIGTERM)
}

// endBy sends the signal and returns its error.
func (p *process) endBy(t *testing.T, s syscall.Signal) error {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	go p.drain()
	select {
	case err := <-p.done:
		return err
	case <-time.After(patience):
		t.Fatalf("still running %v after %v", patience, s)
		return nil
	}
}

// reload changes the configuration and asks edged to reload it.
func (p *process) reload(t *testing.T, config, content string) {
	t.Helper()
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// drain returns once the process has ended.
func (p *process) drain() {
	for ok := true; ok; {
		_, ok = <-p.lines
	}
}

// subscriber keeps what arrives under edged/#, by topic.
type subscriber struct {
	client   mqtt.Client
	mu       sync.Mutex
	messages map[string][]string
	arrived  chan struct{}
}

func subscribe(t *testing.T, url string) *subscriber {
	t.Helper()
	s := &subscriber{messages: map[string][]string{}, arrived: make(chan struct{}, 1)}
	options := mqtt.NewClientOptions().AddBroker(url).SetClientID("subscriber").SetOrderMatters(true).
		SetConnectRetry(true).SetConnectRetryInterval(100 * time.Millisecond).SetMaxReconnectInterval(200 * time.Millisecond)
	options.SetOnConnectHandler(func(c mqtt.Client) {
		c.SubscribeMultiple(map[string]byte{"edged/#": 1, "homeassistant/#": 1}, func(_ mqtt.Client, m mqtt.Message) {
			s.mu.Lock()
			s.messages[m.Topic()] = append(s.messages[m.Topic()], string(m.Payload()))
			s.mu.Unlock()
			select {
			case s.arrived <- struct{}{}:
			default:
			}
		})
	})
	client := mqtt.NewClient(options)
	client.Connect()
	s.client = client
	t.Cleanup(func() { client.Disconnect(0) })
	return s
}

// wait returns once the newest message of the topic makes ok true.
func (s *subscriber) wait(t *testing.T, topic string, ok func(string) bool) string {
	t.Helper()
	for timeout := time.After(patience); ; {
		s.mu.Lock()
		all := s.messages[topic]
		s.mu.Unlock()
		if n := len(all); n > 0 && ok(all[n-1]) {
			return all[n-1]
		}
		select {
		case <-s.arrived:
		case <-timeout:
			t.Fatalf("%s: waited in vain; it had %q", topic, all)
		}
	}
}

func is(want string) func(string) bool { return func(got string) bool { return got == want } }

func has(want string) func(string) bool {
	return func(got string) bool { return strings.Contains(got, want) }
}

// count is how many messages of the topic have arrived.
func (s *subscriber) count(topic string) int { //nolint:unparam // a topic is what it counts
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.messages[topic])
}

// publish publishes with QoS 1 and waits for the acknowledgement.
func (s *subscriber) publish(t *testing.T, topic, payload string) {
	t.Helper()
	if token := s.client.Publish(topic, 1, false, payload); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatalf("publish %s: %v", topic, token.Error())
	}
}

// forget drops what arrived so far.
func (s *subscriber) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = map[string][]string{}
}

func TestRunPublishesActionsToMosquitto(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	config := write(t, "edged.yaml", fmt.Sprintf(`
node: board
cameras: [{name: gate, source: "file:%s"}]
mqtt: {broker: "%s", scores: true, scores_every: 0s}
`, footage(t, "walkers.mkv"), broker.URL()))
	p := startEdged(t, "run", "-c", config)

	p.line(t, "delegate  xnnpack, ")
	sub.wait(t, "edged/board/status", is("online"))
	sub.wait(t, "edged/board/gate/status", is("online"))
	sub.wait(t, "edged/board/gate/scores", has(`"walk":`))
	p.line(t, "walk")
	event := sub.wait(t, "edged/board/gate/event", has(`"event_type":"walk","phase":"end"`))
	for _, key := range []string{`"id":"`, `"camera":"gate"`, `"peak_score":`, `"start":"20`, `"end":"20`, `"latency_ms":`, `"sha256":"`} {
		if !strings.Contains(event, key) {
			t.Errorf("the event lacks %s: %s", key, event)
		}
	}
	sub.wait(t, "edged/board/gate/walk/state", is("OFF"))

	t.Run("the broker restarts", func(t *testing.T) {
		broker.Stop()
		sub.forget()
		broker.Start() // it has lost everything retained
		sub.wait(t, "edged/board/status", is("online"))
		sub.wait(t, "edged/board/gate/status", is("online"))
		sub.wait(t, "edged/board/gate/event", has(`"phase":`))
	})
	t.Run("a clean stop says so itself", func(t *testing.T) {
		if err := p.stop(t); err != nil {
			t.Errorf("exit: %v", err)
		}
		sub.wait(t, "edged/board/gate/status", is("offline"))
		sub.wait(t, "edged/board/status", is("offline"))
	})
}

func TestKilledEdgedIsReportedByItsWill(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p := startEdged(t, "run", "--camera", "file:"+footage(t, "walkers.mkv"), "--broker", broker.URL())
	p.line(t, "online")
	host := p.node(t, sub)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	sub.wait(t, "edged/"+host+"/status", is("offline"))
}

// node returns the node's name once its status is online.
func (p *process) node(t *testing.T, s *subscriber) string {
	t.Helper()
	for timeout := time.After(patience); ; {
		s.mu.Lock()
		for topic := range s.messages {
			if parts := strings.Split(topic, "/"); len(parts) == 3 && parts[2] == "status" {
				s.mu.Unlock()
				return parts[1]
			}
		}
		s.mu.Unlock()
		select {
		case <-s.arrived:
		case <-timeout:
			t.Fatal("no node came online")
		}
	}
}

func TestRunWithTheBuiltInBroker(t *testing.T) {
	testkit.Slow(t)
	address := testkit.FreeAddress(t)
	config := write(t, "edged.yaml", fmt.Sprintf("mqtt: {listen: %q}\ncameras: [{source: %q}]\n", address, "file:"+footage(t, "walkers.mkv")))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "broker    built in, on "+address)
	p.line(t, "subscribe mosquitto_sub -h 127.0.0.1")
	sub := subscribe(t, "tcp://"+address)
	host := p.node(t, sub)
	sub.wait(t, "edged/"+host+"/camera/event", has(`"phase":"start"`))
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// A reload does not disturb other clients of the built-in broker: their connections and retained messages stay, and they get what edged
// publishes after it.
func TestTheBuiltInBrokerOutlivesAReload(t *testing.T) {
	testkit.Slow(t)
	address, other := testkit.FreeAddress(t), testkit.FreeAddress(t)
	text := func(address, more string) string {
		return fmt.Sprintf("node: board\nmqtt: {listen: %q}\nweb: {listen: ''}\ncameras: [{source: %q}]\n%s",
			address, "file:"+footage(t, "walkers.mkv"), more)
	}
	config := write(t, "edged.yaml", text(address, ""))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	lost := make(chan error, 1)
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + address).SetAutoReconnect(false).
		SetClientID("other").SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err }))
	messages := make(chan string, 1000)
	keep := func(_ mqtt.Client, m mqtt.Message) { messages <- m.Topic() + " " + string(m.Payload()) }
	for _, do := range []func() mqtt.Token{
		client.Connect,
		func() mqtt.Token { return client.Publish("note", 1, true, "kept") },
		func() mqtt.Token { return client.Subscribe("edged/board/#", 1, keep) },
	} {
		if token := do(); !token.WaitTimeout(patience) || token.Error() != nil {
			t.Fatal(token.Error())
		}
	}
	await := func(part string) {
		t.Helper()
		for timeout := time.After(patience); ; {
			select {
			case m := <-messages:
				if strings.Contains(m, part) {
					return
				}
			case err := <-lost:
				t.Fatal(err)
			case <-timeout:
				t.Fatalf("no %q", part)
			}
		}
	}
	p.reload(t, config, text(address, "detect: {stride: 1}\n"))
	await("board/status offline")
	await("board/status online")
	await(`"phase":"start"`)
	client.Subscribe("note", 1, keep)
	await("note kept")

	p.reload(t, config, text(other, ""))
	subscribe(t, "tcp://"+other).wait(t, "edged/board/status", is("online"))
	if !node.PortFree(t.Context(), address) {
		t.Error("the old address is still taken")
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// If Debian's mosquitto has the built-in broker's port, edged uses that broker.
func TestABrokerOnTheBuiltInOnesPortIsUsed(t *testing.T) {
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	config := write(t, "edged.yaml", fmt.Sprintf("node: board\nmqtt: {listen: %q}\ncameras: [{source: 'pattern:'}]\n", broker.Address))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "broker    another program's, on "+broker.Address)
	sub.wait(t, "edged/board/camera/status", is("online"))
}

func newRunner(r runCmd) *runner {
	return &runner{
		runCmd: r, log: terminal.NewLog(io.Discard, false), console: terminal.NewConsole(io.Discard, false),
	}
}

// A configuration that is refused does not even change the level of the log.
func TestARefusedConfigurationLeavesTheLogLevel(t *testing.T) {
	for _, c := range []struct {
		more  string
		debug bool
	}{
		{"model: {file: /no/such/model}\n", false},
		{"mqtt: {ca_file: /no/such/file, broker: 'ssl://127.0.0.1:1'}\n", false},
		{"", true},
	} {
		r := newRunner(runCmd{Config: write(t, "edged.yaml", "log: {level: debug}\ncameras: [{name: front, source: 'pattern:'}]\n"+c.more)})
		n, err := r.prepare(t.Context())
		debug := r.log.Logger().Enabled(t.Context(), slog.LevelDebug)
		if (err == nil) != (c.more == "") || debug != c.debug {
			t.Errorf("with %q: debug %t, error %v", c.more, debug, err)
		}
		if n != nil {
			n.Close()
		}
	}
}

// A reload takes over a good configuration and refuses a bad one.
func TestReload(t *testing.T) {
	broker := testkit.StartMosquitto(t, "allow_anonymous false", "password_file "+testkit.PasswordFile(t, "u", "right"))
	text := func(password, camera string) string {
		secret := write(t, "secret", password)
		return fmt.Sprintf("node: board\nmqtt: {broker: %q, username: u, password_file: %q}\ncameras: [{name: %s, source: 'pattern:'}]\n",
			broker.URL(), secret, camera)
	}
	config := write(t, "edged.yaml", text("wrong", "front"))
	var log testkit.Log
	p := startEdgedWith(t, &log, "run", "-c", config)
	p.line(t, "online")
	p.reload(t, config, text("right", "front"))
	sub := subscribe(t, strings.Replace(broker.URL(), "tcp://", "tcp://u:right@", 1))
	sub.wait(t, "edged/board/front/status", is("online"))

	p.reload(t, config, "cameras: [{name: no such}]\n")
	testkit.WaitFor(t, "the refusal", log.Has("reload refused"))
	sub.publish(t, "edged/board/front/enabled/set", "OFF")
	sub.wait(t, "edged/board/front/enabled/state", is("OFF"))

	p.reload(t, config, text("right", "back"))
	sub.wait(t, "edged/board/back/status", is("online"))
	sub.wait(t, "edged/board/front/status", is("offline"))
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// Closing the terminal ends an edged that was started in it without a configuration, unless nohup keeps it.
func TestAClosedTerminalEndsATry(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // the tests may have been started by nohup themselves
	sub := subscribe(t, testkit.StartMosquitto(t).URL())
	options := sub.client.OptionsReader()
	args := []string{"run", "--camera", "pattern:", "--broker", options.Servers()[0].String()}
	p := startEdged(t, args...)
	p.line(t, "online")
	host := p.node(t, sub)
	if err := p.endBy(t, syscall.SIGHUP); err != nil {
		t.Errorf("exit: %v", err)
	}
	sub.wait(t, "edged/"+host+"/status", is("offline"))

	signal.Ignore(syscall.SIGHUP)
	p = startEdged(t, args...)
	signal.Reset(syscall.SIGHUP)
	p.line(t, "online")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, mask, _ := strings.Cut(string(status), "SigIgn:")
	var ignored uint64
	if _, err := fmt.Sscanf(mask, "%x", &ignored); err != nil || ignored>>(syscall.SIGHUP-1)&1 == 0 {
		t.Errorf("under nohup SIGHUP is not ignored: %#x, %v", ignored, err)
	}
}

// Without a configuration edged looks for free ports once, and keeps them.
func TestPortsAreFoundOnce(t *testing.T) {
	r := newRunner(runCmd{Camera: "pattern:"})
	listen := func() string {
		t.Helper()
		n, err := r.prepare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n.Close()
		return n.Config.MQTT.Listen
	}
	first := listen()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second := listen(); second != first {
		t.Errorf("at first %s, then %s", first, second)
	}
}

// edged retries a source that cannot be played and a broker that is absent. Neither ends it.
func TestRunGoesOnWithoutCameraAndBroker(t *testing.T) {
	p := startEdged(t, "run", "--broker", "tcp://"+testkit.FreeAddress(t), "--camera", "file:"+write(t, "x.avi", "no video"))
	p.line(t, "offline: ")
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// Memory holds the broker's password. A crash must leave no core file, on a system where another program leaves one.
func TestACrashLeavesNoCore(t *testing.T) {
	t.Chdir(t.TempDir())
	crash := func(program string, args ...string) (dumped bool) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -c unlimited; echo; exec "$@"`, "sh", program}, args...)...)
		cmd.Env = append(os.Environ(), asEdged+"=1", "GOTRACEBACK=crash")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for program != "sleep" && lines.Scan() {
			if strings.Contains(lines.Text(), "subscribe") {
				break
			}
		}
		if err := cmd.Process.Signal(syscall.SIGABRT); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		status := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signal() != syscall.SIGABRT {
			t.Fatalf("%s: %v, not ended by SIGABRT", program, cmd.ProcessState)
		}
		return status.CoreDump()
	}
	t.Logf("sleep leaves a core file: %t", crash("sleep", "100"))
	if crash(os.Args[0], "run", "--camera", "pattern:", "--broker", "tcp://"+testkit.FreeAddress(t)) {
		t.Error("edged leaves a core file")
	}
}

func TestNextFreeSkipsATakenPort(t *testing.T) {
	address := testkit.FreeAddress(t)
	if got := nextFree(t.Context(), address); got != address {
		t.Errorf("%s is free, but got %s", address, got)
	}
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := nextFree(t.Context(), address); got == address || !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("%s is taken; got %s", address, got)
	}
}
