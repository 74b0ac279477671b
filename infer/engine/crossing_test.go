package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"edged/infer"
)

// scene paints a still, noisy room and, where x is in the picture, an upright shape as large as a person.
type scene struct {
	size int
	room []byte
}

func newScene(size int, random *rand.Rand) *scene {
	s := &scene{size: size, room: make([]byte, size*size*3)}
	for y := range size {
		for x := range size {
			for c := range 3 {
				s.room[(y*size+x)*3+c] = byte(110 + 30*((x/24+y/32)%2) + 8*c + random.IntN(5))
			}
		}
	}
	return s
}

func (s *scene) paint(rgb []byte, x int) {
	copy(rgb, s.room)
	const halfWidth, halfHeight = 8, 20
	for y := s.size/2 - halfHeight; y < s.size/2+halfHeight; y++ {
		for px := max(x-halfWidth, 0); px < min(x+halfWidth, s.size); px++ {
			rgb[(y*s.size+px)*3], rgb[(y*s.size+px)*3+1], rgb[(y*s.size+px)*3+2] = 40, 30, 60
		}
	}
}

// TestOneCrossingIsOneAction: somebody walks through the picture once, in three seconds.
func TestOneCrossingIsOneAction(t *testing.T) {
	for _, c := range []struct {
		label    string
		from, to int
	}{
		{"left_to_right", -8, 104},
		{"right_to_left", 104, -8},
	} {
		t.Run(c.label, func(t *testing.T) {
			var events []string
			p, ring := pipeline(t, nil)
			p.OnEvent = func(e infer.Event) { events = append(events, fmt.Sprint(e.Label, " ", e.Phase)) }
			room := newScene(96, rand.New(rand.NewPCG(1, 1)))
			const before, during, after = 24, 24, 40 // frames, eight a second
			for tick := range before + during + after {
				x := c.from
				if tick >= before {
					x += (c.to - c.from) * min(tick-before, during) / during
				}
				rgb := ring.Reserve()
				room.paint(rgb, x)
				ring.Commit(int64(tick), at(tick))
				if err := p.Step(); err != nil {
					t.Fatal(err)
				}
			}
			p.Finish()
			if want := fmt.Sprint([]string{c.label + " start", c.label + " end"}); fmt.Sprint(events) != want {
				t.Errorf("events %v, want %s", events, want)
			}
		})
	}
}
