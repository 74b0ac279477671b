package teach

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const size = 64

// world makes embeddings: ordinary life lies around zero, and the action changes some of the numbers.
type world struct{ *rand.Rand }

func newWorld() world { return world{rand.New(rand.NewPCG(3, 4))} }

func (w world) ordinary() Embedding {
	e := make(Embedding, size)
	for i := range e {
		e[i] = float32(w.NormFloat64() * (1 + float64(i%5)))
	}
	return e
}

// action is a window that shows the action.
func (w world) action() Embedding {
	e := w.ordinary()
	for i := 0; i < size; i += 4 {
		e[i] += 3 * float32(1+i%5)
	}
	return e
}

func (w world) life(n int) []Embedding {
	out := make([]Embedding, n)
	for i := range out {
		out[i] = w.ordinary()
	}
	return out
}

// example is a stretch of windows of which one or two show the action.
func (w world) example() Example {
	e := Example(w.life(10))
	e[4], e[5] = w.action(), w.action()
	return e
}

// recording is a minute with the action at the given seconds.
func (w world) recording(at ...int) (windows []Window) {
	for tick := range 240 {
		e := w.ordinary()
		for _, second := range at {
			if tick/4 == second || tick/4 == second+1 {
				e = w.action()
			}
		}
		windows = append(windows, Window{time.Duration(tick) * time.Second / 4, e})
	}
	return windows
}

func (w world) examples(n int) (out []Example) {
	for range n {
		out = append(out, w.example())
	}
	return out
}

func TestAnActionIsLearnedFromFiveExamples(t *testing.T) {
	w := newWorld()
	learned, err := Learn(w.examples(5), w.life(3000))
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range learned.Chosen {
		if k != 4 && k != 5 {
			t.Errorf("example %d: window %d was taken for the action, which 4 and 5 show", i, k)
		}
	}
	firings := Fire(learned.Head, 0.6, w.recording(10, 40))
	if len(firings) != 2 {
		t.Fatalf("firings %+v, want 2", firings)
	}
	for i, second := range []time.Duration{10, 40} {
		if d := firings[i].Start - second*time.Second; d < 0 || d > time.Second {
			t.Errorf("firing %d starts at %v, want within a second of %d s", i, firings[i].Start, second)
		}
	}
	if firings := Fire(learned.Head, 0.6, w.recording()); len(firings) > 0 {
		t.Errorf("firings %+v in ordinary life", firings)
	}
}

func TestOneExampleIsEnoughForSomethingOdd(t *testing.T) {
	w := newWorld()
	learned, err := Learn(w.examples(1), w.life(1000))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(Fire(learned.Head, 0.6, w.recording(20))); n != 1 {
		t.Errorf("%d firings, want 1", n)
	}
}

func TestTheSameExamplesGiveTheSameHead(t *testing.T) {
	w := newWorld()
	examples, life := w.examples(4), w.life(5000)
	one, err := Learn(examples, life)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Learn(examples, life)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one.Head.weights, other.Head.weights) || one.Head.bias != other.Head.bias {
		t.Error("the heads differ")
	}
}

func TestExamplesAreFoundWhenLeftOut(t *testing.T) {
	w := newWorld()
	same := func(*Head) float64 { return 0.6 }
	life := w.life(1000)
	found, err := LeaveOneOut(w.examples(5), life, same)
	if err != nil || found != 5 {
		t.Errorf("found %d of 5 alike, %v", found, err)
	}
	// The last example shows something else, so it is not found.
	odd := append(w.examples(5), Example(w.life(10)))
	if found, err = LeaveOneOut(odd, life, same); err != nil || found > 5 {
		t.Errorf("found %d of 5 alike and an odd one, %v", found, err)
	}
	if found, err = LeaveOneOut(odd[:1], life, same); err != nil || found != 0 {
		t.Errorf("a single example cannot be left out: found %d, %v", found, err)
	}
}

func TestThresholdKeepsOrdinaryLifeQuiet(t *testing.T) {
	w := newWorld()
	learned, err := Learn(w.examples(5), w.life(1000))
	if err != nil {
		t.Fatal(err)
	}
	quiet := [][]Window{w.recording()}
	if got := Threshold(learned.Head, quiet, 0); got != least {
		t.Errorf("threshold %.2f for life without anything alike, want %.2f", got, least)
	}
	// Something in ordinary life looks like the action, once.
	alike := [][]Window{w.recording(30)}
	strict, lenient := Threshold(learned.Head, alike, 0), Threshold(learned.Head, alike, 1)
	if strict <= lenient {
		t.Errorf("threshold %.2f without alarms, %.2f with one: want the first higher", strict, lenient)
	}
	if strict < most && len(Fire(learned.Head, strict, alike[0])) > 0 {
		t.Errorf("ordinary life still fires at %.2f", strict)
	}
}

func TestFiringsEndAndGapsSeparateThem(t *testing.T) {
	w := newWorld()
	learned, err := Learn(w.examples(5), w.life(1000))
	if err != nil {
		t.Fatal(err)
	}
	windows := w.recording(10)
	for i := range windows {
		if windows[i].Time >= 11*time.Second { // the camera was away for an hour, in the middle of the action
			windows[i].Time += time.Hour
		}
	}
	firings := Fire(learned.Head, 0.6, windows)
	for _, f := range firings {
		if f.End-f.Start > 5*time.Second || f.End < f.Start || f.Score < 0.6 {
			t.Errorf("firing %+v spans the gap, or is no firing", f)
		}
	}
	if len(firings) == 0 {
		t.Error("nothing fired")
	}
}

func TestLearnRefuses(t *testing.T) {
	w := newWorld()
	for name, err := range map[string]error{
		"no example":          second(Learn(nil, w.life(10))),
		"an empty example":    second(Learn([]Example{{}}, w.life(10))),
		"no ordinary life":    second(Learn(w.examples(1), nil)),
		"another model":       second(Learn([]Example{{make(Embedding, 3)}}, w.life(10))),
		"two models in life":  second(Learn(w.examples(1), append(w.life(10), make(Embedding, 3)))),
		"numbers that are no": second(Learn([]Example{{notANumber()}}, w.life(10))),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func notANumber() Embedding {
	e := make(Embedding, size)
	e[0] = float32(nan())
	return e
}

func nan() float64 { var zero float64; return zero / zero }

func second(_ *Learned, err error) error { return err }
