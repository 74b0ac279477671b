package capture

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

// preferred is the order in which formats are tried when none is asked for: MJPEG takes a tenth of the USB bandwidth, and of the
// others those that are cheapest to decode come first. A camera of colour is not taken for a grey one.
var preferred = []pixel.FourCC{
	pixel.MJPEG, pixel.JPEG, pixel.YUV420, pixel.YVU420, pixel.NV12, pixel.NV21, pixel.YUYV, pixel.UYVY, pixel.YUV422,
	pixel.RGB24, pixel.BGR24, pixel.Grey,
}

// chooseSize finds the size and rate to ask the driver for, among those it offers, nearest to what is wanted: the size that
// covers the wanted one with the fewest pixels, else the largest; the lowest rate that is at least the wanted one, else the
// highest.
func chooseSize(sizes []device.Size, want device.Mode) device.Mode {
	if len(sizes) == 0 {
		return want // the driver does not say, but will take the nearest it has
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

// chooseFormat finds the wanted format among those the camera offers, the best of them if none in particular is wanted (0).
func chooseFormat(formats []device.Format, fourcc pixel.FourCC) (pixel.FourCC, error) {
	order := preferred
	if fourcc != 0 {
		order = []pixel.FourCC{fourcc}
	}
	for _, wanted := range order {
		for _, f := range formats {
			if f.FourCC == wanted {
				return f.FourCC, nil
			}
		}
	}
	var offered, readable []string
	for _, f := range formats {
		offered = append(offered, f.Name)
	}
	for _, f := range order {
		readable = append(readable, f.String())
	}
	if len(offered) == 0 {
		return 0, errors.New("the camera offers no pixel format")
	}
	return 0, fmt.Errorf("the camera offers %s; needed is %s",
		strings.Join(offered, ", "), strings.Join(readable, " or "))
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

func chooseRate(s device.Size, want float64) float64 {
	if len(s.Rates) == 0 {
		return want
	}
	if s.RateRange {
		return min(max(want, s.Rates[0]), s.Rates[1])
	}
	const tolerance = 0.01 // 29.97 is as good as 30
	best, highest := math.Inf(1), 0.0
	for _, r := range s.Rates {
		highest = max(highest, r)
		if r >= want*(1-tolerance) {
			best = min(best, r)
		}
	}
	return min(best, highest)
}
