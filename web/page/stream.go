package page

import (
	"encoding/json"
	"net/http"
	"time"
)

// enter takes a place for a stream. Without one it answers, and returns false.
func (p *Page) enter(w http.ResponseWriter) bool {
	select {
	case p.streams <- struct{}{}:
		return true
	default:
		w.Header().Set("Retry-After", "10")
		Problem(w, http.StatusServiceUnavailable, "Too many streams are open; try again later.")
		return false
	}
}

func (p *Page) exit() { <-p.streams }

// stream sends what happens as server-sent events.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	if !p.enter(w) {
		return
	}
	defer p.exit()
	c := p.hub.join()
	defer p.hub.leave(c)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx passes each message on at once
	// The state of now, asked for after joining: with the messages that follow, a client misses no change.
	hello, _ := json.Marshal(map[string]any{"began": p.began, "version": p.Version, "cameras": p.Description().Cameras})
	out := p.slowWriter(w)
	if out.write([]byte("retry: 2000\n")) != nil || out.write(message("hello", hello)) != nil {
		return
	}
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		var m []byte
		select {
		case <-r.Context().Done():
			return
		case <-p.ctx.Done():
			return
		case <-c.gone:
			return
		case m = <-c.messages:
		case now := <-tick.C:
			if p.Access.Check(r) != Granted { // the session has ended
				return
			}
			m = message("tick", []byte(now.UTC().Format(`"2006-01-02T15:04:05Z"`)))
		}
		if out.write(m) != nil {
			return
		}
	}
}

// slowWriter writes to a client that may read slowly: each piece gets a time of its own, and not the whole.
type slowWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	within  time.Duration
}

func (p *Page) slowWriter(w http.ResponseWriter) *slowWriter {
	return &slowWriter{w, http.NewResponseController(w), p.writeWithin}
}

// extend gives the client the time for a further piece.
func (s *slowWriter) extend() {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.within)) // a test's recorder has none
}

// write sends a piece at once.
func (s *slowWriter) write(b []byte) error {
	s.extend()
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}
