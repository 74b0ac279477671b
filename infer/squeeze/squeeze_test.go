package squeeze

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// reference squeezes a whole clip, frames[t] = [H,W,3], by the definition.
func reference(frames [][]byte, l Layout, table *Table) []byte {
	n := table.Type.Bytes()
	window := make([]byte, l.Height*l.Width*3*l.Frames*n)
	for t, frame := range frames {
		for pixel := range l.Height * l.Width {
			for c := range 3 {
				channel := t*3 + c
				if l.ColorMajor {
					channel = c*l.Frames + t
				}
				entry := c*256 + int(frame[pixel*3+c])
				copy(window[(pixel*3*l.Frames+channel)*n:], table.entries[entry*n:][:n])
			}
		}
	}
	return window
}

var (
	plain    = [3]float64{128, 128, 128}
	imagenet = [3]float64{123.675, 116.28, 103.53}
	imageStd = [3]float64{58.395, 57.12, 57.375}
)

func tables(t testing.TB) map[string]*Table {
	t.Helper()
	made := map[string]*Table{}
	for name, f := range map[string]func() (*Table, error){
		"xor":     func() (*Table, error) { return NewTable(Int8, plain, plain, Quantization{1.0 / 128, 0}) },
		"int8":    func() (*Table, error) { return NewTable(Int8, imagenet, imageStd, Quantization{0.0186, -14}) },
		"uint8":   func() (*Table, error) { return NewTable(UInt8, imagenet, imageStd, Quantization{0.0186, 114}) },
		"float32": func() (*Table, error) { return NewTable(Float32, imagenet, imageStd, Quantization{}) },
	} {
		table, err := f()
		if err != nil {
			t.Fatal(err)
		}
		made[name] = table
	}
	return made
}

func TestPushAndHoldEqualReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, table := range tables(t) {
		for _, l := range []Layout{
			{Height: 1, Width: 1, Frames: 1}, {Height: 1, Width: 1, Frames: 2}, {Height: 3, Width: 5, Frames: 8},
			{Height: 16, Width: 16, Frames: 16}, // one piece exactly
			{Height: 17, Width: 31, Frames: 3},  // pieces and a rest
			{Height: 96, Width: 96, Frames: 16},
		} {
			for _, l.ColorMajor = range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%dx%dx%d/ct=%t", name, l.Frames, l.Height, l.Width, l.ColorMajor), func(t *testing.T) {
					// The bytes around the window must stay as they are.
					const guard = 64
					size := l.Height * l.Width * 3 * l.Frames * table.Type.Bytes()
					memory := bytes.Repeat([]byte{0xA5}, size+2*guard)
					w, err := New(memory[guard:guard+size:guard+size], l, table)
					if err != nil {
						t.Fatal(err)
					}
					var clip [][]byte
					for i := range 3*l.Frames + 5 {
						if i > 0 && random.IntN(4) == 0 {
							w.Hold()
							clip = append(clip, clip[len(clip)-1])
							continue
						}
						frame := make([]byte, w.frameBytes())
						for j := range frame {
							frame[j] = byte(random.Uint32())
						}
						w.Push(frame)
						clip = append(clip, frame)
						if len(clip) < l.Frames {
							continue
						}
						want := reference(clip[len(clip)-l.Frames:], l, table)
						if !bytes.Equal(w.memory, want) {
							t.Fatalf("window %d differs from the reference", i)
						}
					}
					for i, b := range memory {
						if (i < guard || i >= guard+size) && b != 0xA5 {
							t.Fatalf("byte %d beside the window was written", i-guard)
						}
					}
				})
			}
		}
	}
}

// Any layout over any memory: refused, or the window that the definition gives.
func FuzzWindow(f *testing.F) {
	f.Add(3, 5, 4, false, "int8", 3*5*3*4, []byte{1, 2, 3})
	f.Add(2, 2, 3, true, "float32", 2*2*3*3*4, []byte{0, 255})
	f.Add(17, 16, 2, true, "xor", 17*16*3*2, []byte{7})
	f.Add(math.MaxInt, 2, 1, false, "uint8", 0, []byte{})
	f.Add(1<<32, 1<<32, 16, false, "int8", 0, []byte{})
	made := tables(f)
	f.Fuzz(func(t *testing.T, height, width, frames int, colorMajor bool, kind string, size int, pixels []byte) {
		table := made[kind]
		if table == nil || size < 0 || size > 1<<16 || len(pixels) == 0 {
			return
		}
		l := Layout{Height: height, Width: width, Frames: frames, ColorMajor: colorMajor}
		w, err := New(make([]byte, size), l, table)
		if err != nil {
			return
		}
		var clip [][]byte
		for i := range frames {
			frame := make([]byte, w.frameBytes())
			for j := range frame {
				frame[j] = pixels[(i+j)%len(pixels)]
			}
			clip = append(clip, frame)
			w.Push(frame)
		}
		if !bytes.Equal(w.memory, reference(clip, l, table)) {
			t.Fatal("the window differs from the reference")
		}
	})
}

