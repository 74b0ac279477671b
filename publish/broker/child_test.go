package broker

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"edged/internal/testkit"
)

// TestMain lets this test binary be the program that Child starts, and a daemon that a test can kill.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "broker" && os.Args[2] == "--listen":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err := Serve(ctx, os.Args[3], slog.Default())
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case len(os.Args) == 3 && os.Args[1] == "daemon":
		child := Child{Address: os.Args[2]}
		if err := child.Listen(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		child.Run(context.Background())
	default:
		_ = flag.Set("test.parallel", "8") // most of these tests wait
		goleak.VerifyTestMain(m)
	}
}

const eventually = time.Minute

// running is a Child under test.
type running struct {
	t       testing.TB
	address string
	log     *testkit.Log
	pids    chan int // of every process
	stop    func()
}

// start runs a Child until the test ends, and waits for its first process.
func start(t testing.TB) (r *running, pid int) {
	t.Helper()
	return startWith(t, 0)
}

func startWith(t testing.TB, silence time.Duration) (r *running, pid int) {
	t.Helper()
	r = &running{t: t, address: testkit.FreeAddress(t), log: new(testkit.Log), pids: make(chan int, 100)}
	child := &Child{
		Address: r.address,
		Log:     slog.New(slog.NewTextHandler(r.log, nil)),
		Output:  r.log,
		silence: silence,
		started: func(pid int) { r.pids <- pid },
	}
	if err := child.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); child.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(r.stop)
	return r, r.nextPID()
}

func (r *running) nextPID() int {
	r.t.Helper()
	select {
	case pid := <-r.pids:
		return pid
	case <-time.After(eventually):
		r.t.Fatalf("no broker process within %v; log:\n%s", eventually, r.log)
		return 0
	}
}

func dial(t testing.TB, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(t.Context(), "tcp", address)
}

// dial opens a bare connection until the test ends.
func (r *running) dial() net.Conn {
	r.t.Helper()
	conn, err := dial(r.t, r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(eventually))
	return conn
}

// client connects a paho client until the test ends.
func (r *running) client(id string) mqtt.Client {
	r.t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + r.address).SetClientID(id).SetAutoReconnect(false))
	r.await(c.Connect())
	r.t.Cleanup(func() { c.Disconnect(100) })
	return c
}

func (r *running) await(token mqtt.Token) {
	r.t.Helper()
	if !token.WaitTimeout(eventually) || token.Error() != nil {
		r.t.Fatalf("%v; log:\n%s", token.Error(), r.log)
	}
}

// acceptsClient says whether the broker answers CONNECT on conn, and closes it.
func acceptsClient(conn net.Conn) bool {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(eventually))
	if _, err := conn.Write(connectMQTT311); err != nil {
		return false
	}
	connack := make([]byte, 4)
	_, err := io.ReadFull(conn, connack)
	return err == nil && connack[3] == 0
}

// works fails the test unless a message passes through the broker.
func (r *running) works() {
	r.t.Helper()
	got := make(chan string, 1)
	c := r.client("works")
	defer c.Disconnect(100)
	r.await(c.Subscribe("t", 1, func(_ mqtt.Client, m mqtt.Message) { got <- string(m.Payload()) }))
	r.await(c.Publish("t", 1, false, "hello"))
	select {
	case <-got:
	case <-time.After(eventually):
		r.t.Fatal("the broker delivers nothing")
	}
}

func TestChildIsRestartedWhenItDies(t *testing.T) {
	t.Parallel()
	r, pid := start(t)
	r.works()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if again := r.nextPID(); again == pid {
		t.Errorf("the same process, %d", again)
	}
	r.works()
	if !strings.Contains(r.log.String(), "signal: killed") {
		t.Errorf("the log does not say how the first one ended:\n%s", r.log)
	}
}

// What hangs dies of nothing, and its socket goes on taking connections.
func TestChildIsReplacedWhenItHangs(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, pid := startWith(t, 400*time.Millisecond)
	r.works()
	time.Sleep(1200 * time.Millisecond) // three checks
	if len(r.pids) > 0 {
		t.Fatalf("a broker that answers was replaced:\n%s", r.log)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.nextPID()
	r.works()
}

// Nobody else can have the port while one process has died and the next is not there yet, and whoever connects then is served.
func TestThePortIsNeverLost(t *testing.T) {
	t.Parallel()
	r, pid := start(t)
	r.works()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	early := r.dial()
	for tries := 0; len(r.pids) == 0 || tries < 10; tries++ {
		if l, err := listen(t.Context(), r.address); err == nil {
			l.Close()
			t.Fatalf("the port was free, at try %d", tries)
		}
		time.Sleep(time.Millisecond)
	}
	if !acceptsClient(early) {
		t.Error("whoever came early was not served")
	}
}

// What may crash has no need of the password.
func TestTheProcessKnowsNoPassword(t *testing.T) {
	t.Setenv("EDGED_MQTT_PASSWORD", "c4nary")
	t.Setenv("OTHER", "kept")
	r, pid := start(t)
	r.works()
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if text := string(environ); err != nil || strings.Contains(text, "c4nary") || !strings.Contains(text, "OTHER=kept") {
		t.Errorf("error %v, the password is there: %t", err, strings.Contains(text, "c4nary"))
	}
}

func TestChildsLogIsForwarded(t *testing.T) {
	t.Parallel()
	r, _ := start(t)
	r.works()
	r.stop() // waits for the last line
	if !strings.Contains(r.log.String(), "broker: listening") {
		t.Errorf("log:\n%s", r.log)
	}
}

func TestChildStopsAtOnceAlthoughClientsStay(t *testing.T) {
	t.Parallel()
	r, _ := start(t)
	r.dial() // has not said CONNECT
	r.client("stays")
	began := time.Now()
	r.stop()
	if took := time.Since(began); took >= stopWithin {
		t.Errorf("the stop took %v: the process had to be killed", took)
	}
	if conn, err := dial(t, r.address); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())

	err = (&Child{Address: l.Addr().String()}).Listen(t.Context())
	if err == nil || !strings.Contains(err.Error(), "port "+port+" is taken") || !strings.Contains(err.Error(), "mqtt.listen") {
		t.Errorf("got %v; want the port and what to do", err)
	}
}

func TestChildDiesWithTheDaemon(t *testing.T) {
	t.Parallel()
	address := testkit.FreeAddress(t)
	daemon := exec.CommandContext(t.Context(), os.Args[0], "daemon", address)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Wait() }) // the test's context has ended it by then
	accepts := func() bool {
		conn, err := dial(t, address)
		return err == nil && acceptsClient(conn)
	}
	waitFor(t, "the broker is up", accepts)
	if err := daemon.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the broker is gone", func() bool { return !accepts() })
}

// peakMemory returns the most physical memory that the process has had, in bytes (VmHWM of proc(5)).
func peakMemory(t testing.TB, pid int) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(eventually); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", eventually, what)
		}
	}
}
