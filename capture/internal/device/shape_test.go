package device

import (
	"testing"

	"github.com/vladimirvivien/go4vl/v4l2"
)

// Analogue video has no square pixels, and a single field has half the lines.
func TestPixelShape(t *testing.T) {
	cropcap := func(width, height, num, den uint32) v4l2.CropCapability {
		return v4l2.CropCapability{DefaultRect: v4l2.Rect{Width: width, Height: height}, PixelAspect: v4l2.Fract{Numerator: num, Denominator: den}}
	}
	for what, c := range map[string]struct {
		width, height uint32
		field         v4l2.FieldType
		crop          v4l2.CropCapability
		want          [2]int
	}{
		"a webcam":                 {640, 480, v4l2.FieldNone, v4l2.CropCapability{}, [2]int{0, 0}},
		"a driver that says 1:1":   {640, 480, v4l2.FieldNone, cropcap(1920, 1080, 1, 1), [2]int{0, 0}},
		"PAL":                      {720, 576, v4l2.FieldInterlaced, cropcap(720, 576, 54, 59), [2]int{59, 54}},
		"NTSC":                     {720, 480, v4l2.FieldInterlaced, cropcap(720, 480, 11, 10), [2]int{10, 11}},
		"PAL at half its width":    {360, 576, v4l2.FieldInterlaced, cropcap(720, 576, 54, 59), [2]int{59, 27}},
		"a field of PAL":           {720, 288, v4l2.FieldTop, cropcap(720, 576, 54, 59), [2]int{59, 108}},
		"a field of square pixels": {640, 240, v4l2.FieldAlternate, cropcap(640, 480, 1, 1), [2]int{1, 2}},
		"nonsense":                 {640, 480, v4l2.FieldNone, cropcap(0, 0, 2, 1), [2]int{0, 0}},
	} {
		w, h := pixelShape(v4l2.PixFormat{Width: c.width, Height: c.height, Field: c.field}, c.crop)
		if [2]int{w, h} != c.want {
			t.Errorf("%s: %d:%d, want %v", what, w, h, c.want)
		}
	}
}
