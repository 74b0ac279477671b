package teach

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

const (
	// penalty on large weights (L2). With few examples and hundreds of numbers, the classifier would otherwise learn the examples by heart.
	penalty = 0.1
	// flattest is the least scale of a number, as a part of the median scale: one that never changes in ordinary life must not count without bound.
	flattest = 0.1
	// mostSteps of the optimiser; it needs about 30.
	mostSteps = 100
	// steepest slope at which the optimiser stops.
	steepest = 1e-3
	// forScales windows of ordinary life are enough to know the scale of each number.
	forScales = 4000
)

// scales are the mean and the scale of each number in ordinary life.
type scales struct{ mean, scale []float64 }

// standard measures ordinary life: scale is the standard deviation, bounded below.
func standard(ordinary []Embedding) scales {
	ordinary = sample(ordinary, forScales)
	size := len(ordinary[0])
	s := scales{mean: make([]float64, size), scale: make([]float64, size)}
	for _, e := range ordinary {
		for i, v := range e {
			s.mean[i] += float64(v)
			s.scale[i] += float64(v) * float64(v)
		}
	}
	n, middle := float64(len(ordinary)), 0.0
	for i := range s.mean {
		s.mean[i] /= n
		s.scale[i] = math.Sqrt(max(s.scale[i]/n-s.mean[i]*s.mean[i], 0))
		middle += s.scale[i] / float64(size)
	}
	for i := range s.scale {
		s.scale[i] = max(s.scale[i], flattest*middle, 1e-6)
	}
	return s
}

// fold returns the head that weighs embeddings as x weighs standardised ones. The last number of x is the bias.
func (s *scales) fold(h *Head, x []float64) {
	size := len(s.mean)
	bias := x[size]
	h.weights = slices.Grow(h.weights[:0], size)[:size]
	for i := range size {
		w := x[i] / s.scale[i]
		h.weights[i] = float32(w)
		bias -= w * s.mean[i]
	}
	h.bias = float32(bias)
}

// fit is a logistic regression on standardised embeddings: the loss of weights, and its gradient. Both classes weigh the same, however many windows
// they have. The embeddings themselves are not copied.
type fit struct {
	scales
	rows     []Embedding // those of the action first
	positive int         // rows of the action

	at      []float64 // where the margins were computed last: the optimiser asks for loss and gradient of the same place
	head    Head      // there
	margins []float32 // of each row
	sum     []float32 // scratch
}

// solve returns the best weights for standardised numbers, the bias last. The optimiser begins at start; nil: at zero.
func (s *scales) solve(positive, ordinary []Embedding, start []float64) ([]float64, error) {
	f := &fit{scales: *s, positive: len(positive), rows: slices.Concat(positive, ordinary)}
	f.margins, f.sum = make([]float32, len(f.rows)), make([]float32, len(s.mean))
	if start == nil {
		start = make([]float64, len(s.mean)+1)
	}
	result, err := optimize.Minimize(optimize.Problem{Func: f.loss, Grad: f.gradient}, slices.Clone(start),
		&optimize.Settings{MajorIterations: mostSteps, GradientThreshold: steepest}, &optimize.LBFGS{})
	if result == nil || len(result.X) != len(start) || floats.HasNaN(result.X) {
		return nil, fmt.Errorf("teach: the examples cannot be fitted: %w", err)
	}
	return result.X, nil
}

// move computes the margins at x.
func (f *fit) move(x []float64) {
	if slices.Equal(x, f.at) {
		return
	}
	f.at = append(f.at[:0], x...)
	f.fold(&f.head, x)
	for i, row := range f.rows {
		f.margins[i] = f.head.margin(row)
	}
}

// weight is that of row i: each class weighs 1/2.
func (f *fit) weight(i int) float64 {
	if i < f.positive {
		return 0.5 / float64(f.positive)
	}
	return 0.5 / float64(len(f.rows)-f.positive)
}

func (f *fit) loss(x []float64) float64 {
	f.move(x)
	w := x[:len(f.mean)]
	sum := penalty / 2 * floats.Dot(w, w)
	for i, margin := range f.margins {
		z := float64(margin)
		if i < f.positive {
			z = -z
		}
		sum += f.weight(i) * softplus(z)
	}
	return sum
}

func (f *fit) gradient(grad, x []float64) {
	f.move(x)
	clear(f.sum)
	total := 0.0
	for i, margin := range f.margins {
		off := sigmoid(float64(margin))
		if i < f.positive {
			off--
		}
		off *= f.weight(i)
		addScaled(f.sum, float32(off), f.rows[i])
		total += off
	}
	for i, sum := range f.sum {
		grad[i] = penalty*x[i] + (float64(sum)-total*f.mean[i])/f.scale[i]
	}
	grad[len(f.mean)] = total
}
