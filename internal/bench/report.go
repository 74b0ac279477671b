package bench

import (
	"fmt"
	"strings"
	"time"

	"edged/infer/engine"
	"edged/internal/node"
)

// Report is what a Bench measured. Times are medians in µs; CPU times are of all threads of the process.
type Report struct {
	Version string `json:"version"`
	Model   string `json:"model"`
	Source  string `json:"source,omitempty"` // absent: a moving pattern

	Delegate       string `json:"delegate"`
	NodesDelegated int    `json:"nodes_delegated"`
	NodesTotal     int    `json:"nodes_total"`
	Threads        int    `json:"threads"`
	TFLite         string `json:"tflite"`

	// Each alone, again and again.
	InvokeCPUUS float64 `json:"invoke_cpu_us"` // measured before and after what follows
	SqueezeUS   float64 `json:"squeeze_us"`    // a frame into the input tensor
	MemcpyUS    float64 `json:"memcpy_us"`     // of the input tensor's size, for comparison

	// At the camera's pace, from the first window on. Between windows, caches cool and the CPU may clock down.
	Seconds        float64 `json:"seconds"`
	VideoFrames    uint64  `json:"video_frames"`
	Frames         uint64  `json:"frames"` // of them, those on the sampling grid: decoded and squeezed
	Windows        uint64  `json:"windows"`
	FramesDropped  uint64  `json:"frames_dropped"`
	WindowsSkipped uint64  `json:"windows_skipped"` // the model was still running
	Gaps           uint64  `json:"gaps"`            // how often the window was emptied because the video started over
	CPUPerSecond   float64 `json:"cpu_per_second"`  // seconds
	CPUPerWindowUS float64 `json:"cpu_per_window_us"`
	Overhead       float64 `json:"overhead"` // CPU per window / invoke_cpu_us
	InvokePacedUS  float64 `json:"invoke_paced_us"`
	DecodeUS       float64 `json:"decode_us"`        // per frame: to the smallest planes that cover the model's size
	ScaleUS        float64 `json:"scale_us"`         // per frame: to the model's size and RGB
	SqueezePacedUS float64 `json:"squeeze_paced_us"` // per frame: into the input tensor
	PeakRSSBytes   uint64  `json:"peak_rss_bytes"`

	// Each by itself.
	ReadUS    float64 `json:"read_us"`              // per frame of the video: to read it and to find its end
	WakeUS    float64 `json:"wake_us"`              // per frame of the video: to wake up when it is due
	DecideUS  float64 `json:"decide_us"`            // per window
	PublishUS float64 `json:"publish_us,omitempty"` // per window: what it costs more than without a broker

	// As fast as possible, without publishing.
	WindowsPerSecond float64 `json:"windows_per_second"`
	AllocsPerFrame   float64 `json:"allocs_per_frame"` // all allocations / frames of the video
	AllocsPerWindow  float64 `json:"allocs_per_window"`
}

func newReport(n *node.Node, m *meter, info engine.Info, f *flat) *Report {
	manifest := &n.Model.Manifest
	squeeze, memcpy := bareSqueeze(m.pipeline.Clip, manifest)
	return &Report{
		Version:        n.Version,
		Model:          manifest.Name + " " + manifest.Version,
		Delegate:       info.Delegate,
		NodesDelegated: info.NodesDelegated,
		NodesTotal:     info.NodesTotal,
		Threads:        info.Threads,
		TFLite:         info.TFLite,

		Seconds:        (m.end.at - m.begin.at).Seconds(),
		VideoFrames:    m.end.video - m.begin.video,
		Frames:         m.end.frames - m.begin.frames,
		Windows:        m.end.windows - m.begin.windows,
		FramesDropped:  m.end.dropped - m.begin.dropped,
		WindowsSkipped: m.end.skipped - m.begin.skipped,
		Gaps:           m.end.gaps - m.begin.gaps,
		InvokePacedUS:  microseconds(m.invoke.median()),
		DecodeUS:       microseconds(m.decode.median()),
		ScaleUS:        microseconds(m.scale.median()),
		SqueezePacedUS: microseconds(m.squeeze.median()),
		SqueezeUS:      microseconds(squeeze),
		MemcpyUS:       microseconds(memcpy),

		WindowsPerSecond: float64(f.windows) / (f.ended - f.began).Seconds(),
		AllocsPerFrame:   float64(f.allocs) / float64(f.frames),
		AllocsPerWindow:  float64(f.allocs) / float64(f.windows),
	}
}

