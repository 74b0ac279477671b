package follow

import (
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

func TestCutsAtTheEdges(*testing.T) {
	rgb := make([]byte, 3*64*48)
	for _, square := range []box{{0, 0, 48, 48}, {16, 0, 64, 48}, {0, 0, 1, 1}, {63, 47, 64, 48}, {10.5, 3.25, 50.5, 43.25}} {
		for _, size := range []int{1, 7, 96, 224} {
			cut(make([]byte, 3*size*size), size, rgb, 64, 48, square)
		}
	}
}
