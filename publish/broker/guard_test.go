package broker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestListenRefusesAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1":         "must be HOST:PORT",
		"0.0.0.0:1883":      "127.0.0.1 or [::1] only",
		":1883":             "127.0.0.1 or [::1] only",
		"[::]:1883":         "127.0.0.1 or [::1] only",
		"192.168.1.2:1883":  "127.0.0.1 or [::1] only",
		"example.test:1883": "127.0.0.1 or [::1] only",
	} {
		l, err := listen(t.Context(), addr)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", addr, err, want)
		}
	}
}

// oneConn is a listener with a single connection.
type oneConn struct {
	net.Listener
	conn net.Conn
}

func (l oneConn) Accept() (net.Conn, error) { return l.conn, nil }

func TestAConnectionThatSaysNothingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		conn, err := newGuard(oneConn{conn: server}, 1, slog.New(slog.DiscardHandler)).Accept()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read: %v, want a timeout", err)
		}
		if waited := time.Since(began); waited != connectWithin {
			t.Errorf("it ended after %v, want %v", waited, connectWithin)
		}
	})
}

// replay is a connection on which the given bytes have arrived.
type replay struct {
	net.Conn
	in      io.Reader
	written []byte
	closed  chan struct{}
}

func (r *replay) SetWriteDeadline(time.Time) error { return nil }

func (r *replay) Close() error {
	select {
	case <-r.closed:
	default:
		close(r.closed)
	}
	return nil
}

func (r *replay) Read(p []byte) (int, error) { return r.in.Read(p) }

func (r *replay) Write(p []byte) (int, error) {
	r.written = append(r.written, p...)
	return len(p), nil
}

// FuzzGuard gives any first bytes to a connection: a CONNECT of MQTT 5 or later, or of a bridge's dialect, is refused in its own
// version; everything else passes unchanged.
func FuzzGuard(f *testing.F) {
	for _, seed := range [][]byte{
		connectMQTT5, connectMQTT311, truncatedSubscribe, hugePublish, hugeConnect,
		[]byte("\x10\xff\xff\xff\x7f\x00\x04MQTT\x05"),
		[]byte("\x10\x80\x80\x80\x80\x00\x04MQTT\x05"),
		[]byte("\x10\x10\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x02id"),
		[]byte("\x10\x10\x00\x06MQIsdp\x83\x02\x00\x3c\x00\x02id"),
		[]byte("\x10\x0e\x00\x04MQTT\x84\x02\x00\x3c\x00\x02id"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, first []byte) {
		conn := &replay{in: bytes.NewReader(first), closed: make(chan struct{})}
		g := newGuard(nil, 1, slog.New(slog.DiscardHandler))
		c := &guarded{writer: newWriter(conn, g.backlog), guard: g, in: bufio.NewReaderSize(conn, 16)}
		got, err := io.ReadAll(c)
		c.Close()
		<-conn.closed

		if errors.Is(err, errVersion) {
			head := first[:min(len(first), 14)]
			at := max(bytes.Index(head, []byte("\x00\x04MQTT"))+6, bytes.Index(head, []byte("\x00\x06MQIsdp"))+8)
			want := refusal
			if at < len(first) && first[at]&0x7f >= 5 {
				want = refusalMQTT5
			}
			if at < 6 || len(got) > 0 || !bytes.Equal(conn.written, want) {
				t.Errorf("% x refused; passed % x, answered % x", first, got, conn.written)
			}
			return
		}
		if len(conn.written) > 0 {
			t.Errorf("% x answered with % x", first, conn.written)
		}
		// A connection that ends within its first packet's first bytes may pass nothing at all.
		if !bytes.Equal(got, first) && (len(got) > 0 || len(first) >= 14) {
			t.Errorf("% x passed as % x", first, got)
		}
	})
}
