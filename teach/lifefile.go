package teach

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"crypto/sha256"
)

// The ordinary life of a view is one file: a head, then a place for each stretch. Only places that have changed are written. Each has a checksum: one
// that a power cut has torn is dropped, and the sample is smaller by one.
//
//	head:  magic, packed bytes uint32, seen of each kind uint64, watched ns uint64, places of still stretches uint32, CRC-32 uint32; padded to lifeHead
//	place: CRC-32 uint32, used uint32 (1, or 0 for an empty place), the stretch
const (
	lifeMagic  = "edged-life 1\n\x00\x00\x00"
	lifeHead   = 512
	placeHead  = 8
	lifeFolder = "life"
	// mostLifeFiles are kept of views and models that are not used now: who goes back to a model finds what was sampled with it.
	mostLifeFiles = 32
)

// lifePath is the file for a view and a model.
func (t *Teacher) lifePath(v *View) string {
	sum := sha256.Sum256([]byte(v.Path + "\n" + v.Model))
	return t.store.path(lifeFolder, hex.EncodeToString(sum[:8])+".life")
}

// openLife reads the view's ordinary life, if there is a file. The caller holds mu.
func (t *Teacher) openLife(v *View) {
	if t.store.dir == "" || !t.loaded || !v.CanTeach() {
		return
	}
	path := t.lifePath(v)
	f, err := os.Open(path)
	if err != nil {
		return // there is none, or saveLife says why not
	}
	defer f.Close()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.life.watched > 0 { // this process has begun without the folder
		return
	}
	if err := v.life.read(f); err != nil {
		v.life = newLife(v.numbers, lifeBytes/v.share())
		t.o.Log.Warn("teach: edged samples ordinary life anew, because its file is damaged", "view", v.Path, "file", path, "error", err)
	}
	v.counted = v.life.watched // by an earlier process, which has counted it
}

// read reads a file of saveLife.
func (l *life) read(f io.ReaderAt) error {
	head := make([]byte, lifeHead)
	if _, err := f.ReadAt(head, 0); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	if !bytes.HasPrefix(head, []byte(lifeMagic)) || !sound(head) || int(binary.LittleEndian.Uint32(head[16:])) != l.packed {
		return errors.New("head: it is not that of this view")
	}
	for k := range l.kinds {
		l.kinds[k].seen = binary.LittleEndian.Uint64(head[24+8*k:])
	}
	l.watched = time.Duration(min(binary.LittleEndian.Uint64(head[48:]), uint64(10*365*24*time.Hour)))
	moved := int(binary.LittleEndian.Uint32(head[56:])) != l.kinds[still].most // the room was another one: everything has another place
	row := make([]byte, placeHead+stretchBytes(l.packed))
	for place := 0; ; place++ {
		if n, _ := f.ReadAt(row, l.offset(place)); n < len(row) {
			break
		}
		s := stretch(row[placeHead:])
		if !soundRow(row) || !s.sound() {
			continue
		}
		r := &l.kinds[s.kind()]
		moved = moved || place != l.first(s.kind())+len(r.stretches) // a place before it is torn
		if len(r.stretches) < r.most {
			r.stretches = append(r.stretches, slices.Clone(s))
		}
	}
	for k := range l.kinds {
		r := &l.kinds[k]
		r.seen = max(r.seen, uint64(len(r.stretches)))
		for i := range r.changed {
			r.changed[i] = moved
		}
	}
	return nil
}

// first is the first place of a kind.
func (l *life) first(k kind) int {
	if k == still {
		return 0
	}
	return l.kinds[still].most
}

func (l *life) offset(place int) int64 {
	return lifeHead + int64(place)*int64(placeHead+stretchBytes(l.packed))
}

// size is that of the file.
func (l *life) size() int64 { return l.offset(l.kinds[still].most + l.kinds[moving].most) }

// sound checks the checksum in the last four bytes of a head.
func sound(head []byte) bool {
	at := len(head) - 4
	return binary.LittleEndian.Uint32(head[at:]) == crc32.ChecksumIEEE(head[:at])
}

func soundRow(row []byte) bool {
	return binary.LittleEndian.Uint32(row[4:]) == 1 && binary.LittleEndian.Uint32(row) == crc32.ChecksumIEEE(row[4:])
}

// saveLife writes what has changed of the view's ordinary life. The caller holds mu.
func (t *Teacher) saveLife(v *View) {
	if t.store.dir == "" || !v.CanTeach() {
		return
	}
	head, rows := v.changedLife()
	if len(rows) == 0 {
		return
	}
	path := t.lifePath(v)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		_, err = os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			t.pruneLife(filepath.Dir(path))
		}
		err = writeRows(path, head, rows, v.life.size())
	}
	if err != nil {
		v.again(rows)
	}
	_ = t.saved(err)
}

// lifeRow is a place of the file that must be written.
type lifeRow struct {
	kind   kind
	index  int
	offset int64
	data   []byte
}

// changedLife returns the file's head and the places that have changed since the last call.
func (v *View) changedLife() (head []byte, rows []lifeRow) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.life
	for k := range kinds {
		r := &l.kinds[k]
		for i := range r.changed {
			if r.changed[i] {
				r.changed[i] = false
				rows = append(rows, lifeRow{k, i, l.offset(l.first(k) + i), r.row(i, l.packed)})
			}
		}
	}
	return l.head(), rows
}

func (l *life) head() []byte {
	head := make([]byte, lifeHead)
	copy(head, lifeMagic)
	binary.LittleEndian.PutUint32(head[16:], uint32(l.packed)) //nolint:gosec // bounded by models
	for k := range l.kinds {
		binary.LittleEndian.PutUint64(head[24+8*k:], l.kinds[k].seen)
	}
	binary.LittleEndian.PutUint64(head[48:], uint64(l.watched))           //nolint:gosec // never negative
	binary.LittleEndian.PutUint32(head[56:], uint32(l.kinds[still].most)) //nolint:gosec // bounded by lifeBytes
	binary.LittleEndian.PutUint32(head[lifeHead-4:], crc32.ChecksumIEEE(head[:lifeHead-4]))
	return head
}

// row is place i as the file has it. A place without a stretch is empty.
func (r *reservoir) row(i, packed int) []byte {
	row := make([]byte, placeHead+stretchBytes(packed))
	if i < len(r.stretches) {
		row[4] = 1
		copy(row[placeHead:], r.stretches[i])
	}
	binary.LittleEndian.PutUint32(row, crc32.ChecksumIEEE(row[4:]))
	return row
}

// again has the places written the next time.
func (v *View) again(rows []lifeRow) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range rows {
		v.life.kinds[r.kind].changed[r.index] = true
	}
}

// writeRows writes the head and the places into the file, which gets that size.
func writeRows(path string, head []byte, rows []lifeRow, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(head, 0)
	for _, r := range rows {
		if err == nil {
			_, err = f.WriteAt(r.data, r.offset)
		}
	}
	if err == nil {
		err = errors.Join(f.Truncate(size), f.Sync())
	}
	return errors.Join(err, f.Close())
}

// pruneLife makes room for another file: the one that was written longest ago goes.
func (t *Teacher) pruneLife(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < mostLifeFiles {
		return
	}
	oldest, at := "", time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && (oldest == "" || info.ModTime().Before(at)) {
			oldest, at = e.Name(), info.ModTime()
		}
	}
	_ = os.Remove(filepath.Join(dir, oldest))
}
