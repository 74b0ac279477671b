package main

import (
	"fmt"
	"log/slog"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/models"
)

// outcome is what became of a file that was replayed.
type outcome struct {
	frames      uint64        // that the file gave
	first, last time.Duration // their earliest and latest time
	damaged     uint64        // frames that the model should have seen and that did not decode
	why         error         // of the first of them
	examined    uint64        // frames that the model should have seen
	events      uint64        // actions that started
}

// note counts a frame and what the pipeline found.
func (o *outcome) note(f *capture.Frame, found capture.Finding) {
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

// tell logs what was done with the file: where no action is found, that alone tells that there was something to look at.
func (o *outcome) tell(path string, s *infer.Stats) {
	slog.Info("replayed", "file", path, "frames", o.frames, "seconds", (o.last - o.first).Seconds(), "examined", o.examined,
		"damaged", o.damaged, "gaps", s.Gaps.Load(), "windows", windows(s), "actions", o.events)
}

func windows(s *infer.Stats) uint64 { return s.Windows.Load() + s.Gated.Load() }

// problem says why the result is empty or incomplete, or nil.
func (o *outcome) problem(path string, f models.Manifest, s *infer.Stats) error {
	switch {
	case o.frames == 0: // the file has said why
		return nil
	case o.damaged > 0 && windows(s) > 0:
		return fmt.Errorf("replay: %s: %d of the %d frames that the model needs are damaged; the first: %w", path, o.damaged, o.examined, o.why)
	case o.damaged > 0:
		return fmt.Errorf("replay: %s: the model never ran: %d of the %d frames that it needs are damaged; the first: %w", path, o.damaged, o.examined, o.why)
	case windows(s) == 0:
		return fmt.Errorf("replay: %s: the model never ran: %s", path, o.tooLittle(f))
	}
	return nil
}

// tooLittle says why the frames make no window. They did decode.
func (o *outcome) tooLittle(f models.Manifest) string {
	lasts := time.Duration(float64(f.Frames-1) / f.FrameRate * float64(time.Second))
	needs := fmt.Sprintf("it needs %d frames, %g a second, which is %.1f s", f.Frames, f.FrameRate, lasts.Seconds())
	length := o.last - o.first
	rate := float64(o.frames-1) / length.Seconds()
	switch {
	case o.frames == 1:
		return "this is a still picture; " + needs
	case length < lasts:
		return fmt.Sprintf("the video is too short, %d frames in %.1f s; %s", o.frames, length.Seconds(), needs)
	case rate < f.FrameRate/2:
		return fmt.Sprintf("the video has too few frames, %.2g a second; %s, and at least %g a second at even intervals", rate, needs, f.FrameRate/2)
	}
	return fmt.Sprintf("no part of the video without a gap or damage is long enough; %s", needs)
}
