package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A camera whose pictures are of no use is offline, for the right reason, and is tried again.
func TestUselessPicturesEndALife(t *testing.T) {
	t.Parallel()
	frames := 0
	for _, c := range []struct {
		name string
		sink Sink
		want error // nil: it stays online
		kind Failure
	}{
		{"never decodable", func(f *Frame) { f.Verdict = Bad }, errUndecodable, Undecodable},
		{"frozen", func(f *Frame) { f.Verdict, f.Digest = Good, 7 }, errFrozen, Frozen},
		{"frozen after a while", func(f *Frame) {
			frames++
			f.Verdict, f.Digest = Good, uint64(min(frames, 20))
		}, errFrozen, Frozen},
		{"in the dark", func(f *Frame) { f.Verdict = Good }, nil, 0},
		{"every tenth good", func(f *Frame) {
			frames++
			f.Verdict, f.Digest = Bad, 0
			if frames%10 == 0 {
				f.Verdict, f.Digest = Good, uint64(frames)
			}
		}, nil, 0},
		{"never looked at", func(*Frame) {}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				frames = 0
				ctx, end := context.WithTimeout(t.Context(), time.Minute)
				defer end()
				var reason error
				camera := &Camera{
					Source: &fakeSource{script: []life{{lasts: time.Hour}}}, Sink: c.sink, Counters: new(Counters),
					BadAfter: 5 * time.Second, FrozenAfter: 30 * time.Second,
					OnStatus: func(online bool, err error) {
						if !online {
							reason = err
							end()
						}
					},
				}
				_ = camera.Run(ctx)
				if !errors.Is(reason, c.want) || (c.want == nil) != (reason == nil) {
					t.Fatalf("offline for %v, want %v", reason, c.want)
				}
				if c.want != nil && camera.Counters.Failed[c.kind].Load() != 1 {
					t.Errorf("not counted as %v", c.kind)
				}
			})
		})
	}
}