func TestTable(t *testing.T) {
	made := tables(t)
	if f := made["xor"].flip; f != 0x80 {
		t.Errorf("plain int8 model: flip %#x, want 0x80", f)
	}
	if f := made["int8"].flip; f != -1 {
		t.Errorf("ImageNet mean and std: flip %#x, want none", f)
	}
	// u8 = 255, R: (255-123.675)/58.395 = 2.24891; /0.0186 = 120.909, rounds to 121.
	for name, want := range map[string]byte{"int8": 121 - 14, "uint8": 121 + 114} {
		if got := made[name].entries[255]; got != want {
			t.Errorf("%s of 255 is %d, want %d", name, got, want)
		}
	}
	// u8 = 0, R: -2.11790; /0.0186 = -113.866; -114-14 = -128 exactly; uint8: 0 exactly.
	if got := int8(made["int8"].entries[0]); got != -128 {
		t.Errorf("int8 of 0 is %d, want -128", got)
	}
	got := math.Float32frombits(binary.NativeEndian.Uint32(made["float32"].entries[4*255:]))
	if want := float32((255 - 123.675) / 58.395); got != want {
		t.Errorf("float32 of 255 is %g, want %g", got, want)
	}
}

func TestTableSaturatesAndRoundsHalvesToEven(t *testing.T) {
	one := [3]float64{1, 1, 1}
	table, err := NewTable(Int8, [3]float64{}, one, Quantization{Scale: 2, ZeroPoint: 100})
	if err != nil {
		t.Fatal(err)
	}
	for u, want := range map[int]int8{0: 100, 1: 100, 2: 101, 3: 102, 5: 102, 54: 127, 55: 127, 255: 127} {
		if got := int8(table.entries[u]); got != want {
			t.Errorf("u8 %d at scale 2 is %d, want %d", u, got, want)
		}
	}
	if _, err := NewTable(UInt8, [3]float64{}, one, Quantization{}); err == nil {
		t.Error("a quantized table without a scale was made")
	}
}

func TestNewRefusesWrongMemory(t *testing.T) {
	table := tables(t)["xor"]
	if _, err := New(make([]byte, 47), Layout{Height: 1, Width: 1, Frames: 16}, table); err == nil {
		t.Error("47 bytes were taken for a window of 48")
	}
	if _, err := New(nil, Layout{Height: 0, Width: 1, Frames: 16}, table); err == nil {
		t.Error("a window without height was made")
	}
}

func TestPushPanicsOnAWrongFrame(t *testing.T) {
	w, frame := sized(t, 8, false, "xor")
	defer func() {
		if recover() == nil {
			t.Error("a frame that is too short was read beyond its end")
		}
	}()
	w.Push(frame[1:])
}

func TestParseType(t *testing.T) {
	for _, want := range []Type{Int8, UInt8, Float32} {
		if got, err := ParseType(want.String()); err != nil || got != want {
			t.Errorf("%s is read as %v, %v", want, got, err)
		}
	}
	if _, err := ParseType("int16"); err == nil {
		t.Error("int16 was accepted")
	}
}

func TestPushDoesNotAllocate(t *testing.T) {
	w, frame := sized(t, 96, false, "xor")
	if n := testing.AllocsPerRun(10, func() { w.Push(frame); w.Hold() }); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

func sized(t testing.TB, size int, colorMajor bool, table string) (*Window, []byte) {
	t.Helper()
	l := Layout{Height: size, Width: size, Frames: 16, ColorMajor: colorMajor}
	tab := tables(t)[table]
	w, err := New(make([]byte, size*size*48*tab.Type.Bytes()), l, tab)
	if err != nil {
		t.Fatal(err)
	}
	return w, make([]byte, w.frameBytes())
}

// BenchmarkPush pushes a frame and copies as many bytes as the window has, in turn. The metric push/memcpy is the ratio
// of the fastest of each: the price of a window, whatever else the machine does meanwhile.
func BenchmarkPush(b *testing.B) {
	for _, size := range []int{96, 224} {
		for _, table := range []string{"xor", "int8", "float32"} {
			for _, order := range []string{"tc", "ct"} {
				b.Run(fmt.Sprintf("%d/%s/%s", size, table, order), func(b *testing.B) {
					w, frame := sized(b, size, order == "ct", table)
					from, to := bytes.Clone(w.memory), bytes.Clone(w.memory)
					push, memcpy := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
					for b.Loop() {
						began := time.Now()
						w.Push(frame)
						middle := time.Now()
						copy(to, from)
						memcpy = min(memcpy, time.Since(middle))
						push = min(push, middle.Sub(began))
					}
					b.ReportMetric(float64(push)/float64(memcpy), "push/memcpy")
				})
			}
		}
	}
}
