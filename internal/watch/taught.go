package watch

import (
	"time"

	"edged/infer"
	"edged/internal/config"
	"edged/teach"
)

// taught hands a view's frames and windows to what knows what the user taught (teach.View), and gives its answers to the pipeline. The model's goroutine
// alone uses it.
type taught struct {
	view    *teach.View
	detect  config.Detect
	lessons *infer.Lessons // of set
	set     *teach.Running
	live    []int     // index in set of each label of lessons
	scores  []float32 // of lessons
	motion  meter
	labels  []bool // of the model: whether it is an action
}

// Teach lets the view learn. Call it before the pipeline starts.
func (v *View) Teach(t *teach.View, labels []string, background string, detect config.Detect) {
	if t == nil || !t.CanTeach() {
		return
	}
	j := &taught{view: t, detect: detect, lessons: &infer.Lessons{}, labels: make([]bool, len(labels))}
	for i, label := range labels {
		j.labels[i] = label != background
	}
	v.taught, v.Pipeline.Judge, v.Pipeline.Embedding = j, j, t.Size
}

// Window implements infer.Judge.
func (j *taught) Window(w *infer.Window) (*infer.Lessons, []float32) {
	label, score := j.likeliest(w.Scores)
	return j.answer(j.view.Window(teach.Seen{
		Time: w.Time, Track: w.Track, Embedding: w.Embedding, Motion: j.motion.take(w.Track != 0), Label: label, Score: score,
	}))
}

// Still implements infer.Judge.
func (j *taught) Still(t time.Duration) (*infer.Lessons, []float32) {
	return j.answer(j.view.Still(t))
}

// Gap implements infer.Judge.
func (j *taught) Gap() {
	j.motion.reset()
	j.view.Gap()
}

// likeliest returns the model's action with the highest score; -1 if there is none.
func (j *taught) likeliest(scores []float32) (label int, score float32) {
	label = -1
	for i, s := range scores {
		if j.labels[i] && (label < 0 || s > score) {
			label, score = i, s
		}
	}
	return label, score
}

// answer keeps the live actions of those that run.
func (j *taught) answer(set *teach.Running, scores []float32) (*infer.Lessons, []float32) {
	if set != j.set {
		j.set = set
		j.lessons, j.live = j.lessonsOf(set)
		j.scores = make([]float32, len(j.live))
	}
	for i, k := range j.live {
		j.scores[i] = scores[k]
	}
	return j.lessons, j.scores
}

func (j *taught) lessonsOf(set *teach.Running) (l *infer.Lessons, live []int) {
	l = &infer.Lessons{Smoothing: teach.Smoothing}
	for i, a := range set.Actions {
		if !a.Live {
			continue
		}
		r := rule(j.detect.For(a.Name))
		enter := float32(a.Threshold)
		r.Thresholds = infer.Thresholds{Enter: enter, Exit: teach.ExitShare * enter}
		l.Labels, l.Rules, live = append(l.Labels, a.Name), append(l.Rules, r), append(live, i)
	}
	return l, live
}

// taughtClip is a clip whose frames the teacher gets, too.
type taughtClip struct {
	infer.Clip
	infer.Embedder
	taught *taught
}

// Push implements infer.Clip.
func (c *taughtClip) Push(rgb []byte) {
	c.Clip.Push(rgb)
	c.taught.motion.push(rgb)
	c.taught.view.Push(rgb)
}

// Hold implements infer.Clip.
func (c *taughtClip) Hold() {
	c.Clip.Hold()
	c.taught.view.Hold()
}

// meter measures how much the picture changes: the share of its pixels that changed by more than noise, in the frames since the last window.
type meter struct {
	last []byte // samples of the last frame
	any  bool
	most float32
}

const (
	// meterStep bytes lie between two samples: no multiple of 3, so all colours count.
	meterStep = 13
	// meterNoise is the change of a sample, in levels of 255, that is taken for noise.
	meterNoise = 16
)

func (m *meter) push(rgb []byte) {
	n := (len(rgb) + meterStep - 1) / meterStep
	if len(m.last) != n {
		m.last, m.any = make([]byte, n), false
	}
	changed := 0
	for i := range m.last {
		v := rgb[i*meterStep]
		if d := int(v) - int(m.last[i]); d > meterNoise || d < -meterNoise {
			changed++
		}
		m.last[i] = v
	}
	if m.any {
		m.most = max(m.most, float32(changed)/float32(n))
	}
	m.any = true
}

// take returns the motion since the last call. Fresh means that the next frame does not follow this one: each target has frames of its own.
func (m *meter) take(fresh bool) float32 {
	most := m.most
	m.most = 0
	if fresh {
		m.any = false
	}
	return most
}

func (m *meter) reset() { m.any, m.most = false, 0 }
