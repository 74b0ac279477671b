package testkit

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"edged/internal/self"
)

// Mosquitto is a real mosquitto broker on a loopback port of its own. It keeps its port over Stop and Start. It forgets its
// retained messages, because its persistence is off.
type Mosquitto struct {
	Address string // 127.0.0.1:port

	t       testing.TB
	program string
	config  string
	log     string
	cmd     *exec.Cmd    // nil = not running
	wait    func() error // of cmd
}

// StartMosquitto runs a broker until the test ends. The given lines are added to its configuration. Everybody may connect
// unless a line sets allow_anonymous.
func StartMosquitto(t testing.TB, config ...string) *Mosquitto {
	t.Helper()
	b := NewMosquitto(t, config...)
	b.Start()
	return b
}

// NewMosquitto prepares a broker and picks its port, but does not start it. The test fails where mosquitto is not installed.
func NewMosquitto(t testing.TB, config ...string) *Mosquitto {
	t.Helper()
	program := executable(t)
	dir := t.TempDir()
	b := &Mosquitto{
		Address: FreeAddress(t), t: t, program: program,
		config: filepath.Join(dir, "mosquitto.conf"), log: filepath.Join(dir, "mosquitto.log"),
	}
	_, port, _ := net.SplitHostPort(b.Address)
	lines := append([]string{
		"listener " + port + " 127.0.0.1",
		"log_dest file " + b.log,
		"log_type all",
		"user root", // do not change user: the files here are the test's
	}, config...)
	if !strings.Contains(strings.Join(config, "\n"), "allow_anonymous") {
		lines = append(lines, "allow_anonymous true")
	}
	if err := os.WriteFile(b.config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	return b
}

func executable(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("mosquitto is not installed; make deps installs it")
	return ""
}

// URL returns the broker's address as a URL.
func (b *Mosquitto) URL() string { return "tcp://" + b.Address }

// Start starts a stopped broker and waits until it accepts connections.
func (b *Mosquitto) Start() {
	b.t.Helper()
	b.cmd = exec.CommandContext(context.Background(), b.program, "-c", b.config)
	b.cmd.SysProcAttr = dieWithParent()
	var err error
	if b.wait, err = self.Start(b.cmd); err != nil {
		b.t.Fatalf("start mosquitto: %v", err)
	}
	var d net.Dialer
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := d.DialContext(b.t.Context(), "tcp", b.Address)
		if err == nil {
			itself := conn.LocalAddr().String() == conn.RemoteAddr().String() // a TCP connection can connect to itself
			conn.Close()
			if !itself {
				return
			}
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("mosquitto does not accept connections on %s: %v\n%s", b.Address, err, b.Log())
		}
	}
}

// Stop kills the broker as a crash would. It does nothing when the broker is not running.
func (b *Mosquitto) Stop() {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Kill()
	_ = b.wait() // its error says that the process was killed
	b.cmd = nil
}

// Shutdown ends the broker as a service manager would: it saves its sessions if its configuration says so.
func (b *Mosquitto) Shutdown() {
	b.t.Helper()
	b.signal(syscall.SIGTERM)
	_ = b.wait()
	b.cmd = nil
}

// Reload has the broker read its configuration and its access rules again.
func (b *Mosquitto) Reload() {
	b.t.Helper()
	before := strings.Count(b.Log(), "Reloading config")
	b.signal(syscall.SIGHUP)
	WaitFor(b.t, "mosquitto reloads", func() bool { return strings.Count(b.Log(), "Reloading config") > before })
}

func (b *Mosquitto) signal(s syscall.Signal) {
	b.t.Helper()
	if err := b.cmd.Process.Signal(s); err != nil {
		b.t.Fatalf("signal mosquitto: %v", err)
	}
}

// Log returns what mosquitto has logged.
func (b *Mosquitto) Log() string {
	text, _ := os.ReadFile(b.log) // none yet: nothing logged
	return string(text)
}

// PasswordFile writes a mosquitto password file with one user and returns its path.
func PasswordFile(t testing.TB, user, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passwords")
	out, err := exec.CommandContext(t.Context(), "mosquitto_passwd", "-b", "-c", path, user, password).CombinedOutput()
	if err != nil {
		t.Fatalf("mosquitto_passwd: %v\n%s", err, out)
	}
	return path
}
