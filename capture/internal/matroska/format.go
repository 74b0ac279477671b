package matroska

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"edged/capture/picture"
)

// ErrUnsupported marks a stream whose video is none that edged decodes.
var ErrUnsupported = errors.New("unsupported video")

// unsupported says what the video is, and how the program that writes it can write another.
func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: the stream holds %s; let the program that writes it write raw video (ffmpeg: -c:v rawvideo -pix_fmt yuv420p) or JPEGs (-c:v mjpeg)",
		ErrUnsupported, fmt.Sprintf(format, args...))
}

// fourCCs are the names under which programs write raw video and JPEGs.
var fourCCs = map[string]picture.FourCC{
	"I420": picture.YUV420, "IYUV": picture.YUV420, "YU12": picture.YUV420, "YV12": picture.YVU420,
	"NV12": picture.NV12, "NV21": picture.NV21,
	"YUY2": picture.YUYV, "YUYV": picture.YUYV, "YUNV": picture.YUYV, "V422": picture.YUYV,
	"UYVY": picture.UYVY, "UYNV": picture.UYVY, "Y422": picture.UYVY, "2vuy": picture.UYVY,
	"Y42B": picture.YUV422, "422P": picture.YUV422, "444P": picture.YUV444, "Y444": picture.YUV444,
	"Y800": picture.Grey, "Y8  ": picture.Grey, "GREY": picture.Grey,
	"RGB\x18": picture.RGB24, "BGR\x18": picture.BGR24, "RGB3": picture.RGB24, "BGR3": picture.BGR24,
	"MJPG": picture.MJPEG, "mjpg": picture.MJPEG, "JPEG": picture.MJPEG, "jpeg": picture.MJPEG,
}

// codecs are names that people know.
var codecs = map[string]string{
	"V_MPEG4/ISO/AVC": "H.264", "V_MPEGH/ISO/HEVC": "H.265", "V_MPEG4/ISO/ASP": "MPEG-4", "V_MPEG2": "MPEG-2", "V_MPEG1": "MPEG-1",
	"V_VP8": "VP8", "V_VP9": "VP9", "V_AV1": "AV1", "V_FFV1": "FFV1", "V_THEORA": "Theora", "V_PRORES": "ProRes",
}

// format says how the track's frames lie in memory, and how they are shown.
func (t *track) format() (picture.Format, error) {
	var f picture.Format
	switch {
	case t.encoded:
		return f, unsupported("compressed or encrypted frames (ContentEncodings)")
	case t.stereo != 0:
		return f, unsupported("two pictures in one, for two eyes (StereoMode %d)", t.stereo)
	}
	var err error
	if f.FourCC, err = t.fourCC(); err != nil {
		return f, err
	}
	const maxSide = 8192
	if t.width < 1 || t.height < 1 || t.width > maxSide || t.height > maxSide {
		return f, unsupported("pictures of %dx%d pixels, and a side may have 1 to %d", t.width, t.height, maxSide)
	}
	f.Width, f.Height = int(t.width), int(t.height)
	if err := t.shape(&f); err != nil {
		return f, err
	}
	return f, t.colour(&f)
}

func (t *track) fourCC() (picture.FourCC, error) {
	name := t.fourcc
	switch {
	case t.codec == "V_MJPEG":
		return picture.MJPEG, nil
	case t.codec == "V_MS/VFW/FOURCC" && len(t.private) >= 20:
		name = t.private[16:20] // biCompression of a BITMAPINFOHEADER
	case t.codec != "V_UNCOMPRESSED":
		if known := codecs[t.codec]; known != "" {
			return 0, unsupported("%s (%s)", known, t.codec)
		}
		return 0, unsupported("video as %q", t.codec)
	}
	if code, ok := fourCCs[name]; ok {
		return code, nil
	}
	if name == "\x00\x00\x00\x00" {
		name = "BI_RGB" // RGB of many layouts, often upside down
	}
	return 0, unsupported("raw video as %q", name)
}

// displayUnknown is the DisplayUnit that says nothing of the shape. Those below are pixels, centimetres, inches and an aspect ratio.
const displayUnknown = 4

// shape reads crop, aspect and rotation.
func (t *track) shape(f *picture.Format) error {
	c := t.crop
	if c.left >= t.width || c.right >= t.width-c.left || c.top >= t.height || c.bottom >= t.height-c.top {
		return unsupported("a picture of which the crop leaves nothing")
	}
	f.Crop = picture.Crop{Left: int(c.left), Top: int(c.top), Right: int(c.right), Bottom: int(c.bottom)}
	width, height := t.width-c.left-c.right, t.height-c.top-c.bottom
	shown := t.display
	if shown.unit == 0 && (shown.width != 0 || shown.height != 0) { // pixels: what is not there is the picture's own
		if shown.width == 0 {
			shown.width = width
		}
		if shown.height == 0 {
			shown.height = height
		}
	}
	if shown.unit < displayUnknown && shown.width <= math.MaxUint32 && shown.height <= math.MaxUint32 {
		f.PixelWidth, f.PixelHeight = picture.Ratio(shown.width*height, shown.height*width)
	}
	switch math.Mod(t.roll+720, 360) { // degrees, against the clock
	case 0:
	case 90:
		f.Orientation = picture.Turned270
	case 180:
		f.Orientation = picture.Turned180
	case 270:
		f.Orientation = picture.Turned90
	default:
		return unsupported("a picture turned by %v degrees", t.roll)
	}
	return nil
}

// colour reads the matrix and the range of Y'CbCr.
func (t *track) colour(f *picture.Format) error {
	if t.bits != 0 && t.bits != 8 && !f.FourCC.Compressed() {
		return unsupported("raw video of %d bits a sample", t.bits)
	}
	f.FullRange = t.levels == 2
	switch t.matrix {
	case 1, 7: // BT.709, and SMPTE 240M, which hardly differs
		f.BT709 = true
	case 0, 2, 4, 5, 6: // none, not said, and what hardly differs from BT.601
	default:
		if !f.FourCC.Compressed() {
			return unsupported("raw video in the colours of matrix %d (ITU-T H.273)", t.matrix)
		}
	}
	return nil
}

// padded finds the stride of a raw frame whose lines are longer than they need be: GStreamer makes them a multiple of 4 bytes.
func padded(f picture.Format, size int) (stride int, ok bool) {
	switch f.FourCC {
	case picture.RGB24, picture.BGR24:
		stride = (3*f.Width + 3) / 4 * 4
		return stride, stride*f.Height == size
	case picture.Grey, picture.NV12, picture.NV21:
		wide := f
		wide.Width = (f.Width + 3) / 4 * 4
		return wide.Width, wide.Bytes() == size
	}
	return 0, false
}

// bigEndian16 reads the signed time of a block.
func bigEndian16(b []byte) int16 { return int16(binary.BigEndian.Uint16(b)) }
