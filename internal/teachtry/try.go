package teachtry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"edged/infer/engine"
	"edged/models"
	"edged/teach"
)

// Inputs are what to learn and what to try it on.
type Inputs struct {
	Model    *models.Model
	Engine   engine.Options
	Follow   bool              // judge each moving target by itself
	Actions  map[string]string // folder of each action: each file in it is one example
	Ordinary []string          // files, or folders of files, in which none of the actions happens
	Test     []string          // likewise; a file in a folder that is named like an action shows it once, all others show none
	Alarms   int               // firings in all of ordinary life that the threshold may leave
}

// Result is what came of it.
type Result struct {
	Actions     []Action `json:"actions"`
	Files       []File   `json:"files"`
	Hits        int      `json:"hits"`         // test files that show an action, which fired
	Missed      int      `json:"missed"`       // and which did not
	FalseAlarms int      `json:"false_alarms"` // firings of an action that the file does not show, and second firings
	Hours       float64  `json:"hours"`        // of all test files
}

// Action is one action that was learned.
type Action struct {
	Name      string  `json:"name"`
	Examples  int     `json:"examples"`
	Found     int     `json:"found"` // of the examples, when each is left out and the others are learned from
	Threshold float64 `json:"threshold"`
	FitMS     float64 `json:"fit_ms"`

	head *teach.Head
}

// File is what fired in one test file.
type File struct {
	Path    string   `json:"path"`
	Shows   string   `json:"shows,omitempty"` // the action
	Firings []Firing `json:"firings"`
}

// Firing is one time that an action was recognised. Times are seconds in the file.
type Firing struct {
	Action string  `json:"action"`
	Start  float64 `json:"start"`
	End    float64 `json:"end"`
	Score  float64 `json:"score"`
}

// Try learns the actions and tries them on the test files. The same files give the same result.
func Try(ctx context.Context, in Inputs) (*Result, error) {
	if in.Model.Manifest.Embedding.Size == 0 {
		return nil, fmt.Errorf("%s has no embedding, so nothing can be taught on top of it; export the model anew (squeezetime export), or use a built-in model: people or motions", in.Model.Path)
	}
	for name := range in.Actions {
		if slices.Contains(in.Model.Labels, name) {
			return nil, fmt.Errorf("the model already has an action %q; choose another name", name)
		}
	}
	r := &Recorder{Model: in.Model, Engine: in.Engine, Follow: in.Follow}
	ordinary, err := r.all(ctx, in.Ordinary)
	if err != nil {
		return nil, err
	}
	result := &Result{}
	for _, name := range slices.Sorted(maps.Keys(in.Actions)) {
		action, err := r.learn(ctx, name, in.Actions[name], ordinary, in.Alarms)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		result.Actions = append(result.Actions, *action)
	}
	tests, err := r.all(ctx, in.Test)
	if err != nil {
		return nil, err
	}
	for _, t := range tests {
		result.judge(t)
	}
	return result, nil
}

// all records every file below the paths.
func (r *Recorder) all(ctx context.Context, paths []string) (recordings []*Recording, err error) {
	names, err := files(paths)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		recording, err := r.Record(ctx, name)
		if err != nil {
			return nil, err
		}
		recordings = append(recordings, recording)
	}
	return recordings, nil
}

func (r *Recorder) learn(ctx context.Context, name, folder string, ordinary []*Recording, alarms int) (*Action, error) {
	shown, err := r.all(ctx, []string{folder})
	if err != nil {
		return nil, err
	}
	var examples []teach.Example
	for _, s := range shown {
		windows := s.windows()
		if len(windows) == 0 {
			return nil, fmt.Errorf("%s: nothing moves in it", s.Path)
		}
		examples = append(examples, windows)
	}
	var life []teach.Embedding
	var stretches [][]teach.Window
	for _, o := range ordinary {
		life = append(life, o.windows()...)
		stretches = append(stretches, o.Tracks...)
	}
	if len(life) == 0 {
		return nil, errors.New("the files of ordinary life give no window")
	}
	began := time.Now()
	learned, err := teach.Learn(examples, life)
	if err != nil {
		return nil, err
	}
	a := &Action{Name: name, Examples: len(examples), head: learned.Head, FitMS: float64(time.Since(began).Microseconds()) / 1000}
	threshold := func(h *teach.Head) float64 { return teach.Threshold(h, stretches, alarms) }
	a.Threshold = threshold(a.head)
	a.Found, err = teach.LeaveOneOut(examples, life, threshold)
	return a, err
}

// judge notes what fires in a test file.
func (r *Result) judge(t *Recording) {
	f := File{Path: t.Path, Firings: []Firing{}}
	whole, err := filepath.Abs(t.Path)
	if err != nil {
		whole = t.Path
	}
	for _, a := range r.Actions {
		if filepath.Base(filepath.Dir(whole)) == a.Name {
			f.Shows = a.Name
		}
		for _, track := range t.Tracks {
			for _, fired := range teach.Fire(a.head, a.Threshold, track) {
				f.Firings = append(f.Firings, Firing{a.Name, fired.Start.Seconds(), fired.End.Seconds(), fired.Score})
			}
		}
	}
	right := 0
	for _, fired := range f.Firings {
		if fired.Action == f.Shows {
			right++
		}
	}
	r.FalseAlarms += len(f.Firings) - min(right, 1)
	if f.Shows != "" {
		if right > 0 {
			r.Hits++
		} else {
			r.Missed++
		}
	}
	r.Hours += t.Seconds / 3600
	r.Files = append(r.Files, f)
}
