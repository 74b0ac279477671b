package watch

import (
	"edged/infer"
	"edged/infer/engine"
	"edged/models"
)

// OpenEngine loads the model and gives each view its input. The calling goroutine owns the engine from then on and must be the one
// that steps the views' pipelines.
func OpenEngine(m *models.Model, o engine.Options, views []*View) (*engine.Engine, error) {
	e, err := engine.New(m, o)
	if err != nil {
		return nil, err
	}
	if err := MakeClips(e, views); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// MakeClips gives each view an input of the engine.
func MakeClips(e *engine.Engine, views []*View) error {
	for _, v := range views {
		clip, err := e.NewClip()
		if err != nil {
			return err
		}
		v.Pipeline.Clip = clip
		if v.taught != nil {
			v.Pipeline.Clip = &taughtClip{clip, clip, v.taught}
		}
	}
	return nil
}

// Loop returns the loop that runs the engine for the views.
func Loop(e *engine.Engine, views []*View) *infer.Loop {
	loop := &infer.Loop{Cancel: e.Cancel}
	for _, v := range views {
		loop.Pipelines = append(loop.Pipelines, &v.Pipeline)
	}
	return loop
}
