package capture

import (
	"fmt"
	"log/slog"
	"time"

	"edged/capture/pixel"
)

// Options are what a Source is made with beside its Spec. Zero values stand for the source's own defaults.
type Options struct {
	FourCC        pixel.FourCC
	Width, Height int
	FrameRate     float64 // of a camera: the one to ask for; of a file: for one without times
	StallAfter    time.Duration
	Dir           string // where a command runs; "" = this process's working directory
	RealTime      bool   // files only
	Loop          bool   // files only
	Counters      *Counters
	Log           *slog.Logger
}

// NewSource makes the source that spec names. It opens nothing. It logs the options that have no effect on such a source.
func NewSource(spec Spec, o Options) (Source, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.warnOfIgnored(spec.Kind)
	switch spec.Kind {
	case KindV4L2:
		return &V4L2{
			Path: spec.Path, FourCC: o.FourCC, Width: o.Width, Height: o.Height, FrameRate: o.FrameRate,
			StallAfter: o.StallAfter, Counters: o.Counters, Log: o.Log,
		}, nil
	case KindFile:
		file := &File{
			Path: spec.Path, FrameRate: o.FrameRate, Width: o.Width, Height: o.Height,
			RealTime: o.RealTime, Loop: o.Loop, Counters: o.Counters, Log: o.Log,
		}
		if !o.RealTime || o.StallAfter <= 0 {
			return file, nil
		}
		return &patient{Source: file, limit: max(o.StallAfter, ahead) + time.Second}, nil
	case KindCommand:
		return &Command{
			Line: spec.Path, Dir: o.Dir, FourCC: o.FourCC, Width: o.Width, Height: o.Height, StallAfter: o.StallAfter,
			Counters: o.Counters, Log: o.Log,
		}, nil
	case KindRTSP:
		return &Command{
			Line: rtspLine(spec.Path, o.Width), Name: Redact(spec.Path), Program: "ffmpeg", StallAfter: o.StallAfter, Opens: rtspOpens, Counters: o.Counters, Log: o.Log,
		}, nil
	case KindPattern:
		return &Pattern{FrameRate: o.FrameRate, Counters: o.Counters}, nil
	}
	return nil, fmt.Errorf("capture: no source of kind %q", spec.Kind)
}

// LongestOpen is how much longer the source that a Spec of this kind names may take for its first frame than for the others.
func (k Kind) LongestOpen() time.Duration {
	switch k {
	case KindFile:
		return beginWithin + endWithin
	case KindRTSP:
		return rtspOpens
	}
	return 0
}

// warnOfIgnored logs the options that are set and have no effect on a source of that kind.
func (o *Options) warnOfIgnored(kind Kind) {
	size, declared := o.Width != 0, o.FourCC != 0 && !o.FourCC.Compressed()
	for _, option := range []struct {
		name    string
		ignored bool
	}{
		{"format", o.FourCC != 0 && (kind == KindFile || kind == KindPattern || kind == KindRTSP)},
		{"width and height", size && (kind == KindPattern || kind == KindCommand && !declared)},
		{"fps", o.FrameRate != 0 && (kind == KindCommand || kind == KindRTSP)},
	} {
		if option.ignored {
			o.Log.Warn("a setting has no effect on this kind of source", "setting", option.name, "source", kind)
		}
	}
}
