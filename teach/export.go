package teach

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// exported is teach.json in an export. Beside it lie the pictures of each item as NAME/ID.avi, those of counter-examples as none/ID.avi: unpacked, the
// file is a folder for squeezetime train --data.
type exported struct {
	Format    int     `json:"format"`
	Name      string  `json:"name"`
	Model     string  `json:"model"` // sha256 of the model that the examples belong to
	FrameRate float64 `json:"frame_rate"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	Examples  []*item `json:"examples"`
	Negatives []*item `json:"counter_examples"`
}

const (
	exportFormat = 1
	exportMain   = "teach.json"
	noneFolder   = "none"
)

// Export writes the action with its examples and counter-examples as a zip file.
func (t *Teacher) Export(w io.Writer, view, name string) error {
	e, pictures, err := t.collect(view, name)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	main, err := z.Create(exportMain)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(main).Encode(e); err != nil {
		return err
	}
	for _, i := range slices.Concat(e.Examples, e.Negatives) {
		if err := e.writePictures(z, i, pictures[i.ID]); err != nil {
			return err
		}
	}
	return z.Close()
}

// collect copies what Export writes. Items of which the pictures cannot be read have none.
func (t *Teacher) collect(view, name string) (*exported, map[string]func() ([][]byte, error), error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return nil, nil, err
	}
	e := &exported{Format: exportFormat, Name: a.Name, FrameRate: 8}
	if v := t.views[view]; v != nil {
		e.Model, e.FrameRate, e.Width, e.Height = v.Model, v.FrameRate, v.Width, v.Height
	}
	pictures := map[string]func() ([][]byte, error){}
	for _, i := range a.items {
		own := *i
		own.Pictures = nil
		switch i.kind {
		case example:
			e.Examples = append(e.Examples, &own)
		case negative:
			e.Negatives = append(e.Negatives, &own)
		default:
			continue
		}
		pictures[i.ID] = func() ([][]byte, error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.store.pictures(a, i)
		}
	}
	if len(e.Examples) == 0 {
		return nil, nil, fmt.Errorf("%w: %q has no example", ErrNotLearned, name)
	}
	return e, pictures, nil
}

func (e *exported) writePictures(z *zip.Writer, i *item, read func() ([][]byte, error)) error {
	pictures, err := read()
	if err != nil || len(pictures) == 0 {
		return nil //nolint:nilerr // the windows go without them
	}
	file, err := z.CreateHeader(&zip.FileHeader{Name: e.path(i), Method: zip.Store, Modified: fromMillis(i.Time)})
	if err != nil {
		return err
	}
	_, err = file.Write(writeAVI(e.Width, e.Height, e.FrameRate, pictures))
	return err
}

// path is where the item's pictures lie in the file.
func (e *exported) path(i *item) string {
	folder := e.Name
	if i.kind == negative {
		folder = noneFolder
	}
	return folder + "/" + i.ID + ".avi"
}
