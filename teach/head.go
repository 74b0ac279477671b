// Package teach learns actions from a few examples, on the device, in well under a second.
//
// A model with an embedding turns each window into a list of numbers. An action is taught with examples, each of which is a short stretch of windows,
// and with ordinary life: windows in which the action does not happen. Learn picks the window of each example that shows the action, fits a small
// classifier (Head) on top of the embedding, and chooses its threshold from ordinary life. The model itself stays as it is.
//
// The package knows neither cameras nor MQTT. All times are those of the windows' newest frames.
package teach

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// Embedding is what the model makes of one window. All of a model have the same length.
type Embedding []float32

// Head tells one action from everything else.
type Head struct {
	mean, scale []float64 // of ordinary life, per number of the embedding
	weights     []float64 // for standardised numbers
	bias        float64
}

const (
	// penalty on large weights (L2). With few examples and hundreds of numbers, the classifier would otherwise learn the examples by heart.
	penalty = 0.02
	// flattest is the least scale of a number, as a part of the median scale: one that never changes in ordinary life must not count without bound.
	flattest = 0.1
	// mostSteps of the optimiser; it needs about 30.
	mostSteps = 100
)

// fitHead fits a logistic regression to standardised embeddings. Both classes weigh the same, however many windows they have. From is where the
// optimiser begins; nil: at zero.
func fitHead(positive, ordinary []Embedding, from *Head) (*Head, error) {
	if len(positive) == 0 || len(ordinary) == 0 {
		return nil, errors.New("teach: an action needs examples and ordinary life")
	}
	size := len(ordinary[0])
	h := &Head{}
	h.mean, h.scale = standard(ordinary)
	f := newFit(h, positive, ordinary)
	start := make([]float64, size+1)
	if from != nil {
		copy(start, from.weights)
		start[size] = from.bias
	}
	result, err := optimize.Minimize(optimize.Problem{Func: f.loss, Grad: f.gradient}, start,
		&optimize.Settings{MajorIterations: mostSteps, GradientThreshold: 1e-3}, &optimize.LBFGS{})
	if result == nil || len(result.X) != size+1 || floats.HasNaN(result.X) {
		return nil, fmt.Errorf("teach: the examples cannot be fitted: %w", err)
	}
	h.weights, h.bias = result.X[:size], result.X[size]
	return h, nil
}

// standard returns the mean and the scale (standard deviation, bounded below) of each number.
func standard(ordinary []Embedding) (mean, scale []float64) {
	size := len(ordinary[0])
	mean, scale = make([]float64, size), make([]float64, size)
	for _, e := range ordinary {
		for i, v := range e {
			mean[i] += float64(v)
			scale[i] += float64(v) * float64(v)
		}
	}
	n, middle := float64(len(ordinary)), 0.0
	for i := range mean {
		mean[i] /= n
		scale[i] = math.Sqrt(max(scale[i]/n-mean[i]*mean[i], 0))
		middle += scale[i] / float64(size)
	}
	for i := range scale {
		scale[i] = max(scale[i], flattest*middle, 1e-6)
	}
	return mean, scale
}

// fit is the loss of a logistic regression and its gradient.
type fit struct {
	rows     []float64 // standardised embeddings, positive ones first, one after the other
	size     int
	positive int       // rows of the action
	at       []float64 // where margins were computed last: the optimiser asks for loss and gradient of the same place
	margins  []float64 // of each row: above 0 for the action
}

func newFit(h *Head, positive, ordinary []Embedding) *fit {
	f := &fit{size: len(h.mean), positive: len(positive)}
	f.rows = make([]float64, 0, (len(positive)+len(ordinary))*f.size)
	for _, class := range [][]Embedding{positive, ordinary} {
		for _, e := range class {
			f.rows = h.standardise(f.rows, e)
		}
	}
	f.margins = make([]float64, len(f.rows)/f.size)
	return f
}

// move computes the margins at x.
func (f *fit) move(x []float64) {
	if slices.Equal(x, f.at) {
		return
	}
	f.at = append(f.at[:0], x...)
	for i := range f.margins {
		f.margins[i] = floats.Dot(x[:f.size], f.row(i)) + x[f.size]
	}
}

func (h *Head) standardise(dst []float64, e Embedding) []float64 {
	for i, v := range e {
		dst = append(dst, (float64(v)-h.mean[i])/h.scale[i])
	}
	return dst
}

// weigh is the weight of row i, so that each class weighs 1/2.
func (f *fit) weigh(i int) float64 {
	if i < f.positive {
		return 0.5 / float64(f.positive)
	}
	return 0.5 / float64(len(f.margins)-f.positive)
}

func (f *fit) row(i int) []float64 { return f.rows[i*f.size : (i+1)*f.size] }

func (f *fit) loss(x []float64) float64 {
	f.move(x)
	w := x[:f.size]
	sum := penalty / 2 * floats.Dot(w, w)
	for i, z := range f.margins {
		if i < f.positive {
			z = -z
		}
		sum += f.weigh(i) * softplus(z)
	}
	return sum
}

func (f *fit) gradient(grad, x []float64) {
	f.move(x)
	w := x[:f.size]
	for i := range w {
		grad[i] = penalty * w[i]
	}
	grad[f.size] = 0
	for i, z := range f.margins {
		off := sigmoid(z)
		if i < f.positive {
			off--
		}
		off *= f.weigh(i)
		floats.AddScaled(grad[:f.size], off, f.row(i))
		grad[f.size] += off
	}
}

// softplus is log(1 + exp(z)), without overflow.
func softplus(z float64) float64 {
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// Score is how sure the head is that the window shows the action, 0 to 1. It allocates nothing.
func (h *Head) Score(e Embedding) float64 {
	z := h.bias
	for i, v := range e {
		z += h.weights[i] * (float64(v) - h.mean[i]) / h.scale[i]
	}
	return sigmoid(z)
}
