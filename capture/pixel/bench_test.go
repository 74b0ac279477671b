package pixel

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/pixel/internal/cloop"
)

// webcam is a frame about as large as a webcam's: 46 kB at 640x480.
func webcam(b *testing.B, w, h int) []byte { return goJPEGOf(b, noisy(w, h), 80) }

// noisy is a scene with a sensor's noise.
func noisy(w, h int) *image.RGBA {
	m, random := scene(w, h), rand.New(rand.NewPCG(5, 6))
	for i := range m.Pix {
		if i%4 != 3 {
			m.Pix[i] = byte(max(0, min(255, int(m.Pix[i])+random.IntN(27)-13)))
		}
	}
	return m
}

// BenchmarkDecode measures the CPU time of each format for the table in docs/cameras.md.
func BenchmarkDecode(b *testing.B) {
	for _, size := range [][2]int{{640, 480}, {1280, 720}} {
		all := append(make([]frame, 0, 1+len(rawFormats)), frame{Format{FourCC: MJPEG}, webcam(b, size[0], size[1])})
		for _, fourcc := range rawFormats {
			f := Format{FourCC: fourcc, Width: size[0], Height: size[1]}
			all = append(all, frame{f, bytes.Repeat([]byte{99}, f.Bytes())}) // the content makes no difference
		}
		for _, c := range all {
			for _, side := range []int{96, 224} {
				b.Run(fmt.Sprintf("%v-%dx%d-to-%d", c.format.FourCC, size[0], size[1], side), func(b *testing.B) {
					d := newDecoder(b, side, side)
					d.Timing(true)
					dst := make([]byte, 3*side*side)
					b.ReportAllocs()
					for b.Loop() {
						if err := d.Decode(dst, c.format, c.data); err != nil {
							b.Fatal(err)
						}
					}
					decode, scale := d.Times()
					b.ReportMetric(float64(decode.Microseconds())/float64(b.N), "decode-us/op")
					b.ReportMetric(float64(scale.Microseconds())/float64(b.N), "scale-us/op")
				})
			}
		}
	}
}

// threadCPU is the CPU time of the calling thread, which leaves out all other work on the machine.
func threadCPU(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// BenchmarkAgainstC runs Decode and the bare library calls in turn and reports the ratio of their times as "go/c". The goal is at
// most 1.1 at 96. At 224 the exact average costs some 20 % more than libyuv's box filter, which only approximates it.
func BenchmarkAgainstC(b *testing.B) {
	src := webcam(b, 640, 480)
	for _, c := range []struct{ side, w, h int }{{96, 320, 240}, {224, 640, 480}} {
		b.Run(fmt.Sprintf("mjpeg640x480-to-%d", c.side), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			const frames = 20
			d := newDecoder(b, c.side, c.side)
			dst := make([]byte, 3*c.side*c.side)
			var inGo, inC time.Duration
			for b.Loop() {
				start := threadCPU(b)
				for range frames {
					if err := d.Decode(dst, Format{FourCC: MJPEG}, src); err != nil {
						b.Fatal(err)
					}
				}
				middle := threadCPU(b)
				if err := cloop.JPEG(frames, src, c.w, c.h, c.side, dst); err != nil {
					b.Fatal(err)
				}
				inGo += middle - start
				inC += threadCPU(b) - middle
			}
			b.ReportMetric(float64(inGo)/float64(inC), "go/c")
			b.ReportMetric(float64(inGo.Microseconds())/float64(b.N*frames), "go-us/frame")
			b.ReportMetric(float64(inC.Microseconds())/float64(b.N*frames), "c-us/frame")
			b.ReportMetric(0, "ns/op")
		})
	}
}
