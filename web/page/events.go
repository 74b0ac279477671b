package page

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"

	"edged/record"
)

// maxEvents is how many events one answer lists at most.
const maxEvents = 500

func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	f, problem := filterOf(r)
	if problem != "" {
		Problem(w, http.StatusBadRequest, problem)
		return
	}
	events, next := p.Timeline.List(f)
	reply(w, map[string]any{"events": events, "next": next, "labels": p.Timeline.Labels()})
}

func filterOf(r *http.Request) (f record.Filter, problem string) {
	q := r.URL.Query()
	f = record.Filter{Camera: q.Get("camera"), View: q.Get("view"), Label: q.Get("label"), Before: q.Get("before")}
	if f.Before != "" && !record.ValidCursor(f.Before) {
		return f, "before must be the \"next\" of an earlier answer."
	}
	switch q.Get("going") {
	case "":
	case "true":
		f.Going = true
	default:
		return f, "going must be true."
	}
	var err error
	if s := q.Get("limit"); s != "" {
		if f.Limit, err = strconv.Atoi(s); err != nil || f.Limit < 1 || f.Limit > maxEvents {
			return f, fmt.Sprintf("limit must be 1 to %d.", maxEvents)
		}
	}
	if s := q.Get("min_score"); s != "" {
		if f.MinScore, err = strconv.ParseFloat(s, 64); err != nil || !(f.MinScore >= 0 && f.MinScore <= 1) {
			return f, "min_score must be 0 to 1."
		}
	}
	return f, ""
}

// find returns the event that the request names. If there is none, it answers.
func (p *Page) find(w http.ResponseWriter, r *http.Request) (record.Event, bool) {
	e, ok := p.Timeline.Find(r.PathValue("id"))
	if !ok {
		Problem(w, http.StatusNotFound, "There is no such event. It may have been deleted, or be too old.")
	}
	return e, ok
}

func (p *Page) event(w http.ResponseWriter, r *http.Request) {
	if e, ok := p.find(w, r); ok {
		reply(w, e)
	}
}

// deleteEvent deletes an event. One with a clip is deleted with the clip, and with the clip's other events.
func (p *Page) deleteEvent(w http.ResponseWriter, r *http.Request) {
	e, ok := p.find(w, r)
	if !ok {
		return
	}
	switch {
	case e.Clip == "":
		p.Timeline.Forget(e.ID)
		w.WriteHeader(http.StatusNoContent)
	case p.Recorder == nil:
		Problem(w, http.StatusConflict, "This event has a clip, and recording is off now. Switch recording on to delete both.")
	default:
		p.remove(w, e.Clip)
	}
}

func (p *Page) remove(w http.ResponseWriter, clip string) {
	if err := p.Recorder.Delete(clip); err != nil {
		clipProblem(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func clipProblem(w http.ResponseWriter, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		Problem(w, http.StatusNotFound, "There is no such clip. It may have been deleted, be too old, or still be recorded.")
		return
	}
	Problem(w, http.StatusInternalServerError, err.Error())
}