func (r *Report) setCPU(invoke time.Duration, m *meter) {
	cpu := m.end.cpu - m.begin.cpu
	r.CPUPerSecond = cpu.Seconds() / r.Seconds
	r.CPUPerWindowUS = microseconds(cpu) / float64(r.Windows)
	r.InvokeCPUUS = microseconds(invoke)
	r.Overhead = r.CPUPerWindowUS / r.InvokeCPUUS
}

func (r *Report) setParts(p parts) {
	r.ReadUS, r.WakeUS, r.DecideUS = microseconds(p.read), microseconds(p.wake), microseconds(p.decide)
}

// String is the report as a table for people.
func (r *Report) String() string {
	var b strings.Builder
	source := r.Source
	if source == "" {
		source = "a moving pattern, 640x480 MJPEG, 30 frames/s"
	}
	fmt.Fprintf(&b, "model     %s\nvideo     %s\ndelegate  %s, %d/%d nodes, %d thread(s), TFLite %s\n",
		r.Model, source, r.Delegate, r.NodesDelegated, r.NodesTotal, r.Threads, r.TFLite)
	fmt.Fprintf(&b, "watched   %.1f s: %d windows, %d skipped, %d frames dropped, %d gaps\n\n",
		r.Seconds, r.Windows, r.WindowsSkipped, r.FramesDropped, r.Gaps)

	fmt.Fprintf(&b, "%-24s %13s %7s\n", "stage", "CPU/window", "share")
	stage := func(name string, us float64, note string) {
		fmt.Fprintf(&b, "%-24s %10.3f ms %5.1f %%  %s\n", name, us/1e3, us/r.CPUPerWindowUS*100, note)
	}
	rest := r.CPUPerWindowUS
	for _, s := range r.stages() {
		stage(s.name, s.us, s.note)
		rest -= s.us
	}
	stage("the rest", rest, "the runtime, goroutines, other colder caches")
	stage("all", r.CPUPerWindowUS, fmt.Sprintf("%.2f × Invoke", r.Overhead))

	fmt.Fprintf(&b, "\nCPU per second of video  %.4f s\nflat out                 %.1f windows/s\n", r.CPUPerSecond, r.WindowsPerSecond)
	fmt.Fprintf(&b, "allocations              %.2f per frame, %.2f per window\n", r.AllocsPerFrame, r.AllocsPerWindow)
	fmt.Fprintf(&b, "peak memory              %.1f MB\n", float64(r.PeakRSSBytes)/1e6)
	return b.String()
}

// stage is a part of the CPU time of a window.
type stage struct {
	name string
	us   float64
	note string
}

func (r *Report) stages() []stage {
	decoded, shown := float64(r.Frames)/float64(r.Windows), float64(r.VideoFrames)/float64(r.Windows)
	stages := []stage{
		{"decode", r.DecodeUS * decoded, ""},
		{"scale", r.ScaleUS * decoded, ""},
		{"squeeze", r.SqueezePacedUS * decoded, fmt.Sprintf("alone %.3f ms, %.1f × memcpy of the tensor", r.SqueezeUS/1e3, r.SqueezeUS/r.MemcpyUS)},
		{"Invoke, bare", r.InvokeCPUUS, ""},
		{"Invoke, colder caches", r.InvokePacedUS - r.InvokeCPUUS, "more at the camera's pace than again and again"},
		{"reading and splitting", r.ReadUS * shown, fmt.Sprintf("%.1f frames of the video", shown)},
		{"wake-ups", r.WakeUS * shown, "one for each of them"},
		{"deciding", r.DecideUS, ""},
	}
	if r.PublishUS != 0 {
		stages = append(stages, stage{"encoding and publishing", r.PublishUS, "more than without a broker"})
	}
	return stages
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
