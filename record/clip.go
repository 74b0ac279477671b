package record

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"
)

// Event is an action as the timeline keeps it.
type Event struct {
	ID     string     `json:"id"` // as in MQTT messages
	Camera string     `json:"camera"`
	View   string     `json:"view"` // path
	Label  string     `json:"label"`
	Track  uint64     `json:"track,omitempty"` // the target that did it; 0 = the view does not follow
	Peak   float64    `json:"peak_score"`
	Start  time.Time  `json:"start"`
	End    *time.Time `json:"end"`             // null while it goes on
	Zones  []string   `json:"zones,omitempty"` // in which the target was at the action's start, peak or end
	Clip   string     `json:"clip,omitempty"`  // id; "" = there is none
	// ClipState is ClipNone, ClipRecording, ClipSaved, ClipFailed or ClipTrimmed.
	ClipState string `json:"clip_state"`

	suspended time.Duration // how long the machine had slept when it began
}

// What has become of an event's clip.
const (
	ClipNone      = "none"      // recording is off
	ClipRecording = "recording" // being written
	ClipSaved     = "saved"
	ClipFailed    = "failed"  // it could not be written
	ClipTrimmed   = "trimmed" // deleted to make room for newer ones, while the action still goes on
)

// Model identifies the model that the scores come from.
type Model struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Clip is what the JSON file beside a clip holds. Times in it count from the clip's first picture.
type Clip struct {
	Format   int       `json:"format"` // 1
	ID       string    `json:"id"`
	Node     string    `json:"node"`
	Version  string    `json:"version"` // of edged
	Camera   string    `json:"camera"`
	View     string    `json:"view"`
	Area     []float64 `json:"area,omitempty"` // of the view: x, y, width, height, 0 to 1 of the picture
	Model    Model     `json:"model"`
	Start    time.Time `json:"start"` // of the first picture, UTC
	Duration int64     `json:"duration_ms"`
	Width    int       `json:"width"`
	Height   int       `json:"height"`
	Lost     int       `json:"pictures_lost"`       // that the disk was too slow for
	Cut      string    `json:"cut_short,omitempty"` // why the clip ends before its events' end
	Events   []Event   `json:"events"`
	// Labels are those that Windows has scores of: every label of an event, and what came near to one.
	Labels  []string    `json:"labels"`
	Windows [][]float64 `json:"windows"` // [milliseconds, score of Labels[0], …]
	// Targets says for each of Windows which target it shows and where: [track, x, y, width, height], the box 0 to 1 of the view. Only a view
	// that follows has them.
	Targets [][5]float64 `json:"targets,omitempty"`
	Frames  [][3]int64   `json:"frames"` // [milliseconds, offset of the JPEG in the .mkv, its size], in bytes
}

const clipFormat = 1

// idForm is what clips' ids look like: the time in UTC and 64 random bits, which nobody guesses.
var idForm = regexp.MustCompile(`^\d{8}-\d{6}-[0-9a-f]{16}$`)

func newID(now time.Time) string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // it never fails
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(random[:])
}

// ValidID reports whether s can be the id of a clip. It contains no path then.
func ValidID(s string) bool { return idForm.MatchString(s) }

// parseClip reads the file beside the clip with that id.
func parseClip(id string, data []byte) (*Clip, error) {
	var c Clip
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Format != clipFormat:
		return nil, fmt.Errorf("format %d; this edged knows %d", c.Format, clipFormat)
	case c.ID != id:
		return nil, fmt.Errorf("it describes clip %q", c.ID)
	case len(c.Events) == 0 || len(c.Frames) == 0:
		return nil, errors.New("it has no event or no picture")
	}
	return &c, nil
}

// round4 keeps the four decimals that edged publishes. NaN becomes 0: JSON has none.
func round4(score float32) float64 {
	if s := float64(score); !math.IsNaN(s) && !math.IsInf(s, 0) {
		return math.Round(s*1e4) / 1e4
	}
	return 0
}
