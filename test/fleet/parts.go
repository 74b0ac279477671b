package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/self"
)

// process is what /proc says of one.
type process struct {
	cmd  *exec.Cmd
	wait func() error
}

// begin starts the command. The kernel kills it when this program ends.
func (p *process) begin(cmd *exec.Cmd) (err error) {
	p.cmd = cmd
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.wait, err = self.Start(cmd)
	return err
}

// cpu is the time that it has taken so far, seconds.
func (p process) cpu() float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // USER_HZ
}

// memory is what is resident, MB.
func (p process) memory() (kilobytes float64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes / 1000
}

func (p process) kill(how syscall.Signal) {
	_ = p.cmd.Process.Signal(how)
	_ = p.wait()
}

// broker is a mosquitto that remembers nothing.
type broker struct {
	process
	address, config string
}

func newBroker(ctx context.Context, dir string) (*broker, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	b := &broker{address: l.Addr().String(), config: filepath.Join(dir, "mosquitto.conf")}
	_, port, _ := net.SplitHostPort(b.address)
	lines := "listener " + port + " 127.0.0.1\nallow_anonymous true\nuser root\nset_tcp_nodelay true\nmax_queued_messages 0\nlog_type error\n"
	return b, os.WriteFile(b.config, []byte(lines), 0o600)
}

func (b *broker) start(ctx context.Context) error {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if err := b.begin(exec.CommandContext(ctx, path, "-c", b.config)); err != nil {
		return err
	}
	for range 100 {
		if conn, err := new(net.Dialer).DialContext(ctx, "tcp", b.address); err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("mosquitto does not listen on %s", b.address)
}

func (b *broker) stop() { b.kill(syscall.SIGTERM) }

// fleet is the process of the boards.
type fleet struct {
	process
	mu   sync.Mutex
	last state
}

func startFleet(ctx context.Context, address string) (*fleet, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &fleet{}
	cmd := exec.CommandContext(ctx, program, "-boards", address, "-nodes", strconv.Itoa(*nodes), "-action-every", actions.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			f.mu.Lock()
			_ = json.Unmarshal(s.Bytes(), &f.last)
			f.mu.Unlock()
		}
	}()
	return f, f.begin(cmd)
}

func (f *fleet) now() state {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *fleet) sent() int { return f.now().Sent }

func (f *fleet) await(holds func(state) bool) {
	for !holds(f.now()) {
		time.Sleep(50 * time.Millisecond)
	}
}

func (f *fleet) kill() { f.process.kill(syscall.SIGKILL) }

// The boards' own status.
const online, offline = "online", "offline"

// subscriber wants everything, as Home Assistant and a database would.
type subscriber struct {
	client mqtt.Client
	mu     sync.Mutex
	n      int
	status map[string]string // by topic
}

func subscribe(address string) *subscriber {
	s := &subscriber{status: map[string]string{}}
	o := mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID("subscriber").SetConnectRetry(true).
		SetConnectRetryInterval(100 * time.Millisecond).SetMaxReconnectInterval(200 * time.Millisecond)
	o.SetOnConnectHandler(func(c mqtt.Client) {
		c.SubscribeMultiple(map[string]byte{"edged/#": 1, "homeassistant/#": 1}, s.take)
	})
	s.client = mqtt.NewClient(o)
	s.client.Connect().Wait()
	return s
}

func (s *subscriber) take(_ mqtt.Client, m mqtt.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if levels := strings.Split(m.Topic(), "/"); len(levels) == 3 && levels[2] == "status" {
		s.status[m.Topic()] = string(m.Payload())
	}
}

func (s *subscriber) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// seen is how many boards say this of themselves.
func (s *subscriber) seen(status string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.status {
		if v == status {
			n++
		}
	}
	return n
}

func (s *subscriber) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = map[string]string{}
}

func (s *subscriber) close() { s.client.Disconnect(100) }
