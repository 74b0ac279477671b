// Package capture takes frames from a camera or a video file and keeps the camera open.
//
// A Source is one life of a camera, from open to close; Camera gives it as many lives as it needs. Frames are lent to a Sink:
// nothing is copied before somebody has decided that the frame is wanted, which is what Sampler is for.
package capture

import (
	"context"
	"time"

	"edged/capture/pixel"
)

// Frame is one picture as the source delivered it.
type Frame struct {
	Data     []byte // lent for the length of the Sink call; often the driver's own memory
	Format   pixel.Format
	Sequence uint32 // the driver's count; a gap means frames lost before they reached us
	// Time is when the picture was taken, on CLOCK_MONOTONIC; from a file that is not played in real time, its
	// presentation time, starting at 0.
	Time time.Duration
	// Restart marks the first frame of a Run and of each further pass through a looped file: what came before it is
	// another scene, however little Time went by, and nothing that looks at several frames may reach across.
	Restart bool
	// Frozen says that the camera has sent nothing but one picture for long: whether this is another one is all that it is for.
	Frozen bool

	// These the Sink may set, before it returns, to tell what it saw.
	Verdict Verdict
	// Digest is a hash of the picture, 0 where it was not looked at, or shows nothing: the dark is no frozen picture.
	Digest uint64
}

// Verdict is what a Sink makes of a frame.
type Verdict uint8

const (
	Unseen Verdict = iota // it did not look
	Good
	Bad // it cannot be decoded
)

// Sink receives frames one at a time. It must not keep the Frame or its Data, and the source waits for it: a slow Sink loses
// frames in the driver.
type Sink func(*Frame)

// Source is one life of a camera.
type Source interface {
	// Run opens the camera, calls sink for every frame, and closes the camera before it returns. The error, never nil,
	// says why it ended: ctx's own, io.EOF at a file's end, or what failed.
	Run(ctx context.Context, sink Sink) error
	// String names the source as in a configuration: "v4l2:/dev/video0".
	String() string
}
