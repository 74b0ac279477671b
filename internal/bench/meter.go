package bench

import (
	"time"

	"edged/infer"
	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/watch"
)

// meter measures while a node's stages work, from the first window on. Its method decoded belongs to the camera's goroutine, Window to the
// model's.
type meter struct {
	sink.Ignore
	camera   *watch.Camera
	pipeline *infer.Pipeline
	length   time.Duration // to measure
	stop     func(error)   // ends the measurement

	decode, scale   samples // of each decoded frame
	squeeze, invoke samples // of each window; squeeze is the time of one frame
	begin, end      reading

	seenDecode, seenScale   time.Duration
	seenSqueeze, seenInvoke time.Duration
	seenFrames              uint64
}

// reading is the state of the counters of process and pipeline.
type reading struct {
	at, cpu                           time.Duration
	frames, windows, dropped, skipped uint64
	gaps, video                       uint64 // video: frames of the video, on the sampling grid or not
}

// decoded is watch.Options.OnDecoded.
func (m *meter) decoded(decode, scale time.Duration) {
	m.decode = append(m.decode, decode-m.seenDecode)
	m.scale = append(m.scale, scale-m.seenScale)
	m.seenDecode, m.seenScale = decode, scale
}

// Camera implements sink.Sink. It ends the measurement with an error if the video cannot be played.
func (m *meter) Camera(c sink.Camera) {
	if !c.Online {
		m.stop(c.Reason)
	}
}

// Window implements sink.Sink.
func (m *meter) Window(sink.Window) {
	stats := &m.pipeline.Stats
	squeeze, invoke, frames := stats.Squeeze(), stats.Invoke(), stats.Frames.Load()
	if m.begin.at == 0 {
		m.begin = m.read()
	} else if frames > m.seenFrames {
		m.squeeze = append(m.squeeze, (squeeze-m.seenSqueeze)/time.Duration(frames-m.seenFrames))
		m.invoke = append(m.invoke, invoke-m.seenInvoke)
	}
	m.seenSqueeze, m.seenInvoke, m.seenFrames = squeeze, invoke, frames
	if m.end.at == 0 && clock.Monotonic()-m.begin.at >= m.length && len(m.invoke) > 0 {
		m.end = m.read()
		m.stop(errMeasured)
	}
}

func (m *meter) read() reading {
	stats := &m.pipeline.Stats
	return reading{
		at:      clock.Monotonic(),
		cpu:     processCPU(),
		frames:  stats.Frames.Load(),
		windows: stats.Windows.Load(),
		dropped: m.camera.Ring.Dropped() + stats.Lost.Load() + m.camera.Corrupt.Load(),
		skipped: stats.Skipped.Load(),
		gaps:    stats.Gaps.Load(),
		video:   m.camera.Counters.Frames.Load(),
	}
}
