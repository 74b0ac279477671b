package watch

import (
	"fmt"
	"log/slog"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/models"
)

// Outcome is what became of a video file. It says why a result is empty or incomplete.
type Outcome struct {
	Actions uint64 // that started

	frames      uint64        // that the file gave
	first, last time.Duration // their earliest and latest time
	examined    uint64        // frames that the model needs
	damaged     uint64        // those of them that did not decode
	why         error         // of the first of these
}

// Note counts a frame and what the pipeline found.
func (o *Outcome) Note(f *capture.Frame, found capture.Finding) {
	if o.frames == 0 {
		o.first, o.last = f.Time, f.Time
	}
	o.frames++
	o.first, o.last = min(o.first, f.Time), max(o.last, f.Time)
	switch found.Verdict {
	case capture.Good:
		o.examined++
	case capture.Bad, capture.Unsupported:
		o.examined++
		if o.damaged++; o.why == nil {
			o.why = found.Reason
		}
	}
}

// Tell logs what was done with the file: where no action is found, that alone tells that there was something to look at.
func (o *Outcome) Tell(path string, s *infer.Stats) {
	if o.frames == 0 { // the file says why
		return
	}
	slog.Info("replayed", "file", path, "frames", o.frames, "seconds", (o.last - o.first).Seconds(), "examined", o.examined,
		"damaged", o.damaged, "gaps", s.Gaps.Load(), "windows", windows(s), "actions", o.Actions)
}

func windows(s *infer.Stats) uint64 { return s.Windows.Load() + s.Gated.Load() }

// Problem says why the result is empty or incomplete, or nil.
func (o *Outcome) Problem(path string, f models.Manifest, s *infer.Stats) error {
	switch {
	case o.frames == 0: // the file has said why
		return nil
	case o.damaged > 0 && windows(s) > 0:
		return fmt.Errorf("%s: damaged frames: %d of the %d that the model needs; the first: %w", path, o.damaged, o.examined, o.why)
	case o.damaged > 0:
		return fmt.Errorf("%s: the model never ran; damaged frames: %d of the %d that it needs; the first: %w", path, o.damaged, o.examined, o.why)
	case windows(s) == 0:
		return fmt.Errorf("%s: the model never ran: %s", path, o.tooLittle(f))
	}
	return nil
}

// tooLittle says why the frames make no window. They did decode.
func (o *Outcome) tooLittle(f models.Manifest) string {
	lasts := time.Duration(float64(f.Frames-1) / f.FrameRate * float64(time.Second))
	needs := fmt.Sprintf("it needs %d frames, %g a second, which is %.1f s", f.Frames, f.FrameRate, lasts.Seconds())
	length := o.last - o.first
	rate := float64(o.frames-1) / length.Seconds()
	switch {
	case o.frames == 1:
		return "there is only one frame, as in a still picture; " + needs
	case length < lasts:
		return fmt.Sprintf("the video is too short, %d frames in %.1f s; %s", o.frames, length.Seconds(), needs)
	case rate < f.FrameRate/2:
		return fmt.Sprintf("the video has too few frames, %.2g a second; %s, and at least %g a second at even intervals", rate, needs, f.FrameRate/2)
	}
	return fmt.Sprintf("no part of the video without a gap or damage is long enough; %s", needs)
}
