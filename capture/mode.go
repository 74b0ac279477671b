package capture

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

// preferred are the formats from which edged chooses if the configuration names none. Of two that cost the same, edged takes the first.
var preferred = []pixel.FourCC{
	pixel.YUV420, pixel.YVU420, pixel.NV12, pixel.NV21, pixel.YUYV, pixel.UYVY, pixel.YUV422, pixel.RGB24, pixel.BGR24,
	pixel.MJPEG, pixel.JPEG, pixel.Grey,
}

// offer is a mode that edged can ask a camera for.
type offer struct {
	device.Mode
	flaws int
}

// The flaws of an offer, from bad to worse.
const (
	tooMuch   = 1 << iota // for a USB bus that others share
	tooSlow               // fewer frames than requested
	tooSmall              // fewer pixels than requested
	colorless             // grey; a colour camera is not used as a grey one
)

const (
	// usbShare is how many bytes a second of raw pictures a camera that has MJPEG as well may put on a USB bus. USB 2.0 has room for
	// 24 MB/s. What the first camera takes, the second cannot have.
	usbShare = 10e6
	// jpegCost is how many raw pixels cost as much as one pixel of MJPEG, with the driver's copying (docs/cameras.md).
	jpegCost = 4
)

// offers lists what edged can ask the camera for: one mode for each format that will do. The first is the best: the cheapest of those
// that are large and fast enough.
func offers(formats []device.Format, sizes func(pixel.FourCC) []device.Size, want device.Mode, usb bool) ([]offer, error) {
	readable := preferred
	if want.Format.FourCC != 0 {
		readable = []pixel.FourCC{want.Format.FourCC}
	}
	var found []offer
	for _, fourcc := range readable {
		if !slices.ContainsFunc(formats, func(f device.Format) bool { return f.FourCC == fourcc }) {
			continue
		}
		asked := want
		asked.Format.FourCC = fourcc
		o := offer{Mode: chooseSize(sizes(fourcc), asked)}
		o.judge(want, usb)
		found = append(found, o)
	}
	if len(found) == 0 {
		return nil, noneReadable(formats, readable)
	}
	slices.SortStableFunc(found, func(a, b offer) int { return cmp.Or(a.flaws-b.flaws, a.cost()-b.cost()) })
	return found, nil
}

func noneReadable(formats []device.Format, readable []pixel.FourCC) error {
	if len(formats) == 0 {
		return errors.New("the camera offers no pixel format")
	}
	var offered, needed []string
	for _, f := range formats {
		offered = append(offered, f.Name)
	}
	for _, f := range readable {
		needed = append(needed, f.String())
	}
	return fmt.Errorf("the camera offers %s; edged needs %s", strings.Join(offered, ", "), strings.Join(needed, " or "))
}

func (o *offer) judge(want device.Mode, usb bool) {
	f := o.Format
	if f.FourCC == pixel.Grey {
		o.flaws |= colorless
	}
	if f.Width < want.Format.Width || f.Height < want.Format.Height {
		o.flaws |= tooSmall
	}
	if o.Rate < want.Rate*(1-rateTolerance) {
		o.flaws |= tooSlow
	}
	if usb && o.bandwidth() > usbShare {
		o.flaws |= tooMuch
	}
}

// cost is in pixels of a raw format.
func (o *offer) cost() int {
	pixels := o.Format.Width * o.Format.Height
	if o.Format.FourCC.Compressed() {
		return jpegCost * pixels
	}
	return pixels
}

// bandwidth is what the pictures take of the bus, in bytes a second. It is an estimate for compressed formats.
func (o *offer) bandwidth() float64 {
	if bytes := o.Format.Bytes(); bytes > 0 {
		return float64(bytes) * o.Rate
	}
	return float64(o.Format.Width*o.Format.Height) * o.Rate / 5
}

// lighter are the offers that take less of the bus than the first.
func lighter(all []offer) []offer {
	return slices.DeleteFunc(slices.Clone(all[1:]), func(o offer) bool { return o.bandwidth() >= all[0].bandwidth() })
}

// chooseSize returns the size and rate to ask the driver for: the size with the fewest pixels that covers the requested one, or else
// the largest; the lowest rate that is at least the requested one, or else the highest.
func chooseSize(sizes []device.Size, want device.Mode) device.Mode {
	if len(sizes) == 0 {
		return want // the driver does not say what it has, but will take the nearest
	}
	best := sizes[0]
	for _, s := range sizes {
		if s.MaxWidth > 0 {
			want.Format.Width = min(max(want.Format.Width, s.Width), s.MaxWidth)
			want.Format.Height = min(max(want.Format.Height, s.Height), s.MaxHeight)
			want.Rate = chooseRate(s, want.Rate)
			return want
		}
		if betterSize(s, best, want.Format.Width, want.Format.Height) {
			best = s
		}
	}
	want.Format.Width, want.Format.Height = best.Width, best.Height
	want.Rate = chooseRate(best, want.Rate)
	return want
}

func betterSize(s, best device.Size, width, height int) bool {
	covers := s.Width >= width && s.Height >= height
	bestCovers := best.Width >= width && best.Height >= height
	if covers != bestCovers {
		return covers
	}
	if covers {
		return s.Width*s.Height < best.Width*best.Height
	}
	return s.Width*s.Height > best.Width*best.Height
}

// rateTolerance makes 29.97 as good as 30.
const rateTolerance = 0.01

func chooseRate(s device.Size, want float64) float64 {
	if len(s.Rates) == 0 {
		return want
	}
	if s.RateRange {
		return min(max(want, s.Rates[0]), s.Rates[1])
	}
	best, highest := math.Inf(1), 0.0
	for _, r := range s.Rates {
		highest = max(highest, r)
		if r >= want*(1-rateTolerance) {
			best = min(best, r)
		}
	}
	return min(best, highest)
}
