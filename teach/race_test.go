package teach

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edged/internal/testkit"
)

// Everything at once: windows, commands, questions and reloads, while the Teacher learns. It ends once each command has succeeded.
func TestEverythingAtOnce(t *testing.T) {
	testkit.Slow(t)
	var clock atomic.Int64 // the feeder's: faster than time
	monotonic, began := func() time.Duration { return time.Duration(clock.Load()) }, time.Now()
	teacher := NewTeacher(Options{
		Monotonic: monotonic, Wall: func() time.Time { return began.Add(monotonic()) },
		NewEncoder: func() (Encoder, error) { return plainEncoder{&room{}}, nil },
	})
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
	all.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			v := teacher.View(hall)
			v.Push(make([]byte, 3*4*4))
			e := w.ordinary()
			if n%40 < 6 {
				e = w.action()
			}
			v.Window(Seen{Time: time.Duration(clock.Add(int64(250 * time.Millisecond))), Embedding: e, Motion: 0.1})
			if n%500 == 499 {
				teacher.Configure([]ViewOptions{viewOptions()}, DefaultSettings, nil)
			}
		}
	})
	done := map[string]int{}
	count := func(command string, err error) {
		if err == nil {
			done[command]++
		}
	}
	for n := 0; len(done) < 10 || n < 10; n++ {
		if len(done) < 10 && time.Since(began) > testkit.Eventually {
			t.Errorf("of 10 commands only these have succeeded in %d rounds, and so often: %v", n, done)
			break
		}
		name := []string{"ring", "wash", "fall"}[n%3]
		count("create", teacher.Create(hall, name))
		_, err := teacher.ThatWasIt(hall, name, time.Time{}, time.Time{})
		count("that was it", err)
		count("set live", teacher.SetLive(hall, name, n%2 == 0))
		count("wrong", teacher.Wrong(hall, name, ""))
		questions, err := teacher.Questions(hall)
		count("questions", err)
		for i, q := range questions {
			if i%3 == 0 {
				count("wrong", teacher.Wrong(hall, q.Name, q.ID))
			} else {
				count("answer", teacher.Answer(q.ID, i%3 == 1))
			}
		}
		_, err = teacher.Moments(hall, time.Time{})
		count("moments", err)
		count("export", teacher.Export(io.Discard, hall, name))
		_ = teacher.Views()
		if n%5 == 4 {
			_, err = teacher.Undo(hall)
			count("undo", err)
			count("forget", teacher.Forget(hall, name))
		}
	}
	stop()
	all.Wait()
}
