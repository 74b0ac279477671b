package page

import (
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/publish"
	"edged/record"
)

// hub hands what happens to the clients of /api/v1/stream. Without clients it does nothing. It is a sink.
type hub struct {
	clients atomic.Int32

	mu  sync.Mutex // guards all
	all map[*client]bool
}

// client is a stream's queue of messages, each of which is shared with the other clients.
type client struct {
	messages chan []byte
	gone     chan struct{} // closed when the client was too slow
}

// maxWaiting bounds the messages that wait for a client: some seconds of them. A client that is slower is dropped; it comes back and asks
// for what is now.
const maxWaiting = 256

func (h *hub) init() { h.all = map[*client]bool{} }

func (h *hub) join() *client {
	c := &client{messages: make(chan []byte, maxWaiting), gone: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[c] = true
	h.clients.Store(int32(len(h.all)))
	return c
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
}

func (h *hub) drop(c *client) {
	delete(h.all, c)
	h.clients.Store(int32(len(h.all)))
}

// send queues a message for every client.
func (h *hub) send(message []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.all {
		select {
		case c.messages <- message:
		default:
			close(c.gone)
			h.drop(c)
		}
	}
}

// sendJSON sends a message of that kind.
func (h *hub) sendJSON(kind string, v any) {
	if h.clients.Load() == 0 {
		return
	}
	data, err := json.Marshal(v)
	if err != nil {
		return // of our own types none fails
	}
	h.send(message(kind, data))
}

// message is an event of an event stream (HTML standard, "Server-sent events").
func message(kind string, data []byte) []byte {
	m := append([]byte("event: "+kind+"\ndata: "), data...)
	return append(m, "\n\n"...)
}

// event is called after each change of the timeline.
func (h *hub) event(e record.Event, gone bool) {
	if gone {
		h.sendJSON("gone", map[string]string{"id": e.ID})
		return
	}
	h.sendJSON("event", e)
}

// Event implements sink.Sink. Events come from the timeline.
func (h *hub) Event(sink.Event) {}

// Window implements sink.Sink.
func (h *hub) Window(w sink.Window) {
	if h.clients.Load() == 0 {
		return
	}
	m := append([]byte("event: scores\ndata: {\"view\":"), strconv.Quote(w.View)...)
	m = append(m, `,"time":`...)
	m = strconv.AppendInt(m, clock.Now().At(w.Time).UnixMilli(), 10)
	m = append(m, `,"scores":[`...)
	for i, s := range w.Scores {
		if i > 0 {
			m = append(m, ',')
		}
		m = publish.AppendScore(m, s)
	}
	m = append(m, ']')
	if w.Track != 0 {
		m = append(m, `,"track":`...)
		m = strconv.AppendUint(m, w.Track, 10)
		m = publish.AppendBox(append(m, `,"box":`...), w.Box)
	}
	h.send(append(m, "}\n\n"...))
}

// Camera implements sink.Sink.
func (h *hub) Camera(c sink.Camera) {
	reason := ""
	if c.Reason != nil {
		reason = c.Reason.Error()
	}
	h.sendJSON("camera", map[string]any{"name": c.Name, "online": c.Online, "reason": reason})
}

// View implements sink.Sink.
func (h *hub) View(v sink.View) {
	h.sendJSON("view", map[string]any{"path": v.Path, "enabled": v.Enabled, "thresholds": v.Thresholds})
}

// Visit implements sink.Sink. The page works out who is in a zone from the boxes of targets.
func (h *hub) Visit(sink.Visit) {}

// Sink receives what the node recognises.
func (p *Page) Sink() sink.Sink { return &p.hub }

// tickEvery is how often a client hears from edged at least: so it knows that what it shows is not old.
const tickEvery = 5 * time.Second
