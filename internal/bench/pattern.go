package bench

import (
	"bufio"
	"bytes"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"time"
)

// The pattern is as large, as fast and about as hard to decode as what a cheap camera sends.
const (
	patternWidth   = 640
	patternHeight  = 480
	patternRate    = 30 // frames a second
	patternQuality = 85
	patternGrain   = 14 // grey levels; makes frames of about 50 kB
	patternSquare  = 120
	patternSpeed   = 8                                             // pixels a frame
	patternPeriod  = (patternWidth - patternSquare) / patternSpeed // frames
)

// patternFile writes a video of at least that length to a temporary file, as MJPEG: a bright square moves over a grainy wall. The memory
// that this takes does not count in edged's peak.
func patternFile(length time.Duration) (path string, err error) {
	file, err := os.CreateTemp("", "edged-bench-*.mjpeg")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(file)
	err = writePattern(w, int(length.Seconds()*patternRate)+1)
	if err == nil {
		err = w.Flush()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(file.Name())
		return "", err
	}
	debug.FreeOSMemory()
	forgetPeakRSS()
	return file.Name(), nil
}

func writePattern(w io.Writer, frames int) error {
	pictures, err := patternPictures()
	if err != nil {
		return err
	}
	for n := range frames {
		if _, err := w.Write(pictures[n%patternPeriod]); err != nil {
			return err
		}
	}
	return nil
}

// patternPictures returns the frames of one passage of the square.
func patternPictures() ([patternPeriod][]byte, error) {
	var pictures [patternPeriod][]byte
	wall := image.NewYCbCr(image.Rect(0, 0, patternWidth, patternHeight), image.YCbCrSubsampleRatio420)
	random := rand.New(rand.NewPCG(1, 1)) // the same pattern every time
	for i := range wall.Y {
		wall.Y[i] = byte(100 + random.IntN(patternGrain))
	}
	for i := range wall.Cb {
		wall.Cb[i], wall.Cr[i] = 118, 136
	}
	picture := *wall
	picture.Y = make([]byte, len(wall.Y))
	for n := range pictures {
		copy(picture.Y, wall.Y)
		for y := patternSquare; y < 2*patternSquare; y++ {
			row := picture.Y[y*picture.YStride+n*patternSpeed:]
			for x := range patternSquare {
				row[x] += 100
			}
		}
		var encoded bytes.Buffer
		if err := jpeg.Encode(&encoded, &picture, &jpeg.Options{Quality: patternQuality}); err != nil {
			return pictures, err
		}
		pictures[n] = encoded.Bytes()
	}
	return pictures, nil
}
