package matroska

import (
	"errors"
	"strings"
	"testing"

	"edged/capture/picture"
)

// formatOf returns the format of a stream's only frame, of size bytes.
func formatOf(t *testing.T, size int, trackEntries ...string) (picture.Format, error) {
	t.Helper()
	r := NewReader(strings.NewReader(streamOf(trackEntries...) + element(block, "\x81\x00\x00\x80", strings.Repeat("x", size))))
	_, _, err := r.Next()
	return r.Format, err
}

func raw(body ...string) string {
	return videoTrack("\x01", "V_UNCOMPRESSED", append([]string{size64x48}, body...)...)
}

func space(fourcc string) string { return element(colourSpace, fourcc) }

// vfw is a track as programs of Video for Windows describe it: by a BITMAPINFOHEADER.
func vfw(compression string) string {
	return element(entry, element(trackNumber, "\x01"), element(trackType, "\x01"), element(codecID, "V_MS/VFW/FOURCC"),
		element(codecPrivate, strings.Repeat("\x00", 16), compression, strings.Repeat("\x00", 20)), element(video, size64x48))
}

func TestFormats(t *testing.T) {
	const luma = 64 * 48
	i420 := picture.Format{FourCC: picture.YUV420, Width: 64, Height: 48}
	with := func(change func(*picture.Format)) picture.Format {
		f := i420
		change(&f)
		return f
	}
	of := func(code picture.FourCC) picture.Format { return picture.Format{FourCC: code, Width: 64, Height: 48} }
	for _, c := range []struct {
		what  string
		entry string
		size  int
		want  picture.Format
	}{
		{"I420", raw(space("I420")), luma * 3 / 2, i420},
		{"YV12", raw(space("YV12")), luma * 3 / 2, of(picture.YVU420)},
		{"NV12", raw(space("NV12")), luma * 3 / 2, of(picture.NV12)},
		{"NV21", raw(space("NV21")), luma * 3 / 2, of(picture.NV21)},
		{"YUY2", raw(space("YUY2")), luma * 2, of(picture.YUYV)},
		{"UYVY", raw(space("UYVY")), luma * 2, of(picture.UYVY)},
		{"4:2:2", raw(space("Y42B")), luma * 2, of(picture.YUV422)},
		{"grey", raw(space("Y800")), luma, of(picture.Grey)},
		{"RGB", raw(space("RGB\x18")), luma * 3, of(picture.RGB24)},
		{"MJPEG", videoTrack("\x01", "V_MJPEG", size64x48), 99, of(picture.MJPEG)},
		{"MJPEG by Video for Windows", vfw("MJPG"), 99, of(picture.MJPEG)},
		{"4:4:4 by Video for Windows", vfw("444P"), luma * 3, of(picture.YUV444)},
		{"full range", raw(space("I420"), element(colour, element(levels, "\x02"), element(matrix, "\x06"))), luma * 3 / 2,
			with(func(f *picture.Format) { f.FullRange = true })},
		{"BT.709", raw(space("I420"), element(colour, element(levels, "\x01"), element(matrix, "\x01"), element(bits, "\x08"))), luma * 3 / 2,
			with(func(f *picture.Format) { f.BT709 = true })},
		{"wide pixels", raw(space("I420"), element(displayWidth, "\x80")), luma * 3 / 2,
			with(func(f *picture.Format) { f.PixelWidth, f.PixelHeight = 2, 1 })},
		{"high pixels", raw(space("I420"), element(displayHeight, "\x60")), luma * 3 / 2,
			with(func(f *picture.Format) { f.PixelWidth, f.PixelHeight = 1, 2 })},
		{"an aspect ratio of 16:9", raw(space("I420"), element(displayUnit, "\x03"), element(displayWidth, "\x10"), element(displayHeight, "\x09")), luma * 3 / 2,
			with(func(f *picture.Format) { f.PixelWidth, f.PixelHeight = 4, 3 })},
		{"centimetres", raw(space("I420"), element(displayUnit, "\x01"), element(displayWidth, "\x08"), element(displayHeight, "\x03")), luma * 3 / 2,
			with(func(f *picture.Format) { f.PixelWidth, f.PixelHeight = 2, 1 })},
		{"a display of unknown unit", raw(space("I420"), element(displayUnit, "\x04"), element(displayWidth, "\x10"), element(displayHeight, "\x09")), luma * 3 / 2, i420},
		{"a crop", raw(space("I420"), element(cropLeft, "\x01"), element(cropTop, "\x02"), element(cropRight, "\x03"), element(cropBottom, "\x04")), luma * 3 / 2,
			with(func(f *picture.Format) { f.Crop = picture.Crop{Left: 1, Top: 2, Right: 3, Bottom: 4} })},
		{"a crop and an aspect", raw(space("I420"), element(cropLeft, "\x10"), element(cropRight, "\x10"), element(displayWidth, "\x40")), luma * 3 / 2,
			with(func(f *picture.Format) {
				f.Crop, f.PixelWidth, f.PixelHeight = picture.Crop{Left: 16, Right: 16}, 2, 1
			})},
		{"turned 90 against the clock", raw(space("I420"), element(projection, element(roll, "\x42\xb4\x00\x00"))), luma * 3 / 2,
			with(func(f *picture.Format) { f.Orientation = picture.Turned270 })},
		{"turned -90", raw(space("I420"), element(projection, element(roll, "\xc0\x56\x80\x00\x00\x00\x00\x00"))), luma * 3 / 2,
			with(func(f *picture.Format) { f.Orientation = picture.Turned90 })},
		{"upside down", raw(space("I420"), element(projection, element(roll, "\xc3\x34\x00\x00"))), luma * 3 / 2,
			with(func(f *picture.Format) { f.Orientation = picture.Turned180 })},
		{"padded RGB", videoTrack("\x01", "V_UNCOMPRESSED", element(pixelWidth, "\x3f"), element(pixelHeight, "\x30"), space("RGB\x18")), 192 * 48,
			picture.Format{FourCC: picture.RGB24, Width: 63, Height: 48, Stride: 192}},
		{"padded NV12", videoTrack("\x01", "V_UNCOMPRESSED", element(pixelWidth, "\x3d"), element(pixelHeight, "\x30"), space("NV12")), luma * 3 / 2,
			picture.Format{FourCC: picture.NV12, Width: 61, Height: 48, Stride: 64}},
		{"interlaced", raw(space("I420"), element("\x9a", "\x01"), element("\x9d", "\x09")), luma * 3 / 2, i420},
	} {
		if got, err := formatOf(t, c.size, c.entry); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.what, got, err, c.want)
		}
	}
}

