package zones

import (
	"slices"
	"testing"
)

// places are three zones: two share a side, and one has a bay.
var places = map[string][][]float64{
	"stall": {{0, 0.5}, {0.5, 0.5}, {0.5, 1}, {0, 1}},
	"yard":  {{0.5, 0.5}, {1, 0.5}, {1, 1}, {0.5, 1}},
	"hook":  {{0.2, 0.1}, {0.8, 0.1}, {0.8, 0.4}, {0.6, 0.4}, {0.6, 0.2}, {0.2, 0.2}},
}

// standing is a box whose foot is at x, y.
func standing(x, y float64) [4]float64 { return [4]float64{x - 0.05, y - 0.2, 0.1, 0.2} }

func TestAt(t *testing.T) {
	z := New(places, [4]float64{0, 0, 1, 1})
	for _, c := range []struct {
		name string
		x, y float64
		want []string
	}{
		{"inside", 0.25, 0.75, []string{"stall"}},
		{"above: the box reaches in, the foot does not", 0.25, 0.45, nil},
		{"the lower edge of the picture", 0.25, 1, []string{"stall"}},
		{"the left edge of the picture", 0, 0.9, []string{"stall"}},
		{"the right edge of the picture", 1, 0.9, []string{"yard"}},
		{"on the side that two zones share, one has it", 0.5, 0.75, []string{"stall"}},
		{"in the bay of a hook", 0.4, 0.3, nil},
		{"in the hook", 0.7, 0.3, []string{"hook"}},
	} {
		if got := z.List(z.At(standing(c.x, c.y))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestEveryPointBetweenTwoZonesIsInOne(t *testing.T) {
	z := New(places, [4]float64{0, 0, 1, 1})
	for i := range 101 {
		x := float64(i) / 100
		if got := z.List(z.At(standing(x, 0.8))); len(got) != 1 {
			t.Errorf("x = %g: %v, want one zone", x, got)
		}
	}
}

func TestBoxesOfAViewAreInThePicture(t *testing.T) {
	z := New(places, [4]float64{0.5, 0, 0.5, 1}) // the right half
	if got, want := z.List(z.At(standing(0.1, 0.75))), []string{"yard"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestShownAreTheZonesOfTheView(t *testing.T) {
	shown := Shown(places, [4]float64{0, 0.5, 0.5, 0.5})
	if len(shown) != 1 || shown["stall"] == nil {
		t.Errorf("%v, want the stall alone", shown)
	}
}

func TestListsAreMadeOnce(t *testing.T) {
	z := New(places, [4]float64{0, 0, 1, 1})
	box := standing(0.3, 0.9)
	z.List(z.At(box))
	if n := testing.AllocsPerRun(100, func() { z.List(z.At(box)) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if nowhere := z.List(0); nowhere == nil || len(nowhere) != 0 {
		t.Errorf("nowhere is %#v, want an empty list: it is not the same as a view without zones", nowhere)
	}
}
