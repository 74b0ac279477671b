package main

import (
	"context"
	"errors"
	"slices"

	"edged/infer"
	"edged/infer/engine"
	"edged/internal/teachtry"
	"edged/internal/watch"
	"edged/models"
	"edged/teach"
)

// film plays a day through edged's own pipeline.
type film struct {
	day     *day
	feature string
	model   *models.Model
	copied  func(*event) bool

	clip  *keptClip
	still *engine.Clip // of another engine: for altered pictures
	err   error
}

// keptClip keeps the frames of the window that the model judges.
type keptClip struct {
	infer.Clip
	infer.Embedder
	frames [][]byte
	count  int
}

func (c *keptClip) Push(rgb []byte) { c.keep(slices.Clone(rgb)); c.Clip.Push(rgb) }

func (c *keptClip) Hold() {
	if n := len(c.frames); n > 0 {
		c.keep(c.frames[n-1])
	}
	c.Clip.Hold()
}

func (c *keptClip) keep(rgb []byte) {
	c.frames = append(c.frames, rgb)
	if len(c.frames) > c.count {
		c.frames = c.frames[1:]
	}
}

func (f *film) play(ctx context.Context) error {
	if f.copied != nil {
		e, err := engine.New(f.model, engine.Options{})
		if err != nil {
			return err
		}
		defer e.Close()
		if f.still, err = e.NewClip(); err != nil {
			return err
		}
	}
	r := teachtry.Recorder{Model: f.model, Prepare: f.prepare}
	if _, err := r.Record(ctx, f.day.path+".mkv"); err != nil {
		return err
	}
	for i := range f.day.events {
		e := &f.day.events[i]
		f.joinCopies(e)
		e.windows[f.feature] = teach.Join(e.windows[f.feature])
	}
	return f.err
}

// joinCopies joins the windows of each alteration, as those of the event itself.
func (f *film) joinCopies(e *event) {
	copies := e.copies[f.feature]
	if len(copies) == 0 {
		return
	}
	for k := range copies[0] {
		altered := slices.Clone(e.windows[f.feature])
		for i := range altered {
			altered[i].Embedding = copies[i][k]
		}
		for i, w := range teach.Join(altered) {
			copies[i][k] = w.Embedding
		}
	}
}

func (f *film) prepare(v *watch.View) {
	p := &v.Pipeline
	f.clip = &keptClip{Clip: p.Clip, Embedder: p.Clip.(infer.Embedder), count: p.Frames}
	p.Clip = f.clip
	record := p.OnWindow
	p.OnWindow = func(w *infer.Window) {
		record(w)
		f.window(w)
	}
}

func (f *film) window(w *infer.Window) {
	e := f.day.at(w.Time)
	if e == nil {
		return
	}
	e.windows[f.feature] = append(e.windows[f.feature], teach.Window{Time: w.Time, Embedding: slices.Clone(w.Embedding)})
	if f.copied == nil || !f.copied(e) {
		return
	}
	var copies []teach.Embedding
	shown := pictures{width: f.model.Manifest.Width, height: f.model.Manifest.Height, frames: f.clip.frames}
	for _, altered := range copiesOfPictures(shown, true) {
		embedding, err := f.embed(altered)
		f.err = errors.Join(f.err, err)
		copies = append(copies, embedding)
	}
	e.copies[f.feature] = append(e.copies[f.feature], copies)
}

func (f *film) embed(p pictures) (teach.Embedding, error) {
	for _, frame := range p.frames {
		f.still.Push(frame)
	}
	if err := f.still.Invoke(); err != nil {
		return nil, err
	}
	embedding := make(teach.Embedding, f.model.Manifest.Embedding.Size)
	f.still.Embedding(embedding)
	return embedding, nil
}
