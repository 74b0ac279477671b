package follow_test

import (
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"edged/follow"
	"edged/internal/testkit"
)

const (
	sheetRows, sheetColumns = 3, 12
	cropSide                = 96
)

// crop is what the model gets of a target: the newest frame of a window.
type crop struct {
	rgb []byte
	box [4]float64
}

// TestContactSheet draws the crops of three targets of vtest.avi over time, a row for each. To keep the picture:
//
//	go test ./follow -run ContactSheet -artifacts -outputdir DIR
func TestContactSheet(t *testing.T) {
	testkit.Slow(t)
	const width, height = 384, 288
	f, err := follow.New(follow.Options{Width: width, Height: height, Frames: 16, Max: 12})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var kept [16][]byte
	tick := 0
	crops := map[uint64][]crop{}
	picture := func(age int) []byte { return kept[(tick-age+len(kept))%len(kept)] }
	eachPicture(t, width, height, func(rgb []byte) {
		kept[tick%len(kept)] = append(kept[tick%len(kept)][:0], rgb...)
		f.Push(rgb)
		if tick%stride == 0 {
			for _, target := range slices.Clone(f.Targets()) {
				c := crop{make([]byte, 3*cropSide*cropSide), target.Box}
				if f.Window(target.ID, c.rgb, cropSide, picture, func([]byte) {}) {
					crops[target.ID] = append(crops[target.ID], c)
				}
			}
		}
		tick++
	})
	longest := slices.SortedFunc(maps.Keys(crops), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(travelled(crops[b]), travelled(crops[a])), cmp.Compare(a, b))
	})
	if len(longest) < sheetRows {
		t.Fatalf("%d targets, want at least %d", len(longest), sheetRows)
	}
	sheet := image.NewRGBA(image.Rect(0, 0, sheetColumns*(cropSide+4), sheetRows*(cropSide+4)))
	for row, id := range longest[:sheetRows] {
		all := crops[id]
		if len(all) < sheetColumns {
			t.Fatalf("target %d has %d windows, want at least %d", id, len(all), sheetColumns)
		}
		for column := range sheetColumns {
			paste(sheet, column*(cropSide+4), row*(cropSide+4), all[column*(len(all)-1)/(sheetColumns-1)].rgb)
		}
		t.Logf("row %d: target %d, %d windows, from %.2f to %.2f", row+1, id, len(all), all[0].box, all[len(all)-1].box)
	}
	writePNG(t, filepath.Join(t.ArtifactDir(), "crops.png"), sheet)
}

// travelled is how far a target went to the side, as a part of the picture.
func travelled(crops []crop) float64 {
	first, last := crops[0].box, crops[len(crops)-1].box
	return max(first[0]-last[0], last[0]-first[0])
}

func paste(to *image.RGBA, x0, y0 int, rgb []byte) {
	for i := range cropSide * cropSide {
		to.Set(x0+i%cropSide, y0+i/cropSide, color.RGBA{rgb[3*i], rgb[3*i+1], rgb[3*i+2], 255})
	}
}

func writePNG(t *testing.T, path string, m image.Image) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, m); err != nil {
		t.Fatal(err)
	}
	t.Log(path)
}
