package teach

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
)

// writeAVI makes a Motion JPEG file of pictures: every player, OpenCV and squeezetime train read it. (AVI: Microsoft's "AVI RIFF File Reference".)
func writeAVI(width, height int, rate float64, pictures [][]byte) []byte {
	var movi, index bytes.Buffer
	largest := 0
	for _, p := range pictures {
		largest = max(largest, len(p))
		index.WriteString("00dc")
		put32(&index, aviKeyFrame, 4+movi.Len(), len(p))
		chunk(&movi, "00dc", p)
	}
	const perRate = 1000
	var avih, strh, strf bytes.Buffer
	put32(&avih, int(1e6/rate), 0, 0, aviHasIndex, len(pictures), 0, 1, largest, width, height, 0, 0, 0, 0)
	strh.WriteString("vidsMJPG")
	put32(&strh, 0, 0, 0, perRate, int(math.Round(rate*perRate)), 0, len(pictures), largest, -1, 0, 0, height<<16|width)
	put32(&strf, 40, width, height, 24<<16|1)
	strf.WriteString("MJPG")
	put32(&strf, 3*width*height, 0, 0, 0, 0)

	var strl, hdrl, all, out bytes.Buffer
	strl.WriteString("strl")
	chunk(&strl, "strh", strh.Bytes())
	chunk(&strl, "strf", strf.Bytes())
	hdrl.WriteString("hdrl")
	chunk(&hdrl, "avih", avih.Bytes())
	chunk(&hdrl, "LIST", strl.Bytes())
	all.WriteString("AVI ")
	chunk(&all, "LIST", hdrl.Bytes())
	chunk(&all, "LIST", append([]byte("movi"), movi.Bytes()...))
	chunk(&all, "idx1", index.Bytes())
	chunk(&out, "RIFF", all.Bytes())
	return out.Bytes()
}

const (
	aviHasIndex = 0x10
	aviKeyFrame = 0x10
)

func put32(b *bytes.Buffer, values ...int) {
	for _, v := range values {
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(v))) //nolint:gosec // -1 stands for "unknown"
	}
}

// chunk writes a RIFF chunk, padded to an even length.
func chunk(b *bytes.Buffer, name string, data []byte) {
	b.WriteString(name)
	put32(b, len(data))
	b.Write(data)
	if len(data)%2 == 1 {
		b.WriteByte(0)
	}
}

// readAVI returns the pictures of a file that writeAVI made. The file may be hostile.
func readAVI(data []byte) (pictures [][]byte, err error) {
	body, ok := bytes.CutPrefix(data, []byte("RIFF"))
	if !ok || len(body) < 8 || string(body[4:8]) != "AVI " {
		return nil, errors.New("it is no AVI file")
	}
	for rest := body[8:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		if size > int64(len(rest)-8) {
			return nil, errors.New("the AVI file is cut off")
		}
		if name == "LIST" && size >= 4 && string(rest[8:12]) == "movi" {
			return readMovie(rest[12 : 8+size])
		}
		rest = rest[8+min(size+size%2, int64(len(rest)-8)):]
	}
	return nil, errors.New("the AVI file has no pictures")
}

func readMovie(rest []byte) (pictures [][]byte, err error) {
	for len(rest) >= 8 {
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		if string(rest[:4]) != "00dc" || size > int64(len(rest)-8) {
			return nil, errors.New("the AVI file is damaged")
		}
		picture := rest[8 : 8+size]
		if err := checkJPEG(picture); err != nil {
			return nil, fmt.Errorf("picture %d: %w", len(pictures), err)
		}
		if pictures = append(pictures, picture); len(pictures) > maxPictures {
			return nil, fmt.Errorf("the AVI file has more than %d pictures", maxPictures)
		}
		rest = rest[8+min(size+size%2, int64(len(rest)-8)):]
	}
	return pictures, nil
}

// largestSide of a picture of a model's size.
const largestSide = 1024

func checkJPEG(picture []byte) error {
	c, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	switch {
	case err != nil:
		return err
	case c.Width > largestSide || c.Height > largestSide || len(picture) > maxPictureBytes:
		return fmt.Errorf("%dx%d pixels in %d bytes are too many", c.Width, c.Height, len(picture))
	}
	return nil
}
