package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"edged/internal/bounds"
)

// setThreshold sets the score at which a view's action starts, as the MQTT command does.
func (p *Page) setThreshold(w http.ResponseWriter, r *http.Request) {
	var in struct {
		View  string   `json:"view"`
		Label string   `json:"label"`
		Score *float64 `json:"score"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Score == nil || !(*in.Score >= bounds.MinThreshold && *in.Score <= 1) {
		Problem(w, http.StatusBadRequest, fmt.Sprintf("score must be a number from %g to 1.", bounds.MinThreshold))
		return
	}
	if _, known := p.view(in.View).Thresholds[in.Label]; !known {
		Problem(w, http.StatusNotFound, fmt.Sprintf("There is no view %q with an action %q.", in.View, in.Label))
		return
	}
	if err := p.SetThreshold(in.View, in.Label, *in.Score); err != nil {
		Problem(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// setEnabled switches a view on or off, as the MQTT command does.
func (p *Page) setEnabled(w http.ResponseWriter, r *http.Request) {
	var in struct {
		View    string `json:"view"`
		Enabled *bool  `json:"enabled"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Enabled == nil {
		Problem(w, http.StatusBadRequest, "enabled must be true or false.")
		return
	}
	if p.view(in.View).Path == "" {
		Problem(w, http.StatusNotFound, fmt.Sprintf("There is no view %q.", in.View))
		return
	}
	if err := p.SetEnabled(in.View, *in.Enabled); err != nil {
		Problem(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// view returns the view of this path; one without a path if there is none.
func (p *Page) view(path string) View {
	for _, c := range p.Description().Cameras {
		for _, v := range c.Views {
			if v.Path == path {
				return v
			}
		}
	}
	return View{}
}

// read reads a JSON body. If it cannot, it answers.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		bodyProblem(w, err)
		return false
	}
	return true
}

func bodyProblem(w http.ResponseWriter, err error) {
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		Problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("At most %d bytes are taken.", large.Limit))
		return
	}
	Problem(w, http.StatusBadRequest, "The body must be JSON as docs/api.md says: "+err.Error())
}

// checkConfig checks a configuration in YAML, and changes nothing.
func (p *Page) checkConfig(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		bodyProblem(w, err)
		return
	}
	found := p.CheckConfig(text)
	if found == nil {
		found = []ConfigProblem{}
	}
	reply(w, map[string]any{"problems": found})
}

// support sends a file with what somebody who helps needs to know.
func (p *Page) support(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="edged-support-`+p.Node+`.txt"`)
	p.Support(w)
}
