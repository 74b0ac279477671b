package follow

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Any picture of any size may come; what C reads and writes beyond its memory, AddressSanitizer finds.
func TestAnyPictureOfAnySize(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{32, 32}, {33, 47}, {384, 32}, {32, 384}, {101, 99}, {384, 288}} {
		f := newFollower(t, Options{Width: size[0], Height: size[1], Frames: 3, Max: 16, Smallest: 0.01})
		rgb, cutOut := make([]byte, 3*size[0]*size[1]), make([]byte, 3*96*96)
		for tick := range 60 {
			for i := range rgb {
				if tick%7 == 0 || random.IntN(20) == 0 {
					rgb[i] = byte(random.IntN(256))
				}
			}
			f.Push(rgb)
			if tick%11 == 3 {
				f.Hold()
			}
			for _, target := range f.Targets() {
				for _, v := range append(target.Box[:], target.Square[:]...) {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%v: target %+v is not within the picture", size, target)
					}
				}
				f.Window(target.ID, cutOut, 96, func(int) []byte { return rgb }, func([]byte) {})
			}
		}
	}
}

// The fast loops, of 16 bits and for this processor, find the same as the plain ones, in any light.
func TestAllLoopsAgree(t *testing.T) {
	fast, plain := newFollower(t, Options{Width: 101, Height: 97}), newFollower(t, Options{Width: 101, Height: 97})
	plain.finder.usePlainLoops()
	random := rand.New(rand.NewPCG(3, 4))
	s := newScene(101, 97, 3)
	active := 0
	for tick := range 400 {
		if tick%40 == 0 {
			s.gain, s.offset = 0.3+1.5*random.Float64(), float64(random.IntN(160)-80)
		}
		s.draw()
		s.person(float64(tick%101), 80, 50, tick, tick)
		fast.Push(s.rgb)
		plain.Push(s.rgb)
		if !bytes.Equal(fast.finder.counts, plain.finder.counts) {
			t.Fatalf("picture %d: the cells that differ are not the same", tick)
		}
		for _, n := range fast.finder.counts {
			active += int(n)
		}
	}
	if active < 1000 {
		t.Errorf("only %d pixels differed", active)
	}
}

func TestCutsAtTheEdges(*testing.T) {
	rgb := make([]byte, 3*64*48)
	for _, square := range []box{{0, 0, 48, 48}, {16, 0, 64, 48}, {0, 0, 1, 1}, {63, 47, 64, 48}, {10.5, 3.25, 50.5, 43.25}} {
		for _, size := range []int{1, 7, 96, 224} {
			cut(make([]byte, 3*size*size), size, rgb, 64, 48, square)
		}
	}
}
