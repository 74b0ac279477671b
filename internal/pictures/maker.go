package pictures

import (
	"fmt"

	"edged/capture/pixel"
)

// Quality of encoded pictures, as libjpeg counts it.
const quality = 80

// maker decodes a frame, blackens parts of it, and encodes the rest.
type maker struct {
	decoder       *pixel.Decoder // for pictures of the size below; nil: none yet
	encoder       *pixel.Encoder
	width, height int
	views         uint32 // that the decoder's masks are for
	rgb           []byte
}

// make returns a JPEG that is valid until the next call.
func (m *maker) make(format pixel.Format, data []byte, side int, views uint32, of *Feed) ([]byte, error) {
	width, height, err := pixel.ShownSize(format, data)
	if err != nil {
		return nil, err
	}
	width, height = Fit(width, height, side)
	if err := m.open(width, height, views, of); err != nil {
		return nil, err
	}
	if err := m.decoder.Decode(m.rgb, format, data); err != nil {
		return nil, err
	}
	return m.encoder.Encode(m.rgb, width, height, quality)
}

// Fit scales a size down until its longer side is at most side; 0 = no limit.
func Fit(width, height, side int) (int, int) {
	if most := max(width, height); side > 0 && most > side {
		width, height = width*side/most, height*side/most
	}
	return max(1, width), max(1, height)
}

// open prepares for pictures of that size and those views.
func (m *maker) open(width, height int, views uint32, of *Feed) (err error) {
	if m.encoder == nil {
		if m.encoder, err = pixel.NewEncoder(); err != nil {
			return err
		}
	}
	if m.decoder != nil && m.width == width && m.height == height && m.views == views {
		return nil
	}
	if m.decoder != nil {
		m.decoder.Close()
	}
	if m.decoder, err = pixel.NewDecoder(width, height); err != nil {
		m.decoder = nil
		return fmt.Errorf("pictures: %w", err)
	}
	m.decoder.Mask(of.hidden(views))
	m.width, m.height, m.views = width, height, views
	m.rgb = make([]byte, 3*width*height)
	return nil
}

// hidden returns what must not be shown: the masks, and the areas of the views that are not enabled.
func (f *Feed) hidden(views uint32) [][]pixel.Point {
	hidden := append([][]pixel.Point(nil), f.Masks...)
	for i, a := range f.Areas {
		if views>>i&1 == 0 {
			hidden = append(hidden, []pixel.Point{
				{X: a.X, Y: a.Y}, {X: a.X + a.Width, Y: a.Y}, {X: a.X + a.Width, Y: a.Y + a.Height}, {X: a.X, Y: a.Y + a.Height},
			})
		}
	}
	return hidden
}

// wipe erases the last picture.
func (m *maker) wipe() {
	clear(m.rgb)
	if m.decoder != nil {
		m.decoder.Wipe()
	}
	if m.encoder != nil {
		m.encoder.Wipe()
	}
}

func (m *maker) close() {
	if m.decoder != nil {
		m.decoder.Close()
	}
	if m.encoder != nil {
		m.encoder.Close()
	}
	m.decoder, m.encoder = nil, nil
}
