package matroska

import (
	"errors"
	"fmt"
	"io"

	"edged/capture/picture"
)

// Shapes reads a stream's header and returns how the pictures of each of its tracks are shown: crop, shape of a pixel, and
// orientation. It knows nothing of what the pictures are encoded in. The shape of a track without video is zero.
func Shapes(r io.Reader) ([]picture.Format, error) {
	s := NewReader(r)
	for {
		id, size, err := s.element()
		if errors.Is(err, io.EOF) || err == nil && id == idCluster {
			break
		}
		if err == nil {
			err = s.take(id, size)
		}
		if err != nil {
			return nil, fmt.Errorf("matroska: %w", unexpected(err))
		}
	}
	shapes := make([]picture.Format, len(s.tracks))
	for i := range s.tracks {
		if t := &s.tracks[i]; t.kind == isVideo {
			if err := t.shape(&shapes[i]); err != nil {
				return nil, fmt.Errorf("matroska: %w", err)
			}
		}
	}
	return shapes, nil
}
