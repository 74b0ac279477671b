package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/pictures"
)

// pictureWithin is how long a picture is waited for: a camera's longest usual pause between frames, and more.
const pictureWithin = 3 * time.Second

// picture answers with the camera's next picture.
func (p *Page) picture(w http.ResponseWriter, r *http.Request) {
	live := p.Live[r.PathValue("camera")]
	if live == nil {
		Problem(w, http.StatusNotFound, fmt.Sprintf("There is no camera %q.", r.PathValue("camera")))
		return
	}
	if !p.enter(w) {
		return
	}
	defer p.exit()
	defer live.Watch()()
	ctx, cancel := context.WithTimeout(r.Context(), pictureWithin)
	defer cancel()
	shot := live.Next(ctx, nil)
	if shot == nil {
		Problem(w, http.StatusServiceUnavailable, "The camera sends no picture now: it is offline, or all of its views are disabled.")
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Last-Modified", clock.Now().At(shot.Time).UTC().Format(http.TimeFormat))
	_, _ = w.Write(shot.JPEG)
}

// savingInterval is the time between two pictures for those who save data.
const savingInterval = time.Second

const boundary = "edged-picture"

// live sends the pictures of some cameras as they come, as multipart/x-mixed-replace. A client that reads slowly gets fewer.
func (p *Page) live(w http.ResponseWriter, r *http.Request) {
	names, interval, ok := p.liveQuery(w, r)
	if !ok || !p.enter(w) {
		return
	}
	defer p.exit()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	w.Header().Set("X-Accel-Buffering", "no")
	out := p.slowWriter(w)
	if out.write([]byte("--"+boundary+"\r\n")) != nil { // the headers go out before the first picture
		return
	}
	shots := make(chan named)
	for _, name := range names {
		defer background.Start(func(context.Context) { p.watch(ctx, name, interval, shots) })()
	}
	defer cancel() // before the goroutines are waited for
	checked := time.Now()
	for {
		var shot named
		select {
		case <-ctx.Done():
			return
		case shot = <-shots:
		}
		if time.Since(checked) > tickEvery {
			if checked = time.Now(); p.Access.Check(r) != Granted {
				return
			}
		}
		if out.write(part(shot)) != nil {
			return
		}
	}
}

// named is a picture of that camera.
type named struct {
	camera string
	*pictures.Shot
}

func part(shot named) []byte {
	head := "Content-Type: image/jpeg\r\nContent-Length: " + strconv.Itoa(len(shot.JPEG)) + "\r\nX-Camera: " + shot.camera +
		"\r\nX-Time: " + clock.Now().At(shot.Time).UTC().Format("2006-01-02T15:04:05.000Z") + "\r\n\r\n"
	b := append([]byte(head), shot.JPEG...)
	return append(b, "\r\n--"+boundary+"\r\n"...)
}

// liveQuery reads which cameras are asked for, all by default, and how often.
func (p *Page) liveQuery(w http.ResponseWriter, r *http.Request) (names []string, interval time.Duration, ok bool) {
	q := r.URL.Query()
	for _, name := range q["camera"] {
		if p.Live[name] == nil {
			Problem(w, http.StatusNotFound, fmt.Sprintf("There is no camera %q.", name))
			return nil, 0, false
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		for name := range p.Live {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	if s := q.Get("interval_ms"); s != "" {
		ms, err := strconv.Atoi(s)
		if err != nil || ms < 0 || ms > 60_000 {
			Problem(w, http.StatusBadRequest, "interval_ms must be 0 to 60000.")
			return nil, 0, false
		}
		interval = time.Duration(ms) * time.Millisecond
	}
	if r.Header.Get("Save-Data") == "on" { // the user's browser asks for less
		interval = max(interval, savingInterval)
	}
	return names, interval, true
}

// watch sends the camera's pictures, each as soon as the client has taken the one before and the interval is over, until ctx ends.
func (p *Page) watch(ctx context.Context, camera string, interval time.Duration, to chan<- named) {
	live := p.Live[camera]
	defer live.Watch()()
	var last *pictures.Shot
	for {
		if last = live.Next(ctx, last); last == nil {
			return
		}
		select {
		case to <- named{camera, last}:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return
		}
	}
}
