package teach

import (
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"edged/internal/testkit"
)

// The goals on the development machine, in processor time: 50 examples and 20,000 windows of ordinary life, with the starter model's 576 numbers.
const (
	slowestLearn = 150 * time.Millisecond
	slowestScore = 20 * time.Microsecond
)

// load is what the goals are for.
type load struct {
	examples []Example
	ordinary []Embedding
}

func newLoad(size, ordinary int) (l load) {
	random := rand.New(rand.NewPCG(5, 6))
	window := func(shift float64) Embedding {
		e := make(Embedding, size)
		for i := range e {
			e[i] = float32(random.NormFloat64() + shift*float64(i%3))
		}
		return e
	}
	for range 50 {
		var e Example
		for k := range 10 {
			e = append(e, window(float64(k/8)))
		}
		l.examples = append(l.examples, e)
	}
	for range ordinary {
		l.ordinary = append(l.ordinary, window(0))
	}
	return l
}

func BenchmarkLearn(b *testing.B) {
	for name, l := range map[string]load{"goal": newLoad(576, 20000), "edged": newLoad(joined*576, mostLife)} {
		b.Run(name, func(b *testing.B) {
			before, count := processorTime(b), 0
			for b.Loop() {
				count++
				if _, err := Learn(l.examples, l.ordinary); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(count), "cpu-ms/op")
		})
	}
}

func BenchmarkScore(b *testing.B) {
	l := newLoad(joined*576, 1000)
	learned, err := Learn(l.examples, l.ordinary)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		learned.Head.Score(l.ordinary[0])
	}
}

// processorTime is what the process has used so far, in all its threads.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func TestLearningIsFast(t *testing.T) {
	testkit.Slow(t)
	l := newLoad(576, 20000)
	best := time.Hour
	for range 5 { // what else runs on the machine only ever adds
		runtime.GC()
		before := processorTime(t)
		if _, err := Learn(l.examples, l.ordinary); err != nil {
			t.Fatal(err)
		}
		best = min(best, processorTime(t)-before)
	}
	t.Logf("50 examples and 20,000 windows of ordinary life are learned in %v of processor time", best)
	if best > slowestLearn {
		t.Errorf("learning takes %v of processor time, more than %v", best, slowestLearn)
	}
}

func TestScoreIsFastAndAllocatesNothing(t *testing.T) {
	l := newLoad(joined*576, 1000)
	learned, err := Learn(l.examples[:5], l.ordinary)
	if err != nil {
		t.Fatal(err)
	}
	const windows = 10000
	before := processorTime(t)
	for i := range windows {
		learned.Head.Score(l.ordinary[i%len(l.ordinary)])
	}
	if each := (processorTime(t) - before) / windows; each > slowestScore {
		t.Errorf("a score takes %v, more than %v", each, slowestScore)
	}
	if n := testing.AllocsPerRun(100, func() { learned.Head.Score(l.ordinary[0]) }); n > 0 {
		t.Errorf("%v allocations a window", n)
	}
}
