package teach

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"
)

// Everything at once: windows, commands, questions and reloads, while the Teacher learns.
func TestEverythingAtOnce(t *testing.T) {
	teacher := NewTeacher(Options{NewEncoder: func() (Encoder, error) { return plainEncoder{&room{}}, nil }})
	if err := teacher.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	teacher.Configure([]ViewOptions{viewOptions()}, DefaultSettings, nil)
	defer teacher.Watch(func(string) {})()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { teacher.Run(ctx) })
	w := newWorld()
	fed := make(chan struct{})
	all.Go(func() {
		defer close(fed)
		now := teacher.o.Monotonic() - 10*time.Minute
		for n := range 2000 {
			v := teacher.View(hall)
			v.Push(make([]byte, 3*4*4))
			e := w.ordinary()
			if n%100 < 6 {
				e = w.action()
			}
			v.Window(Seen{Time: now, Embedding: e, Motion: 0.1})
			now += 250 * time.Millisecond
			if n%500 == 499 {
				teacher.Configure([]ViewOptions{viewOptions()}, DefaultSettings, nil)
			}
		}
	})
	for n := 0; ; n++ {
		select {
		case <-fed:
			stop()
			all.Wait()
			return
		default:
		}
		name := []string{"ring", "wash", "fall"}[n%3]
		_ = teacher.Create(hall, name)
		_, _ = teacher.ThatWasIt(hall, name, time.Now().Add(-9*time.Minute), time.Now())
		_ = teacher.SetLive(hall, name, n%2 == 0)
		_ = teacher.Wrong(hall, name, "")
		questions, _ := teacher.Questions(hall)
		for i, q := range questions {
			_ = teacher.Answer(q.ID, i%2 == 0)
		}
		_, _ = teacher.Moments(hall, time.Time{})
		_ = teacher.Export(io.Discard, hall, name)
		_ = teacher.Views()
		if n%5 == 4 {
			_, _ = teacher.Undo(hall)
			_ = teacher.Forget(hall, name)
		}
	}
}
