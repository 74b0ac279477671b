package capture

import (
	"fmt"
	"log/slog"
	"time"

	"edged/capture/pixel"
)

// Options are what a Source is made with beside its Spec. Zero values are the defaults of V4L2 and File.
type Options struct {
	FourCC        pixel.FourCC
	Width, Height int
	FrameRate     float64 // of a camera: wanted; of a file: only where it has none of its own
	StallAfter    time.Duration
	RealTime      bool // files only
	Loop          bool // files only
	Counters      *Counters
	Log           *slog.Logger
}

// NewSource makes the source that spec names. Nothing is opened yet.
func NewSource(spec Spec, o Options) (Source, error) {
	switch spec.Kind {
	case KindV4L2:
		return &V4L2{
			Path: spec.Path, FourCC: o.FourCC, Width: o.Width, Height: o.Height, FrameRate: o.FrameRate,
			StallAfter: o.StallAfter, Counters: o.Counters, Log: o.Log,
		}, nil
	case KindFile:
		return &File{Path: spec.Path, FrameRate: o.FrameRate, RealTime: o.RealTime, Loop: o.Loop, Counters: o.Counters, Log: o.Log}, nil
	case KindCommand:
		return &Command{
			Line: spec.Path, FourCC: o.FourCC, Width: o.Width, Height: o.Height, StallAfter: o.StallAfter,
			Counters: o.Counters, Log: o.Log,
		}, nil
	case KindPattern:
		return &Pattern{FrameRate: o.FrameRate, Counters: o.Counters}, nil
	}
	return nil, fmt.Errorf("capture: no source of kind %q", spec.Kind)
}
