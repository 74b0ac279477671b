package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
)

// clip is the footage that the camera sees: JPEGs of one size.
type clip struct {
	frames        [][]byte
	width, height uint16
	yuyv          [][]byte // the same frames, as far as anybody has asked for them
}

// picture is a frame in the format of that number.
func (c *clip) picture(n int, format uint8) []byte {
	if format != formatYUYV {
		return c.frames[n]
	}
	if c.yuyv == nil {
		c.yuyv = make([][]byte, len(c.frames))
	}
	if c.yuyv[n] == nil {
		c.yuyv[n] = yuyv(c.frames[n], int(c.width), int(c.height))
	}
	return c.yuyv[n]
}

// yuyv decodes a JPEG; one that cannot be decoded is black.
func yuyv(data []byte, width, height int) []byte {
	out := make([]byte, 0, 2*width*height)
	picture, err := jpeg.Decode(bytes.NewReader(data))
	colour, ok := picture.(*image.YCbCr)
	if err != nil || !ok {
		return append(out, bytes.Repeat([]byte{16, 128}, width*height)...)
	}
	for y := range height {
		for x := 0; x < width; x += 2 {
			luma, chroma := colour.YOffset(x, y), colour.COffset(x, y)
			out = append(out, videoRange(colour.Y[luma]), colour.Cb[chroma], videoRange(colour.Y[luma+1]), colour.Cr[chroma])
		}
	}
	return out
}

// videoRange makes 16..235 of a JPEG's 0..255. Chroma is left: it is a test picture.
func videoRange(y uint8) uint8 { return uint8(16 + int(y)*219/255) }

func openClip(path string) (*clip, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parseClip(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// parseClip splits concatenated JPEGs.
func parseClip(data []byte) (*clip, error) {
	c := &clip{}
	for len(data) > 0 {
		length, width, height, err := measureJPEG(data)
		if err != nil {
			return nil, fmt.Errorf("frame %d: %w", len(c.frames), err)
		}
		if len(c.frames) > 0 && (width != c.width || height != c.height) {
			return nil, fmt.Errorf("frame %d is %dx%d, the ones before are %dx%d", len(c.frames), width, height, c.width, c.height)
		}
		c.width, c.height = width, height
		c.frames = append(c.frames, data[:length])
		data = data[length:]
	}
	if len(c.frames) == 0 {
		return nil, errors.New("no frames")
	}
	return c, nil
}

// Second bytes of the JPEG markers that matter here (ITU-T T.81, table B.1).
const (
	markerSOF0 = 0xc0 // start of frame, baseline ...
	markerSOF2 = 0xc2 // ... to progressive
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
)

// measureJPEG returns the length in bytes of the JPEG that data begins with, and its size in pixels.
func measureJPEG(data []byte) (length int, width, height uint16, err error) {
	if len(data) < 2 || data[0] != 0xff || data[1] != markerSOI {
		return 0, 0, 0, errors.New("no JPEG: it does not begin with SOI (ff d8)")
	}
	for at := 2; at+4 <= len(data); {
		marker, segment := data[at+1], data[at+4:]
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		switch {
		case marker >= markerSOF0 && marker <= markerSOF2 && len(segment) >= 5:
			height, width = binary.BigEndian.Uint16(segment[1:]), binary.BigEndian.Uint16(segment[3:])
		case marker == markerSOS && at < len(data):
			// Entropy-coded data holds no ff d9 but the end marker's.
			end := bytes.Index(data[at:], []byte{0xff, markerEOI})
			if end < 0 || width == 0 {
				return 0, 0, 0, errors.New("JPEG without EOI (ff d9) or size")
			}
			return at + end + 2, width, height, nil
		}
	}
	return 0, 0, 0, errors.New("JPEG without picture data (SOS)")
}
