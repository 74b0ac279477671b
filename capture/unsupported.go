package capture

import (
	"errors"
	"fmt"
	"slices"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

var errUnsupported = errors.New("edged cannot decode this kind of picture")

// refusalsInARow is how many Unsupported frames without a single Good one prove that the format is at fault. One frame may
// merely be damaged in its header.
const refusalsInARow = 5

// refusals counts the frames of a source that a Sink found Unsupported.
type refusals struct {
	decoded bool // a Good frame came: the format can be decoded
	inARow  int
}

// note takes a finding into account. Its error, which wraps errUnsupported, says that the source's format will never decode.
func (r *refusals) note(found Finding) error {
	switch found.Verdict {
	case Good:
		r.decoded = true
	case Bad:
		r.inARow = 0
	case Unsupported:
		r.inARow++
	}
	if r.decoded || r.inARow < refusalsInARow {
		return nil
	}
	return fmt.Errorf("%w: %w", errUnsupported, found.Reason)
}

// refusedFormat is a format of a camera that could not be decoded.
type refusedFormat struct {
	path   string // of the device
	fourcc pixel.FourCC
	reason error
}

// refusedFormats are those of all the cameras that a V4L2 source has tried.
type refusedFormats []refusedFormat

// retryFormats calls run again as long as run ends because of a format that cannot be decoded. It gives run all the formats
// that failed so far. run returns the format that it used, if any, and never a nil error.
func retryFormats(run func(refusedFormats) (refusedFormat, error)) error {
	var refused refusedFormats
	for {
		used, err := run(refused)
		if used.path == "" || !errors.Is(err, errUnsupported) {
			return err
		}
		used.reason = err
		refused = append(refused, used)
	}
}

// without returns the formats of the device at path that have not been refused.
func (r refusedFormats) without(path string, formats []device.Format) []device.Format {
	return slices.DeleteFunc(slices.Clone(formats), func(f device.Format) bool {
		return slices.ContainsFunc(r, func(bad refusedFormat) bool { return bad.path == path && bad.fourcc == f.FourCC })
	})
}

// explain adds the refusals of the device at path to an error about its remaining formats.
func (r refusedFormats) explain(path string, err error) error {
	for _, bad := range r {
		if bad.path == path {
			err = fmt.Errorf("%w; edged cannot use its %v pictures: %w", err, bad.fourcc, bad.reason)
		}
	}
	return err
}
