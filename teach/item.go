package teach

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// itemKind says what a stretch of windows stands for.
type itemKind string

const (
	example  itemKind = "example"  // it shows the action
	negative itemKind = "negative" // it does not, though it looked like it
	question itemKind = "question" // nobody has said
)

// item is a stretch of windows that was taken for an action, as a file keeps it. Times are Unix milliseconds.
type item struct {
	ID      string   `json:"id"`
	View    string   `json:"view"`
	Model   string   `json:"model"` // sha256 of the model that made the embeddings
	Time    int64    `json:"time"`  // of the window that shows the action best
	Start   int64    `json:"start"`
	End     int64    `json:"end"`
	Track   uint64   `json:"track,omitempty"`
	Peak    float64  `json:"peak,omitempty"`
	Fired   bool     `json:"fired,omitempty"`
	Live    bool     `json:"live,omitempty"`
	Offsets []int64  `json:"offsets"` // of each window since Start
	Windows [][]byte `json:"windows"` // packed embeddings
	// Pictures are JPEGs. In memory they are kept only where there is no file.
	Pictures [][]byte `json:"pictures,omitempty"`
	Count    int      `json:"picture_count"`

	kind     itemKind
	hopeless string        // sha256 of the model that could make no windows of its pictures
	tried    bool          // it was left out, to see whether it is recognised then
	found    bool          // it was recognised when it was left out
	wrongTo  time.Duration // of the action when it made this counter-example; 0 = something else made it
}

const (
	// maxWindows of an item.
	maxWindows = 64
	// maxPictures of an item: about four seconds.
	maxPictures = 48
	// maxPictureBytes is far more than a picture of a model's size.
	maxPictureBytes = 512 << 10
)

// newID returns what no other item or action has.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}

// validID reports whether newID can have returned s. It is part of file names.
func validID(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 8
}

// check says what is wrong with an item that comes from a file.
func (i *item) check() error {
	switch {
	case !validID(i.ID):
		return fmt.Errorf("its id is %q", i.ID)
	case !soundMillis(i.Time) || !soundMillis(i.Start) || !soundMillis(i.End):
		return errors.New("a time is out of bounds")
	case len(i.Windows) > maxWindows || len(i.Windows) != len(i.Offsets):
		return fmt.Errorf("it has %d windows and %d times", len(i.Windows), len(i.Offsets))
	case len(i.Pictures) > maxPictures:
		return fmt.Errorf("it has %d pictures; at most %d", len(i.Pictures), maxPictures)
	case len(i.Windows) == 0 && len(i.Pictures) == 0:
		return errors.New("it has neither windows nor pictures")
	}
	for n, w := range i.Windows {
		if !soundPacked(w) || len(w) != len(i.Windows[0]) || n > 0 && i.Offsets[n] < i.Offsets[n-1] {
			return fmt.Errorf("window %d is damaged", n)
		}
	}
	for n, p := range i.Pictures {
		if len(p) > maxPictureBytes {
			return fmt.Errorf("picture %d has %d bytes; at most %d", n, len(p), maxPictureBytes)
		}
	}
	return nil
}

// belongs reports whether the item's embeddings are those of the model.
func (i *item) belongs(model string, size int) bool {
	return i.Model == model && len(i.Windows) > 0 && len(i.Windows[0]) == packedSize(size)
}

// recording returns the windows with their times.
func (i *item) recording() []Window {
	out := make([]Window, len(i.Windows))
	for n, w := range i.Windows {
		out[n] = Window{Time: time.Duration(i.Offsets[n]) * time.Millisecond, Embedding: unpacked(w)}
	}
	return out
}

// example returns the windows alone.
func (i *item) example() Example {
	out := make(Example, len(i.Windows))
	for n, w := range i.Windows {
		out[n] = unpacked(w)
	}
	return out
}

// soundMillis reports whether a time in Unix milliseconds lies in the years that RFC 3339 can write.
func soundMillis(ms int64) bool { return ms >= 0 && fromMillis(ms).Year() <= 9999 }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
