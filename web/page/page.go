// Package page serves the web page for people and the API under /api/v1/ that it uses. docs/api.md describes the API.
//
// The page is HTML, one stylesheet and ES modules, embedded in the binary; it asks no other host for anything. While nobody looks at it,
// it costs nothing: pictures and streams are made for clients alone.
package page

import (
	"context"
	"io"
	"net/http"
	"time"

	"edged/internal/history"
	"edged/internal/pictures"
	"edged/record"
	"edged/teach"
)

// Page is the web page of one node. Set the inputs, then call Initialize; Handler serves it.
type Page struct {
	Node, Version string
	Description   func() Description // what the page shows of the node
	Live          map[string]*pictures.Live
	Timeline      *record.Timeline
	Recorder      Clips // nil = recording is off
	Teacher       *teach.Teacher
	SetThreshold  func(view, label string, score float64) error
	SetEnabled    func(view string, on bool) error
	CheckConfig   func(yaml []byte) []ConfigProblem
	Statistics    func() any // as /status
	History       *history.History
	Support       func(io.Writer)
	Access        Access
	Login         bool   // a password is set
	Prefix        string // of web.url's path; a proxy's header goes before it

	writeWithin time.Duration // 0 = defaultWriteWithin

	hub     hub
	streams chan struct{} // a place for each stream
	routes  []string      // the patterns that Handler serves; a test asks them all
	began   string        // tells a client that edged was started again
	ctx     context.Context
	stop    context.CancelFunc
	unwatch []func() // end the watches of the timeline and of what was taught
}

// Clips is where clips come from. *record.Recorder is one.
type Clips interface {
	Info(id string) (*record.Clip, error)
	Video(id string) (record.Video, error)
	Delete(id string) error
}

// Access says who may see pictures.
type Access interface {
	// Check says whether the request may see pictures and change settings.
	Check(*http.Request) Permission
	// Login answers the request to log in or out.
	Login(http.ResponseWriter, *http.Request)
	Logout(http.ResponseWriter, *http.Request)
}

// Permission is what Access.Check finds.
type Permission int

const (
	Granted    Permission = iota
	NeedsLogin            // a password is set, and the request has no valid session
	NoPassword            // the request does not come from this machine, and no password is set
)

const (
	// maxStreams bounds the streams of all clients together: scores and live pictures.
	maxStreams = 40
	// maxBody bounds what a client may send.
	maxBody = 1 << 20
	// defaultWriteWithin is how long a client may take to read a piece of a stream.
	defaultWriteWithin = 10 * time.Second
)

// Initialize prepares for the other calls. Close ends all streams.
func (p *Page) Initialize() {
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.streams = make(chan struct{}, maxStreams)
	p.began = time.Now().UTC().Format(time.RFC3339Nano)
	if p.writeWithin == 0 {
		p.writeWithin = defaultWriteWithin
	}
	p.hub.init()
	if p.Timeline != nil {
		p.unwatch = append(p.unwatch, p.Timeline.Watch(p.hub.event))
	}
	if p.Teacher == nil {
		p.Teacher = teach.NewTeacher(teach.Options{})
	}
	p.unwatch = append(p.unwatch, p.Teacher.Watch(p.hub.taughtEvent))
}

// Close ends all streams.
func (p *Page) Close() {
	p.stop()
	for _, unwatch := range p.unwatch {
		unwatch()
	}
}

// Handler serves the page and the API. Handlers of other paths may be put before it.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h http.HandlerFunc) {
		p.routes = append(p.routes, pattern)
		mux.HandleFunc(pattern, h)
	}
	api := func(pattern string, h func(http.ResponseWriter, *http.Request)) {
		handle(pattern, p.protect(maxBody, h))
	}
	api("GET /api/v1/node", p.node)
	api("GET /api/v1/cameras/{camera}/picture", p.picture)
	api("GET /api/v1/live", p.live)
	api("GET /api/v1/stream", p.stream)
	api("GET /api/v1/events", p.events)
	api("GET /api/v1/events/{id}", p.event)
	api("DELETE /api/v1/events/{id}", p.deleteEvent)
	api("GET /api/v1/events/{id}/thumbnail", p.thumbnail)
	api("GET /api/v1/clips/{id}", p.clip)
	api("DELETE /api/v1/clips/{id}", p.deleteClip)
	api("GET /api/v1/clips/{id}/video", p.video)
	api("PUT /api/v1/thresholds", p.setThreshold)
	api("PUT /api/v1/enabled", p.setEnabled)
	api("POST /api/v1/config/check", p.checkConfig)
	api("GET /api/v1/history", p.showHistory)
	api("GET /api/v1/support", p.support)
	p.teachRoutes(api)
	handle("POST /api/v1/teach/import", p.protect(importLimit, p.importAction))
	handle("POST /api/v1/login", p.Access.Login)
	handle("POST /api/v1/logout", p.Access.Logout)
	for _, route := range []string{"/{$}", "/events", "/events/{id}", "/teach", "/draw", "/health"} {
		handle("GET "+route, p.index)
	}
	handle("GET /static/", p.static)
	return problems(mux)
}

// protect lets only those through who may see pictures. It bounds the bytes of what they send.
func (p *Page) protect(limit int64, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch p.Access.Check(r) {
		case NeedsLogin:
			Problem(w, http.StatusUnauthorized, "Log in first: POST the password to /api/v1/login.")
		case NoPassword:
			Problem(w, http.StatusForbidden, noPassword)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, limit)
			h(w, r)
		}
	}
}

const noPassword = "Pictures, events and settings are for this machine alone, because web.password_file is not set. " +
	"Make a password with: edged password"

// ConfigProblem is something wrong with a configuration.
type ConfigProblem struct {
	Line int    `json:"line"` // 0 = of no line
	Key  string `json:"key"`
	Text string `json:"text"`
}
