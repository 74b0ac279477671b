// Package capture takes frames from a camera or a video file and keeps the camera open.
//
// A Source opens a camera once, delivers frames and closes the camera. Camera runs a Source again whenever it ends. A Source
// lends each frame to a Sink and copies nothing, so that a frame nobody needs costs almost nothing. Sampler chooses the frames
// that the model needs.
package capture

import (
	"context"
	"errors"
	"time"

	"edged/capture/pixel"
)

// Frame is one picture as the source delivered it.
type Frame struct {
	Data     []byte // lent for the duration of the Sink call; often the driver's own memory
	Format   pixel.Format
	Sequence uint32 // the driver's count; a gap means that frames were lost before edged got them
	// Time is when the picture was taken, on CLOCK_MONOTONIC; from a file that is not played in real time, its
	// presentation time (see File).
	Time time.Duration
	// Restart marks a frame that does not continue the ones before it: the first after the source was opened, the first of each
	// pass through a looped file, and the first after a jump of the source's clock. No window may contain frames from both sides,
	// even where Time went on by little.
	Restart bool
	// Frozen marks a frame of a camera that has sent the same picture for too long. The Sink should examine the frame, so that
	// Camera learns when the picture changes, and must not keep it.
	Frozen bool
}

// Finding is what a Sink found in a frame. The zero value means that it did not examine the frame.
type Finding struct {
	Verdict Verdict
	// Digest is a hash of a Good picture. It is 0 where the picture shows nothing: a camera in the dark may send the same
	// black picture for hours without being frozen.
	Digest uint64
	Reason error // why the frame is Bad or Unsupported
}

// Refused is the finding for a frame that the pixel decoder refused with err.
func Refused(err error) Finding {
	if errors.Is(err, pixel.ErrUnsupported) {
		return Finding{Verdict: Unsupported, Reason: err}
	}
	return Finding{Verdict: Bad, Reason: err}
}

// Verdict says whether a frame can be used.
type Verdict uint8

// The verdicts.
const (
	NotExamined Verdict = iota
	Good
	Bad         // damaged; the next frame may be whole
	Unsupported // of a format that never decodes: the camera must send another one
)

// Sink examines frames one at a time and returns what it found. It must not keep the Frame or its Data. The source waits for
// it: while a Sink is slow, the driver drops frames.
type Sink func(*Frame) Finding

// Source is a camera that can be opened.
type Source interface {
	// Run opens the camera, calls sink for every frame, and closes the camera before it returns. The error, never nil,
	// says why it ended: ctx's own, io.EOF at a file's end, or what failed.
	Run(ctx context.Context, sink Sink) error
	// String names the source as in a configuration: "v4l2:/dev/video0".
	String() string
}
