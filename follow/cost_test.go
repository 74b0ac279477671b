package follow_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"edged/follow"
	"edged/infer"
	"edged/infer/engine"
	"edged/models"
	"edged/ringbuffer"
)

// BenchmarkTargets measures what following costs with 0 to 4 targets in the picture: finding them, cutting their windows, and running the starter model on
// each. It reports the share of a core at the model's frame rate, in CPU time, so that other work on the machine changes it little.
func BenchmarkTargets(b *testing.B) {
	for targets := range 5 {
		b.Run(fmt.Sprint(targets), func(b *testing.B) { benchmarkTargets(b, targets) })
	}
}

func benchmarkTargets(b *testing.B, targets int) {
	const width, height = 384, 288
	m, err := models.Starter()
	if err != nil {
		b.Fatal(err)
	}
	e, err := engine.New(m, engine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	clip, err := e.NewClip()
	if err != nil {
		b.Fatal(err)
	}
	decider, err := infer.NewDecider(m.Labels, infer.DeciderOptions{
		Rule: infer.Rule{Thresholds: infer.Thresholds{Enter: 0.6, Exit: 0.4}}, Background: m.Manifest.Background, Interval: stride * time.Second / sampledRate,
	})
	if err != nil {
		b.Fatal(err)
	}
	ring := ringbuffer.New(m.Manifest.Frames+4, infer.PictureBytes)
	p := &infer.Pipeline{
		Ring: ring, Clip: clip, Decider: decider, Frames: m.Manifest.Frames, Stride: stride, OnEvent: func(infer.Event) {},
		Targets: &infer.Targets{Options: follow.Options{Max: 4}, Side: m.Manifest.Width},
	}
	defer p.Finish()
	empty, pictures := crowd(width, height, 0)[0], crowd(width, height, targets)
	show := func(tick int) {
		picture := pictures[tick%len(pictures)]
		if tick < 2*sampledRate { // the background is learned
			picture = empty
		}
		copy(infer.SetPicture(ring.Reserve(), width, height), picture)
		ring.Commit(int64(tick), time.Duration(tick)*time.Second/sampledRate)
		if err := p.Step(); err != nil {
			b.Fatal(err)
		}
	}
	warm := 0
	for ; warm < 4*len(pictures); warm++ {
		show(warm)
	}
	before, began := p.Stats.Windows.Load(), follow.CPUTime()
	b.ResetTimer()
	for i := range b.N {
		show(warm + i)
	}
	used := follow.CPUTime() - began
	b.ReportMetric(100*used.Seconds()/float64(b.N)*sampledRate, "%core")
	b.ReportMetric(float64(p.Stats.Windows.Load()-before)*stride/float64(b.N), "targets")
	b.ReportMetric(0, "ns/op")
}

// crowd returns pictures in which this many people walk to and fro, each on a line of its own, over and over.
func crowd(width, height, people int) (pictures [][]byte) {
	const turns = 96
	place := make([]byte, 3*width*height)
	for i := range width * height {
		x, y := i%width, i/width
		v := 110 + 40*math.Sin(float64(x)/17)*math.Cos(float64(y)/11) + float64((x/24+y/24)%2*20)
		place[3*i], place[3*i+1], place[3*i+2] = byte(v), byte(v+10), byte(v+20)
	}
	for tick := range turns {
		rgb := bytes.Clone(place)
		for p := range people {
			at := math.Abs(float64((tick+13*p)%turns)/(turns/2) - 1)
			walker(rgb, width, 30+at*float64(width-60), 60+float64(p)*64, tick)
		}
		pictures = append(pictures, rgb)
	}
	return pictures
}

// walker draws somebody of 50 pixels whose feet are at x, y.
func walker(rgb []byte, width int, x, y float64, tick int) {
	for dy := -50; dy < 0; dy++ {
		half := 8.0
		if dy > -22 { // the legs
			half = 3 + 3*math.Abs(math.Sin(float64(tick)))
		}
		for dx := -half; dx < half; dx++ {
			i := 3 * ((int(y)+dy)*width + int(x+dx))
			rgb[i], rgb[i+1], rgb[i+2] = byte(30+tick%5+int(dx)), byte(35-dy/2), 40
		}
	}
}
