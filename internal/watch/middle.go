package watch

import (
	"fmt"

	"edged/capture/pixel"
	"edged/infer"
)

// middle decodes the pictures of a view that follows: all of the view, at a middle size that keeps its proportions. The size depends on the camera's
// pictures, so the decoder is made when the first one comes, and again when their size changes. The camera's goroutine uses it.
type middle struct {
	area  pixel.Area
	masks [][]pixel.Point

	decoder       *pixel.Decoder // nil before the first picture
	width, height int            // of its result
}

// decode writes the view's part of the frame to slot, in the layout of infer.SetPicture, and returns its pixels.
func (m *middle) decode(slot []byte, f pixel.Format, data []byte) (rgb []byte, err error) {
	width, height, err := pixel.ShownSize(f, data)
	if err != nil {
		return nil, err
	}
	width, height = infer.MiddleSize(int(m.area.Width*float64(width)), int(m.area.Height*float64(height)))
	if m.decoder == nil || width != m.width || height != m.height {
		if err := m.resize(width, height); err != nil {
			return nil, err
		}
	}
	rgb = infer.SetPicture(slot, width, height)
	return rgb, m.decoder.Decode(rgb, f, data)
}

func (m *middle) resize(width, height int) error {
	decoder, err := pixel.NewDecoder(width, height, m.area)
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	m.close()
	decoder.Mask(m.masks)
	m.decoder, m.width, m.height = decoder, width, height
	return nil
}

// wipe overwrites everything that the decoder holds of pictures.
func (m *middle) wipe() {
	if m != nil && m.decoder != nil {
		m.decoder.Wipe()
	}
}

func (m *middle) close() {
	if m != nil && m.decoder != nil {
		m.decoder.Close()
		m.decoder = nil
	}
}
