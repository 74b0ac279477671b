package capture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A camera whose pictures are of no use is offline, for the right reason, and is opened again.
func TestUselessPicturesEndARun(t *testing.T) {
	t.Parallel()
	frames := 0
	for _, c := range []struct {
		name string
		sink Sink
		want error // nil: it stays online
		kind Failure
	}{
		{"never decodable", func(*Frame) Finding { return Finding{Verdict: Bad} }, errUndecodable, Undecodable},
		{"frozen", func(*Frame) Finding { return Finding{Verdict: Good, Digest: 7} }, errFrozen, Frozen},
		{"frozen after a while", func(*Frame) Finding {
			frames++
			return Finding{Verdict: Good, Digest: uint64(min(frames, 20))}
		}, errFrozen, Frozen},
		{"in the dark", func(*Frame) Finding { return Finding{Verdict: Good} }, nil, 0},
		{"every tenth good", func(*Frame) Finding {
			if frames++; frames%10 == 0 {
				return Finding{Verdict: Good, Digest: uint64(frames)}
			}
			return Finding{Verdict: Bad}
		}, nil, 0},
		{"one bad after a pause", func(*Frame) Finding {
			frames++
			switch {
			case frames < 20, frames > 120:
				return Finding{Verdict: Good, Digest: uint64(frames)}
			case frames == 20 || frames == 120:
				return Finding{Verdict: Bad}
			}
			return Finding{}
		}, nil, 0},
		{"bad from a pause on", func(*Frame) Finding {
			if frames++; frames == 1 {
				return Finding{Verdict: Good, Digest: 1}
			} else if frames > 100 {
				return Finding{Verdict: Bad}
			}
			return Finding{}
		}, errUndecodable, Undecodable},
		{"never examined", func(*Frame) Finding { return Finding{} }, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				frames = 0
				ctx, end := context.WithTimeout(t.Context(), time.Minute)
				defer end()
				var reason error
				camera := &Camera{
					Source: &fakeSource{script: []fakeRun{{lasts: time.Hour}}}, Sink: c.sink, Counters: new(Counters),
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

// A picture that has not changed for long costs little: a few frames a second are enough to see a change.
func TestAFrozenCameraIsExaminedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithTimeout(t.Context(), 100*time.Second)
		defer end()
		start, looks := time.Now(), 0
		camera := &Camera{
			Source: &fakeSource{script: []fakeRun{{lasts: time.Hour}}}, BadAfter: 5 * time.Second, FrozenAfter: 30 * time.Second,
			Sink: func(*Frame) Finding {
				if time.Since(start) > 40*time.Second {
					looks++
				}
				return Finding{Verdict: Good, Digest: 7}
			},
		}
		_ = camera.Run(ctx)
		if most := int(60 * time.Second / frozenInterval); looks > most || looks < most/2 {
			t.Errorf("examined %d frames in 60 s, want at most %d and at least half of that", looks, most)
		}
	})
}

// A camera that shows nothing new after it was reopened stays offline, and no window may contain its frames.
func TestUselessPicturesDoNotBringACameraOnline(t *testing.T) {
	t.Parallel()
	const mended = 5 * time.Minute
	for _, c := range []struct {
		name string
		sink func(f *Frame, after time.Duration) Finding
		want string // when it goes online, and offline, in seconds, rounded down to fives
	}{
		{"frozen", func(_ *Frame, after time.Duration) Finding {
			return Finding{Verdict: Good, Digest: uint64(max(1, after-mended))}
		}, "on 0, off 30, on 300"},
		{"undecodable", func(_ *Frame, after time.Duration) Finding {
			if after >= mended {
				return Finding{Verdict: Good, Digest: uint64(after)}
			}
			return Finding{Verdict: Bad}
		}, "off 5, on 300"},
		{"every second frame is examined, none decodes", func(f *Frame, after time.Duration) Finding {
			if f.Restart || after/(100*time.Millisecond)%2 == 0 {
				return Finding{Verdict: Bad}
			}
			return Finding{}
		}, "off 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithTimeout(t.Context(), mended+4*time.Second)
				defer end()
				start := time.Now()
				online := c.name == "frozen" // at first
				var changes, log strings.Builder
				camera := &Camera{
					Source: &fakeSource{script: []fakeRun{{lasts: time.Hour}}}, Counters: new(Counters),
					Log:      slog.New(slog.NewTextHandler(&log, nil)),
					BadAfter: 5 * time.Second, FrozenAfter: 30 * time.Second,
					Sink: func(f *Frame) Finding {
						found := c.sink(f, time.Since(start))
						if !online && found.Verdict == Good && !f.Frozen && time.Since(start) < mended {
							t.Errorf("a frame at %v can get into a window", time.Since(start))
						}
						return found
					},
					OnStatus: func(on bool, _ error) {
						online = on
						fmt.Fprintf(&changes, "%s %d, ", map[bool]string{true: "on", false: "off"}[on], time.Since(start)/(5*time.Second)*5)
					},
				}
				_ = camera.Run(ctx)
				if got := strings.TrimSuffix(changes.String(), ", "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if said, changed := strings.Count(log.String(), "\n"), strings.Count(changes.String(), ","); said != changed {
					t.Errorf("%d changes, %d lines:\n%s", changed, said, &log)
				}
			})
		})
	}
}
