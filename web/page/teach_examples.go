package page

import (
	"cmp"
	"net/http"
	"strconv"
	"time"
)

func (p *Page) examples(w http.ResponseWriter, r *http.Request) {
	list, err := p.Teacher.Examples(viewAndName(r))
	answerList(w, "examples", list, err)
}

// thatWasIt adds an example. Without times it is what happened just now.
func (p *Page) thatWasIt(w http.ResponseWriter, r *http.Request) {
	var in struct {
		View  string `json:"view"`
		Name  string `json:"name"`
		From  int64  `json:"from"`
		Until int64  `json:"until"`
		Track uint64 `json:"track"` // of the target; 0: edged finds it
	}
	if !read(w, r, &in) {
		return
	}
	var from, until time.Time
	if in.From != 0 || in.Until != 0 {
		if from, until = time.UnixMilli(in.From), time.UnixMilli(in.Until); in.Until == 0 {
			until = from
		}
		if until.Before(from) || in.From <= 0 {
			Problem(w, http.StatusBadRequest, "from and until are Unix milliseconds, and until must not come before from.")
			return
		}
	}
	example, err := p.Teacher.ThatWasTarget(in.View, in.Name, from, until, in.Track)
	if err != nil {
		teachProblem(w, err)
		return
	}
	reply(w, example)
}

func (p *Page) removeExample(w http.ResponseWriter, r *http.Request) {
	done(w, p.Teacher.RemoveExample(r.URL.Query().Get("id")))
}

// taughtPicture answers with a picture of an example, a question or a firing.
func (p *Page) taughtPicture(w http.ResponseWriter, r *http.Request) {
	if n, ok := pictureNumber(w, r); ok {
		jpeg, err := p.Teacher.Picture(r.URL.Query().Get("id"), n)
		jpegOrProblem(w, jpeg, err)
	}
}

func (p *Page) moments(w http.ResponseWriter, r *http.Request) {
	if since, ok := millis(w, r, "since"); ok {
		list, err := p.Teacher.Moments(r.URL.Query().Get("view"), since)
		answerList(w, "moments", list, err)
	}
}

func (p *Page) momentPicture(w http.ResponseWriter, r *http.Request) {
	at, ok := millis(w, r, "time")
	if !ok {
		return
	}
	q := r.URL.Query()
	track, err := strconv.ParseUint(cmp.Or(q.Get("track"), "0"), 10, 64)
	if err != nil {
		Problem(w, http.StatusBadRequest, "track must be the number of a target.")
		return
	}
	if n, ok := pictureNumber(w, r); ok {
		jpeg, err := p.Teacher.TargetPicture(q.Get("view"), at, track, n)
		jpegOrProblem(w, jpeg, err)
	}
}
