// Package weightcache keeps the weights of large models as XNNPACK packs them, in files of the state folder. A model whose weights
// are mapped from such a file starts faster, and its weights are pages of a file that the kernel can drop and read again.
//
// XNNPACK trusts the file. So it is used only for the same model, library and CPU as it was made for, and only if a checksum shows
// that it is undamaged. It is written beside its place and renamed once it is complete.
package weightcache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edged/infer/delegate"
	"edged/infer/engine"
	"edged/internal/durable"
	"edged/models"
)

// minBytes is the size of a model for which a cache is worth its file.
const minBytes = 4 << 20

const (
	prefix     = "weights-"
	suffix     = ".xnnpack"
	sumSuffix  = ".sum" // size and CRC-32C of the file; written last
	partSuffix = ".part"
)

// Cache is the place of one model's packed weights. A nil Cache holds nothing and never will.
type Cache struct {
	path string
}

// For returns the place in the folder dir for the model's weights. It is nil if there is no folder, if the model is small, or if the
// delegate or this TFLite cannot use a cache.
func For(dir string, m *models.Model, o engine.Options) *Cache {
	d, err := delegate.Parse(o.Delegate)
	if dir == "" || len(m.Data) < minBytes || err != nil || d.Kind != delegate.XNNPACK || !engine.CanCacheWeights() {
		return nil
	}
	machine, err := fingerprint()
	if err != nil {
		return nil // without /proc nothing tells one CPU from another
	}
	return at(dir, m.SHA256, machine)
}

func at(dir, model, machine string) *Cache {
	key := sha256.Sum256([]byte(model + "\n" + machine))
	return &Cache{filepath.Join(dir, prefix+hex.EncodeToString(key[:8])+suffix)}
}

// Unfinished returns the path at which the file is to be written; "" for nil.
func (c *Cache) Unfinished() string {
	if c == nil {
		return ""
	}
	return c.path + partSuffix
}

// File returns the path of the file, or "" if there is none that is complete. Check must have accepted it.
func (c *Cache) File() string {
	if c == nil {
		return ""
	}
	for _, path := range []string{c.path, c.path + sumSuffix} {
		if _, err := os.Stat(path); err != nil {
			return ""
		}
	}
	return c.path
}

// Check returns an error unless the file is there and undamaged. It reads all of it.
func (c *Cache) Check() error {
	want, err := os.ReadFile(c.path + sumSuffix)
	if err != nil {
		return err
	}
	got, err := checksum(c.path)
	if err != nil {
		return err
	}
	if got != string(want) {
		return fmt.Errorf("%s is damaged: size and checksum are %s, and were %s", c.path, strings.TrimSpace(got), strings.TrimSpace(string(want)))
	}
	return nil
}

// Commit takes the file that was written at Unfinished. A power cut at any moment leaves the cache as it was or empty.
func (c *Cache) Commit() error {
	if err := os.Remove(c.path + sumSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	sum, err := checksum(c.Unfinished())
	if err != nil {
		return err
	}
	if err := durable.Sync(c.Unfinished()); err != nil {
		return err
	}
	if err := os.Rename(c.Unfinished(), c.path); err != nil {
		return err
	}
	part := c.path + sumSuffix + partSuffix
	if err := os.WriteFile(part, []byte(sum), 0o600); err != nil {
		return err
	}
	return errors.Join(durable.Sync(part), os.Rename(part, c.path+sumSuffix), durable.Sync(filepath.Dir(c.path)))
}

// Discard removes the cache and what is left of an attempt to write it.
func (c *Cache) Discard() {
	for _, path := range []string{c.path + sumSuffix, c.path, c.Unfinished(), c.path + sumSuffix + partSuffix} {
		_ = os.Remove(path)
	}
}

// Prune removes all caches from the folder except these, some of which may be nil.
func Prune(dir string, keep ...*Cache) {
	files, _ := filepath.Glob(filepath.Join(dir, prefix+"*"+suffix+"*"))
	for _, file := range files {
		path := file[:strings.Index(file, suffix)+len(suffix)]
		if !slices.ContainsFunc(keep, func(c *Cache) bool { return c != nil && c.path == path }) {
			_ = os.Remove(file)
		}
	}
}

// checksum returns the file's size and CRC-32C as a line.
func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	size, err := io.Copy(sum, f)
	if err != nil {
		return "", err
	}
	if size == 0 {
		return "", fmt.Errorf("%s is empty", path)
	}
	return fmt.Sprintf("%d %08x\n", size, sum.Sum32()), nil
}