// What edged does not decode is refused by its name.
func TestFormatsRefused(t *testing.T) {
	for what, c := range map[string]struct{ entry, want string }{
		"H.264":                  {videoTrack("\x01", "V_MPEG4/ISO/AVC", size64x48), "H.264 (V_MPEG4/ISO/AVC)"},
		"something":              {videoTrack("\x01", "V_SOMETHING", size64x48), `video as "V_SOMETHING"`},
		"4:1:1":                  {raw(space("Y41B")), `raw video as "Y41B"`},
		"no colour space":        {raw(), `raw video as ""`},
		"RGBA":                   {raw(space("RGBA")), `raw video as "RGBA"`},
		"a short VFW header":     {element(entry, element(trackNumber, "\x01"), element(trackType, "\x01"), element(codecID, "V_MS/VFW/FOURCC"), element(video, size64x48)), "V_MS/VFW/FOURCC"},
		"H.264 by VFW":           {vfw("H264"), `raw video as "H264"`},
		"10 bits":                {raw(space("I420"), element(colour, element(bits, "\x0a"))), "10 bits a sample"},
		"BT.2020":                {raw(space("I420"), element(colour, element(matrix, "\x09"))), "matrix 9"},
		"two eyes":               {raw(space("I420"), element(stereoMode, "\x01")), "two eyes (StereoMode 1)"},
		"compressed once more":   {element(entry, element(trackNumber, "\x01"), element(trackType, "\x01"), element(codecID, "V_MJPEG"), element(encodings, "x"), element(video, size64x48)), "ContentEncodings"},
		"a crop of everything":   {raw(space("I420"), element(cropLeft, "\x20"), element(cropRight, "\x20")), "crop leaves nothing"},
		"turned by 45 degrees":   {raw(space("I420"), element(projection, element(roll, "\x42\x34\x00\x00"))), "turned by 45 degrees"},
		"no size":                {videoTrack("\x01", "V_MJPEG"), "0x0 pixels"},
		"sound alone":            {element(entry, element(trackNumber, "\x01"), element(trackType, "\x02"), element(codecID, "A_OPUS")), `no video in the stream, only "A_OPUS"`},
		"frames of another size": {raw(space("NV12")), "frames of 9000 bytes, where NV12 64x48 has 4608"},
	} {
		_, err := formatOf(t, 9000, c.entry)
		if err == nil || !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	r := NewReader(strings.NewReader(element(ebml, "") + element(cluster, element(timestamp, "\x10"), element(block, "\x81\x00\x00\x80abc"))))
	if _, _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "from its beginning") {
		t.Errorf("no tracks: %v", err)
	}
}

// The first video track that edged decodes is the one. Frames of others are skipped, whatever their number.
func TestTracksAreChosen(t *testing.T) {
	sound := element(entry, element(trackNumber, "\x01"), element(trackType, "\x02"), element(codecID, "A_PCM/INT/LIT"))
	stream := streamOf(sound, videoTrack("\x02", "V_VP8", size64x48), videoTrack("\x01\x2c", "V_MJPEG", size64x48), videoTrack("\x04", "V_MJPEG", size64x48)) +
		element(block, "\x81\x00\x00\x80sound") + element(block, "\x82\x00\x00\x80vp8") + element(block, "\x41\x2c\x00\x07\x80jpeg") + element(block, "\x84\x00\x08\x80no")
	frames, times, r, err := read(stream)
	if frames != "jpeg " || times != "7µs " || r.FourCC != picture.MJPEG {
		t.Errorf("frames %q at %s as %v, %v", frames, times, r.Format, err)
	}
}

// The shapes of a file's tracks stand in its header, whatever the tracks are encoded in.
func TestShapes(t *testing.T) {
	sound := element(entry, element(trackNumber, "\x01"), element(trackType, "\x02"), element(codecID, "A_PCM/INT/LIT"))
	shapes, err := Shapes(strings.NewReader(streamOf(sound, videoTrack("\x02", "V_VP8", size64x48, element(cropTop, "\x02"), element(displayHeight, "\x5c"))) +
		element(cluster, "\x00\x00 damaged")))
	want := picture.Format{Crop: picture.Crop{Top: 2}, PixelWidth: 1, PixelHeight: 2}
	if err != nil || len(shapes) != 2 || shapes[0] != (picture.Format{}) || shapes[1] != want {
		t.Errorf("%+v, %v", shapes, err)
	}
	for what, stream := range map[string]string{"cut off": streamOf(sound)[:60], "no crop": streamOf(raw(element(cropTop, "\x30")))} {
		if shapes, err := Shapes(strings.NewReader(stream)); err == nil || shapes != nil {
			t.Errorf("%s: %+v, %v", what, shapes, err)
		}
	}
}
