package page

import "net/http"

func (p *Page) createAction(w http.ResponseWriter, r *http.Request) {
	var in struct {
		View string `json:"view"`
		Name string `json:"name"`
	}
	if read(w, r, &in) {
		done(w, p.Teacher.Create(in.View, in.Name))
	}
}

// changeAction renames an action, switches it live, or both.
func (p *Page) changeAction(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name *string `json:"name"`
		Live *bool   `json:"live"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Name == nil && in.Live == nil {
		Problem(w, http.StatusBadRequest, `Say what to change: {"name": "…"}, {"live": true} or both.`)
		return
	}
	view, name := viewAndName(r)
	switch {
	case in.Name == nil:
		done(w, p.Teacher.SetLive(view, name, *in.Live))
	case in.Live == nil:
		done(w, p.Teacher.Rename(view, name, *in.Name))
	default:
		done(w, p.Teacher.Change(view, name, *in.Name, *in.Live))
	}
}

func (p *Page) forgetAction(w http.ResponseWriter, r *http.Request) {
	done(w, p.Teacher.Forget(viewAndName(r)))
}

func (p *Page) firings(w http.ResponseWriter, r *http.Request) {
	list, err := p.Teacher.Firings(viewAndName(r))
	answerList(w, "firings", list, err)
}

func (p *Page) wrong(w http.ResponseWriter, r *http.Request) {
	var in struct {
		View string `json:"view"`
		Name string `json:"name"`
		ID   string `json:"id"`
	}
	if read(w, r, &in) {
		done(w, p.Teacher.Wrong(in.View, in.Name, in.ID))
	}
}

func (p *Page) questions(w http.ResponseWriter, r *http.Request) {
	list, err := p.Teacher.Questions(r.URL.Query().Get("view"))
	answerList(w, "questions", list, err)
}

func (p *Page) answerQuestion(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ID     string `json:"id"`
		Answer string `json:"answer"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Answer != "yes" && in.Answer != "no" {
		Problem(w, http.StatusBadRequest, `answer must be "yes" or "no".`)
		return
	}
	done(w, p.Teacher.Answer(in.ID, in.Answer == "yes"))
}

// undo takes back the last step and says which.
func (p *Page) undo(w http.ResponseWriter, r *http.Request) {
	var in struct {
		View string `json:"view"`
	}
	if !read(w, r, &in) {
		return
	}
	step, err := p.Teacher.Undo(in.View)
	if err != nil {
		teachProblem(w, err)
		return
	}
	reply(w, map[string]string{"undone": step})
}
