package main

import (
	"math"
	"slices"
	"sync"

	"edged/teach"
)

// score says how much a window looks like the action. Only its order matters.
type score func(teach.Embedding) float64

// method is a way to learn an action from a few examples.
type method struct {
	name    string
	feature string
	learn   func(examples []teach.Example, ordinary []teach.Embedding) (score, error)
}

// methods of the tables: edged, and what a user would do instead.
var methods = []method{
	{"edged, `motions`", "starter", logistic},
	{"edged, `people` (default)", "people", logistic},
	{"ImageNet network on stills", "stills", logistic},
	{"differences and histogram", "differences", nearest},
}

// logistic is how edged learns.
func logistic(examples []teach.Example, ordinary []teach.Embedding) (score, error) {
	learned, err := teach.Learn(examples, ordinary)
	if err != nil {
		return nil, err
	}
	return learned.Head.Score, nil
}

// nearest compares a window with the nearest one of the examples and the nearest one of ordinary life. An example's windows all count: it needs no
// learning that could choose among them.
func nearest(examples []teach.Example, ordinary []teach.Embedding) (score, error) {
	scale := scales(ordinary)
	shown := slices.Concat(examples...)
	ordinary = ordinary[:min(len(ordinary), mostCompared)]
	return func(e teach.Embedding) float64 {
		near, far := distance(e, shown, scale), farFrom(e, ordinary, scale)
		return far / (near + far + 1e-9)
	}, nil
}

// mostCompared windows of ordinary life are compared with: with more, the tables take an hour.
const mostCompared = 600

// distances remembers how far windows are from ordinary life: that is the same whatever examples are drawn.
var distances sync.Map

type windowOf struct {
	window   *float32
	ordinary *teach.Embedding
}

func farFrom(e teach.Embedding, ordinary []teach.Embedding, scale []float32) float64 {
	key := windowOf{&e[0], &ordinary[0]}
	if far, ok := distances.Load(key); ok {
		return far.(float64)
	}
	far := distance(e, ordinary, scale)
	distances.Store(key, far)
	return far
}

func distance(e teach.Embedding, others []teach.Embedding, scale []float32) float64 {
	least := float32(math.MaxFloat32)
	for _, o := range others {
		sum := float32(0)
		for i, v := range e {
			d := (v - o[i]) * scale[i]
			if sum += d * d; sum > least {
				break
			}
		}
		least = min(least, sum)
	}
	return math.Sqrt(float64(least))
}

// scales returns one over the standard deviation of each number.
func scales(windows []teach.Embedding) []float32 {
	made := make([]float32, len(windows[0]))
	for i := range made {
		sum, squares := 0.0, 0.0
		for _, w := range windows {
			sum += float64(w[i])
			squares += float64(w[i]) * float64(w[i])
		}
		n := float64(len(windows))
		made[i] = float32(1 / math.Sqrt(max(squares/n-sum/n*sum/n, 1e-9)))
	}
	return made
}

// peak is the highest score of an event, averaged over time as edged averages scores.
func (s score) peak(windows []teach.Window) float64 {
	const timeConstant, usualPause = 0.5, 0.25 // seconds
	highest, average := 0.0, 0.0
	for i, w := range windows {
		pause := usualPause
		if i > 0 {
			pause = (w.Time - windows[i-1].Time).Seconds()
		}
		average += min(pause/timeConstant, 1) * (s(w.Embedding) - average)
		highest = max(highest, average)
	}
	return highest
}
