package device

import (
	"errors"

	"github.com/vladimirvivien/go4vl/v4l2"

	"edged/capture/picture"
)

// setShape completes the format by the shape of a pixel, which is not square in analogue video and in single fields.
func (d *Device) setShape(f *picture.Format, set v4l2.PixFormat) error {
	switch set.Field {
	case v4l2.FieldSequentialTopBottom, v4l2.FieldSequentialBottomTop:
		return &Error{Path: d.Path, Op: "S_FMT", Err: errors.New("the driver puts two fields one above the other into one picture, and edged cannot separate them; choose another size or input")}
	}
	growStack()
	c, err := v4l2.GetCropCapability(uintptr(d.fd), v4l2.BufTypeVideoCapture)
	if err != nil { // most drivers of cameras have none
		c = v4l2.CropCapability{}
	}
	f.PixelWidth, f.PixelHeight = pixelShape(set, c)
	return nil
}

// pixelShape is the shape of a pixel of the format as a ratio; 0, 0 where it is square. The driver gives it for its whole picture at
// full size (VIDIOC_CROPCAP: height to width), and scales that to the format's size.
func pixelShape(set v4l2.PixFormat, c v4l2.CropCapability) (width, height int) {
	a, whole := c.PixelAspect, c.DefaultRect
	if a.Numerator != a.Denominator && a.Numerator != 0 && a.Denominator != 0 && whole.Width != 0 && whole.Height != 0 {
		return picture.Ratio(uint64(a.Denominator)*uint64(whole.Width)*uint64(set.Height), uint64(a.Numerator)*uint64(whole.Height)*uint64(set.Width))
	}
	switch set.Field {
	case v4l2.FieldTop, v4l2.FieldBottom, v4l2.FieldAlternate: // every other line
		return 1, 2
	}
	return 0, 0
}
