package capture

import (
	"fmt"
	"strconv"

	"edged/capture/pixel"
)

// shapeOf is what the container says of how a stream's pictures are shown, as far as edged reads that itself.
func (d *invocation) shapeOf(stream string) pixel.Format {
	n, err := strconv.Atoi(stream)
	if err != nil || n >= len(d.shapes) {
		return pixel.Format{}
	}
	return d.shapes[n]
}

// shapeArguments keep ffmpeg from cropping and turning pictures where shapeFilter does. Only the newest versions of ffmpeg know of
// Matroska's crop and rotation, and how they treat a crop together with the shape of pixels is their own choice.
func (d *invocation) shapeArguments(stream string) []string {
	if shapeFilter(d.shapeOf(stream)) == "" {
		return nil
	}
	args := []string{"-noautorotate"}
	if d.crops {
		args = append(args, "-apply_cropping", "codec")
	}
	return args
}

// shapeFilter crops and turns pictures, with a comma behind; "" where nothing is to be done.
func shapeFilter(f pixel.Format) string {
	filter := ""
	if c := f.Crop; c != (pixel.Crop{}) {
		filter = fmt.Sprintf("crop=iw-%d:ih-%d:%d:%d:exact=1,", c.Left+c.Right, c.Top+c.Bottom, c.Left, c.Top)
		if f.PixelWidth > 0 {
			filter += fmt.Sprintf("setsar=%d/%d,", f.PixelWidth, f.PixelHeight)
		}
	}
	switch f.Orientation {
	case pixel.Turned90:
		filter += "transpose=clock,"
	case pixel.Turned180:
		filter += "hflip,vflip,"
	case pixel.Turned270:
		filter += "transpose=cclock,"
	}
	return filter
}
