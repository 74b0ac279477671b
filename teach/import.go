package teach

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Bounds on what a file may hold when it is unpacked.
const (
	maxImportEntries = MaxExamples + MaxNegatives + 1
	maxDirectory     = 256 * maxImportEntries
	maxMain          = 32 << 20
	maxUnpacked      = 2 * MaxImportBytes
)

// Import adds the action in a file that Export wrote to the view, as shadow. The file may be hostile.
func (t *Teacher) Import(r io.ReaderAt, size int64, view string) (Action, error) {
	p, err := openPackage(r, size)
	if err != nil {
		return Action{}, fmt.Errorf("%w: %w", ErrBadFile, err)
	}
	a, err := t.beginImport(p, view)
	if err != nil {
		return Action{}, err
	}
	for _, i := range slices.Concat(p.Examples, p.Negatives) {
		if err := t.importItem(a, p, i); err != nil {
			t.giveUp(a)
			return Action{}, err
		}
	}
	return t.endImport(a)
}

// beginImport adds an action without examples.
func (t *Teacher) beginImport(p *parcel, view string) (*action, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.teachable(view)
	if err != nil {
		return nil, err
	}
	if !p.usable(v, t.embed != nil) {
		return nil, fmt.Errorf("%w: its examples belong to another model, and there are no pictures from which edged could learn them anew", ErrBadFile)
	}
	a := &action{ID: newID(), View: view, Name: p.Name, Created: t.o.Wall().UnixMilli()}
	return a, t.add(a)
}

func (t *Teacher) importItem(a *action, p *parcel, i *item) error {
	pictures, err := p.pictures(i)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBadFile, p.path(i), err)
	}
	own := *i
	own.ID, own.View, own.Pictures = newID(), a.View, pictures
	if err := own.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadFile, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID(a.ID) == nil {
		return fmt.Errorf("%w: %q was forgotten while it was imported", ErrUnknownAction, a.Name)
	}
	return t.addItem(a, &own)
}

// giveUp takes an import back.
func (t *Teacher) giveUp(a *action) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID(a.ID) != nil {
		_ = t.remove(a) // saved has noted why not
	}
}

func (t *Teacher) endImport(a *action) (Action, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.did(a, fmt.Sprintf("import %q", a.Name), func() error { return t.remove(a) })
	return t.describe(a), nil
}

// parcel is an export that is being read.
type parcel struct {
	exported
	files    map[string]*zip.File
	unpacked int64 // bytes so far
}

// openPackage reads all but the pictures, and checks it.
func openPackage(r io.ReaderAt, size int64) (*parcel, error) {
	if err := checkDirectory(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxImportEntries {
		return nil, fmt.Errorf("it has %d files; at most %d", len(z.File), maxImportEntries)
	}
	p := &parcel{files: map[string]*zip.File{}}
	for _, f := range z.File {
		p.files[f.Name] = f
	}
	main, err := p.read(exportMain, maxMain)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(main, &p.exported); err != nil {
		return nil, fmt.Errorf("%s: %w", exportMain, err)
	}
	return p, p.check()
}

// checkDirectory makes sure that the list of files in the zip file is small before it is read into memory. Export writes neither a comment nor Zip64.
func checkDirectory(r io.ReaderAt, size int64) error {
	const length = 22
	if size < length || size > MaxImportBytes {
		return fmt.Errorf("it has %d bytes; at most %d", size, MaxImportBytes)
	}
	end := make([]byte, length)
	if _, err := r.ReadAt(end, size-length); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	bytes, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if string(end[:4]) != "PK\x05\x06" || bytes > maxDirectory || offset > size-length || size-length-offset > maxDirectory {
		return errors.New("it is no zip file that edged wrote")
	}
	return nil
}

// read unpacks one file.
func (p *parcel) read(name string, most int64) ([]byte, error) {
	f := p.files[name]
	if f == nil {
		return nil, fmt.Errorf("%s is missing", name)
	}
	most = min(most, maxUnpacked-p.unpacked)
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	p.unpacked += int64(len(data))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return data, err
}

// check says what is wrong with teach.json.
func (p *parcel) check() error {
	switch {
	case p.Format != exportFormat:
		return fmt.Errorf("its format is %d; this edged reads %d", p.Format, exportFormat)
	case len(p.Examples) == 0:
		return errors.New("it has no example")
	case len(p.Examples) > MaxExamples || len(p.Negatives) > MaxNegatives:
		return fmt.Errorf("it has %d examples and %d counter-examples; at most %d and %d", len(p.Examples), len(p.Negatives), MaxExamples, MaxNegatives)
	}
	for n, i := range slices.Concat(p.Examples, p.Negatives) {
		if i == nil || len(i.Pictures) > 0 {
			return fmt.Errorf("example %d is damaged", n)
		}
		i.kind = example
		if n >= len(p.Examples) {
			i.kind = negative
		}
		if err := i.check(); err != nil && (len(i.Windows) > 0 || p.files[p.path(i)] == nil) {
			return fmt.Errorf("example %d: %w", n, err)
		}
	}
	return nil
}

// usable reports whether a view can learn from at least one example.
func (p *parcel) usable(v *View, embeds bool) bool {
	return slices.ContainsFunc(p.Examples, func(i *item) bool {
		return i.belongs(v.Model, v.numbers) || embeds && p.files[p.path(i)] != nil
	})
}

// pictures reads those of the item; none if there are none.
func (p *parcel) pictures(i *item) ([][]byte, error) {
	if p.files[p.path(i)] == nil {
		return nil, nil
	}
	data, err := p.read(p.path(i), maxPictures*maxPictureBytes)
	if err != nil {
		return nil, err
	}
	return readAVI(data)
}
