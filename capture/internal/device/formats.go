package device

import (
	"errors"
	"fmt"
	"math"

	"github.com/vladimirvivien/go4vl/v4l2"
	"golang.org/x/sys/unix"

	"edged/capture/pixel"
)

// Format is one pixel format that a camera offers.
type Format struct {
	FourCC      pixel.FourCC `json:"-"`
	Name        string       `json:"format"` // the four characters
	Description string       `json:"description"`
	Supported   bool         `json:"supported"` // whether edged can decode it
	Sizes       []Size       `json:"sizes"`
}

// Size is one size of a format, or a range of sizes when the Max fields are set.
type Size struct {
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	MaxWidth  int       `json:"max_width,omitempty"`
	MaxHeight int       `json:"max_height,omitempty"`
	Rates     []float64 `json:"rates"`                // frames per second
	RateRange bool      `json:"rate_range,omitempty"` // Rates are the ends of a range
}

// maxEntries bounds every list that a driver gives: a driver may never say that its list has ended. Therefore the calls ask for one
// entry at a time. go4vl's calls for a whole list would never return.
const maxEntries = 256

// Formats asks the camera for its pixel formats, without their sizes: some drivers have thousands of sizes.
func (d *Device) Formats() ([]Format, error) {
	var formats []Format
	for i := range uint32(maxEntries) {
		growStack()
		desc, err := v4l2.GetFormatDescription(uintptr(d.fd), i)
		if errors.Is(err, v4l2.ErrorBadArgument) {
			break
		}
		if err != nil {
			return nil, wrap(d.Path, d.fd, "ENUM_FMT", err)
		}
		fourcc := pixel.FourCC(desc.PixelFormat)
		formats = append(formats, Format{
			FourCC:      fourcc,
			Name:        fourcc.String(),
			Description: desc.Description,
			Supported:   fourcc.Supported(),
		})
	}
	return formats, nil
}

// Sizes asks the camera for the sizes and rates of a format. The list is empty if the camera does not say.
func (d *Device) Sizes(fourcc pixel.FourCC) []Size {
	sizes := []Size{} // in JSON a list, even when empty
	for i := range uint32(maxEntries) {
		growStack()
		e, err := v4l2.GetFormatFrameSize(uintptr(d.fd), i, uint32(fourcc))
		if err != nil {
			break // the end of the list, or a driver without lists
		}
		s := Size{Width: int(e.Size.MinWidth), Height: int(e.Size.MinHeight)}
		if e.Type != v4l2.FrameSizeTypeDiscrete {
			s.MaxWidth, s.MaxHeight = int(e.Size.MaxWidth), int(e.Size.MaxHeight)
		}
		s.Rates, s.RateRange = d.rates(fourcc, s)
		sizes = append(sizes, s)
		if s.MaxWidth > 0 {
			break // a range is the only entry; some drivers repeat it for every index
		}
	}
	return sizes
}

func (d *Device) rates(fourcc pixel.FourCC, s Size) (rates []float64, ranged bool) {
	for i := range maxEntries {
		least, most, ranged, errno := frameRates(d.fd, uint32(fourcc), s.Width, s.Height, i)
		if errno != 0 {
			break
		}
		if ranged {
			return []float64{least, most}, true
		}
		rates = append(rates, math.Round(most*1000)/1000)
	}
	return rates, false
}

// Mode is a camera's setting.
type Mode struct {
	Format pixel.Format
	Rate   float64 // frames per second; 0 when the driver does not say
}

func (m Mode) String() string {
	if m.Rate == 0 {
		return m.Format.String()
	}
	return fmt.Sprintf("%v@%.4g", m.Format, m.Rate)
}

// SetMode asks for a mode and returns the one that the driver chose. It may differ in everything but the pixel format.
func (d *Device) SetMode(m Mode) (Mode, error) {
	growStack()
	fd := uintptr(d.fd)
	err := v4l2.SetPixFormat(fd, v4l2.PixFormat{
		Width: uint32(m.Format.Width), Height: uint32(m.Format.Height), PixelFormat: uint32(m.Format.FourCC),
	})
	if err != nil {
		return Mode{}, wrap(d.Path, d.fd, "S_FMT", err)
	}
	set, err := v4l2.GetPixFormat(fd)
	if err != nil {
		return Mode{}, wrap(d.Path, d.fd, "G_FMT", err)
	}
	if got := pixel.FourCC(set.PixelFormat); got != m.Format.FourCC {
		return Mode{}, &Error{Path: d.Path, Op: "S_FMT", Err: errors.New("asked for " + m.Format.FourCC.String() + ", the driver chose " + got.String())}
	}
	rate, err := d.setRate(m.Rate)
	if err != nil {
		return Mode{}, err
	}
	format := pixel.Format{
		FourCC: m.Format.FourCC, Width: int(set.Width), Height: int(set.Height), FullRange: fullRange(set), BT709: bt709(set),
	}
	if !format.FourCC.Compressed() {
		format.Stride = int(set.BytesPerLine)
	}
	if err := d.setShape(&format, set); err != nil {
		return Mode{}, err
	}
	return Mode{Format: format, Rate: rate}, nil
}

// setRate asks for a frame rate and returns the one that the driver chose, or 0: not every driver knows rates.
func (d *Device) setRate(rate float64) (float64, error) {
	var p v4l2.StreamParam
	// In thousandths, because of 29.97.
	p.Capture.TimePerFrame = v4l2.Fract{Numerator: 1000, Denominator: uint32(math.Round(rate * 1000))}
	err := v4l2.SetStreamParam(uintptr(d.fd), v4l2.BufTypeVideoCapture, p)
	if err == nil {
		p, err = v4l2.GetStreamParam(uintptr(d.fd), v4l2.BufTypeVideoCapture)
	}
	if err != nil {
		if err = wrap(d.Path, d.fd, "S_PARM", err); errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
			return 0, nil
		}
		return 0, err
	}
	if p.Capture.TimePerFrame.Numerator == 0 {
		return 0, nil
	}
	return float64(p.Capture.TimePerFrame.Denominator) / float64(p.Capture.TimePerFrame.Numerator), nil
}

// bt709 follows V4L2_MAP_YCBCR_ENC_DEFAULT: where the driver does not say, the colour space decides. BT.2020's matrix is far nearer to
// BT.709's than to BT.601's.
func bt709(f v4l2.PixFormat) bool {
	if f.YcbcrEnc == v4l2.YCbCrEncodingDefault {
		switch f.Colorspace {
		case v4l2.ColorspaceREC709, v4l2.ColorspaceDCIP3, v4l2.ColorspaceBT2020:
			return true
		}
		return false
	}
	switch f.YcbcrEnc {
	case v4l2.YCbCrEncoding709, v4l2.YCbCrEncodingXV709, v4l2.YCbCrEncodingBT2020:
		return true
	}
	return false
}

// fullRange follows V4L2_MAP_QUANTIZATION_DEFAULT: where the driver does not say, JPEG's colour space has full range, and so have
// formats without chroma.
func fullRange(f v4l2.PixFormat) bool {
	if f.Quantization == v4l2.QuantizationDefault {
		return f.Colorspace == v4l2.ColorspaceJPEG || pixel.FourCC(f.PixelFormat) == pixel.Grey
	}
	return f.Quantization == v4l2.QuantizationFullRange
}
