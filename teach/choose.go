package teach

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// oddity is how far the window is from ordinary life: the mean square of its distance, in standard deviations.
func (s *scales) oddity(e Embedding) float32 {
	sum := 0.0
	for i, v := range e {
		d := (float64(v) - s.mean[i]) / s.scale[i]
		sum += d * d
	}
	return float32(sum / float64(len(e)))
}

// best returns the windows of each example that score highest.
func best(examples []Example, score func(Embedding) float32) (windows []Embedding) {
	for _, e := range examples {
		order := ranked(e, score)
		for _, i := range order[:min(windowsOfExample, len(order))] {
			windows = append(windows, e[i])
		}
	}
	return windows
}

// ranked returns the indexes of the windows, the highest score first.
func ranked(windows []Embedding, score func(Embedding) float32) []int {
	scores, order := make([]float32, len(windows)), make([]int, len(windows))
	for i, w := range windows {
		scores[i], order[i] = score(w), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}

// sample returns at most n windows, always the same of the same.
func sample(windows []Embedding, n int) []Embedding {
	if len(windows) <= n {
		return windows
	}
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // no secret: the same windows give the same head
	out := make([]Embedding, n)
	for i, k := range random.Perm(len(windows))[:n] {
		out[i] = windows[k]
	}
	return out
}

// hard returns the windows of ordinary life that look most like the action.
func hard(ordinary []Embedding, h *Head) (out []Embedding) {
	margins := make([]float32, len(ordinary))
	for i, e := range ordinary {
		margins[i] = h.margin(e)
	}
	sorted := slices.Clone(margins)
	slices.Sort(sorted)
	least := sorted[max(len(sorted)-hardest, 0)]
	for i, m := range margins {
		if m >= least && len(out) < hardest {
			out = append(out, ordinary[i])
		}
	}
	return out
}
