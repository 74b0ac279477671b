// Package teach learns actions from a few examples, on the device, in well under a second.
//
// A model with an embedding turns each window into a list of numbers. An action is taught with examples, each of which is a short stretch of windows,
// and with ordinary life: windows in which the action does not happen. Learn picks the window of each example that shows the action, fits a small
// classifier (Head) on top of the embedding, and chooses its threshold from ordinary life. The model itself stays as it is.
//
// The package knows neither cameras nor MQTT. All times are those of the windows' newest frames.
package teach

import "math"

// Embedding is what the model makes of one window. All of a model have the same length.
type Embedding []float32

// Head tells one action from everything else: it weighs the numbers of an embedding.
type Head struct {
	weights []float32
	bias    float32
}

// Score is how sure the head is that the window shows the action, 0 to 1. It allocates nothing.
func (h *Head) Score(e Embedding) float64 { return sigmoid(float64(h.margin(e))) }

// margin is above 0 where the head rather says that the window shows the action. It orders windows as Score does, and is cheaper.
func (h *Head) margin(e Embedding) float32 { return dot(h.weights, e) + h.bias }

// dot adds up four sums side by side: each addition would wait for the one before otherwise.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for ; len(a) >= 4 && len(b) >= 4; a, b = a[4:], b[4:] {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
	}
	for i := range min(len(a), len(b)) {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// addScaled adds b, scaled, to sum.
func addScaled(sum []float32, scale float32, b []float32) {
	sum = sum[:len(b)]
	for i, v := range b {
		sum[i] += scale * v
	}
}

// softplus is log(1 + exp(z)), without overflow.
func softplus(z float64) float64 {
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
