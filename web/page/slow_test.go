package page

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"edged/internal/pictures"
	"edged/internal/sink"
	"edged/record"
)

// largeClips are clips whose files are too large for any buffer on the way.
type largeClips struct {
	clips
	open atomic.Int32
}

type zeros struct{}

func (zeros) ReadAt(b []byte, _ int64) (int, error) { clear(b); return len(b), nil }

type largeFile struct {
	*io.SectionReader
	clips *largeClips
}

func (f largeFile) Close() error { f.clips.open.Add(-1); return nil }

func (c *largeClips) Video(string) (record.Video, error) {
	c.open.Add(1)
	return largeFile{io.NewSectionReader(zeros{}, 0, 1<<30), c}, nil
}

// heap is how many bytes are in use.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Clients that never read what they asked for cost a bounded piece of memory each, and after a while they are dropped. No goroutine is
// left of them: TestMain looks.
func TestClientsThatNeverRead(t *testing.T) {
	const clients, most = 8, 8 << 20
	for name, path := range map[string]string{"events": "/api/v1/stream", "live pictures": "/api/v1/live", "clip": "/api/v1/clips/" + clipID + "/video"} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.writeWithin = time.Second
			large := &largeClips{clips: s.Recorder.(clips)}
			s.Recorder = large
			served := func() int { return len(s.streams) + int(large.open.Load()) }
			for range clients {
				neverRead(t, s.server.Listener.Addr().String(), path)
			}
			await(t, "all clients are served", func() bool { return served() == clients })
			before, jpeg := heap(), make([]byte, 100<<10)
			window := sink.Window{View: "gate", Scores: make([]float32, 400)}
			await(t, "all clients are dropped", func() bool {
				for range 100 {
					s.Sink().Window(window)
				}
				s.Live["gate"].Picture(pictures.Picture{JPEG: jpeg, Time: time.Second})
				if used := heap() - before; used > most {
					t.Fatalf("%d clients take %d MB", clients, used>>20)
				}
				return served() == 0
			})
		})
	}
}

// neverRead asks for a path and reads nothing until the test ends.
func neverRead(t *testing.T, address, path string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func TestThoseWhoSaveDataGetFewerPictures(t *testing.T) {
	s := newScene(t)
	for _, c := range []struct {
		query, header string
		want          time.Duration
	}{
		{"", "", 0},
		{"", "on", time.Second},
		{"?interval_ms=500", "on", time.Second},
		{"?interval_ms=3000", "on", 3 * time.Second},
		{"?interval_ms=500", "off", 500 * time.Millisecond},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/live"+c.query, nil)
		r.Header.Set("Save-Data", c.header)
		if _, got, ok := s.liveQuery(httptest.NewRecorder(), r); !ok || got != c.want {
			t.Errorf("%+v: a picture each %v", c, got)
		}
	}
}
