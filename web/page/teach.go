package page

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"edged/teach"
)

// teachRoutes adds the addresses under /api/v1/teach.
func (p *Page) teachRoutes(api func(pattern string, h func(http.ResponseWriter, *http.Request))) {
	api("GET /api/v1/teach", p.taught)
	api("GET /api/v1/teach/moments", p.moments)
	api("GET /api/v1/teach/moments/picture", p.momentPicture)
	api("POST /api/v1/teach/actions", p.createAction)
	api("PATCH /api/v1/teach/actions", p.changeAction)
	api("DELETE /api/v1/teach/actions", p.forgetAction)
	api("GET /api/v1/teach/examples", p.examples)
	api("POST /api/v1/teach/examples", p.thatWasIt)
	api("DELETE /api/v1/teach/examples", p.removeExample)
	api("GET /api/v1/teach/examples/picture", p.taughtPicture)
	api("GET /api/v1/teach/firings", p.firings)
	api("GET /api/v1/teach/firings/picture", p.taughtPicture)
	api("POST /api/v1/teach/wrong", p.wrong)
	api("GET /api/v1/teach/questions", p.questions)
	api("POST /api/v1/teach/questions", p.answerQuestion)
	api("GET /api/v1/teach/questions/picture", p.taughtPicture)
	api("POST /api/v1/teach/undo", p.undo)
	api("GET /api/v1/teach/export", p.exportAction)
}

// taughtEvent tells the clients of the stream that what the view was taught has changed.
func (h *hub) taughtEvent(view string) { h.sendJSON("teach", map[string]string{"view": view}) }

// teachProblem answers with an error of package teach.
func teachProblem(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	for _, s := range teachStatuses {
		if errors.Is(err, s.err) {
			status = s.status
			break
		}
	}
	Problem(w, status, err.Error())
}

var teachStatuses = []struct {
	err    error
	status int
}{
	{teach.ErrUnknownView, http.StatusNotFound},
	{teach.ErrUnknownAction, http.StatusNotFound},
	{teach.ErrUnknownID, http.StatusNotFound},
	{teach.ErrNoPicture, http.StatusNotFound},
	{teach.ErrBadName, http.StatusBadRequest},
	{teach.ErrBadFile, http.StatusBadRequest},
	{teach.ErrNameTaken, http.StatusConflict},
	{teach.ErrNoMoments, http.StatusConflict},
	{teach.ErrNoFiring, http.StatusConflict},
	{teach.ErrNothingToUndo, http.StatusConflict},
	{teach.ErrCannotTeach, http.StatusConflict},
	{teach.ErrNotLearned, http.StatusConflict},
	{teach.ErrTooMany, http.StatusConflict},
	{teach.ErrDegraded, http.StatusInsufficientStorage},
}

// done answers 204, or with the error.
func done(w http.ResponseWriter, err error) {
	if err != nil {
		teachProblem(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// answerList answers with a list under that name, or with the error. An empty list is [].
func answerList[T any](w http.ResponseWriter, name string, list []T, err error) {
	if err != nil {
		teachProblem(w, err)
		return
	}
	if list == nil {
		list = []T{}
	}
	reply(w, map[string]any{name: list})
}

// taught answers with every view and its actions.
func (p *Page) taught(w http.ResponseWriter, _ *http.Request) {
	views := p.Teacher.Views()
	if views == nil {
		views = []teach.ViewInfo{}
	}
	reply(w, map[string]any{"views": views, "degraded": p.Teacher.Degraded()})
}

// viewAndName returns the query's view and name.
func viewAndName(r *http.Request) (view, name string) {
	q := r.URL.Query()
	return q.Get("view"), q.Get("name")
}

// millis reads a time in Unix milliseconds from the query; "" is the zero time.
func millis(w http.ResponseWriter, r *http.Request, key string) (t time.Time, ok bool) {
	s := r.URL.Query().Get(key)
	if s == "" {
		return t, true
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ms < 0 {
		Problem(w, http.StatusBadRequest, key+" must be a time in Unix milliseconds, such as 1795986479967.")
		return t, false
	}
	return time.UnixMilli(ms), true
}

// pictureNumber reads n from the query; without one it is 0.
func pictureNumber(w http.ResponseWriter, r *http.Request) (n int, ok bool) {
	s := r.URL.Query().Get("n")
	if s == "" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		Problem(w, http.StatusBadRequest, "n must be the number of a picture, from 0.")
		return 0, false
	}
	return n, true
}

// jpegOrProblem answers with a picture, or says why there is none.
func jpegOrProblem(w http.ResponseWriter, jpeg []byte, err error) {
	if err != nil {
		teachProblem(w, err)
		return
	}
	replyJPEG(w, jpeg)
}
