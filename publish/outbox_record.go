package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"edged/internal/bounds"
	"edged/internal/clock"
	"edged/internal/sink"
)

// entry is one line of the log.
type entry struct {
	Head   uint64  // number of the oldest event that waits
	Seq    uint64  // number of Record
	Record *record `json:",omitempty"`
}

// record is an event on disk.
type record struct {
	Run       string        // the event's ID.Run
	Boot      string        // names the run of the kernel
	Wall      time.Time     // when the event came into the outbox,
	Monotonic time.Duration // on both clocks
	Event     savedEvent

	number uint64 // in the log; 0 = it has to be written there
}

// savedEvent is a sink.Event by the names that older versions use as well.
type savedEvent struct {
	ID                 uint64
	Source             string // path of the view
	Label              string
	Phase              savedPhase
	Score, Peak        float32
	Start, End, Newest time.Duration
	// Older versions have none of these.
	Model                  sink.Model `json:",omitzero"`
	Clip                   string     `json:",omitzero"`
	Track                  uint64     `json:",omitzero"`
	Box, StartBox, PeakBox [4]float64 `json:",omitzero"`
	// Zones is nil where the view has none, and empty where the target was in none.
	Zones, StartZones, PeakZones []string `json:",omitzero"`
}

// savedPhase is the index of a phase.
type savedPhase uint8

var phaseNames = [...]sink.Phase{sink.Start, sink.Update, sink.End}

// UnmarshalJSON refuses what is no phase: a file may hold anything.
func (p *savedPhase) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 8)
	if err == nil && n >= uint64(len(phaseNames)) {
		err = fmt.Errorf("phase %d", n)
	}
	*p = savedPhase(n)
	return err
}

func newRecord(q *queued, boot string, now clock.Instant) record {
	r := record{Run: q.ID.Run, Boot: boot, Wall: now.At(q.since), Monotonic: q.since, Event: savedEvent{
		ID: q.ID.N, Source: q.View, Label: q.Label, Score: finite(q.Score), Peak: finite(q.Peak), Start: q.Start, End: q.End, Newest: q.Newest,
		Model: q.Model, Clip: q.Clip, Track: q.Track, Box: finiteBox(q.Box), StartBox: finiteBox(q.StartBox), PeakBox: finiteBox(q.PeakBox),
		Zones: q.Zones, StartZones: q.StartZones, PeakZones: q.PeakZones,
	}}
	for i, name := range phaseNames {
		if q.Phase == name {
			r.Event.Phase = savedPhase(i)
		}
	}
	if q.earlier != nil {
		r.Boot, r.Wall, r.Monotonic = "", q.earlier.Wall, q.earlier.Monotonic
	}
	return r
}

// finite returns 0 for a number that JSON does not have.
func finite[T float32 | float64](x T) T {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return 0
	}
	return x
}

// names leaves out what is no name: a file may hold anything.
func names(list []string) []string {
	return slices.DeleteFunc(list, func(name string) bool { return bounds.CheckName(name) != nil })
}

func finiteBox(box [4]float64) [4]float64 {
	for i := range box {
		box[i] = finite(box[i])
	}
	return box
}

// queued returns the event as it waits in a process of this run of the kernel.
func (r *record) queued(boot string, now time.Duration) queued {
	camera, _, _ := strings.Cut(r.Event.Source, "/")
	q := queued{number: r.number, since: r.Monotonic, Event: sink.Event{
		ID: sink.ID{Run: r.Run, N: r.Event.ID}, Camera: camera, View: r.Event.Source, Label: r.Event.Label,
		Phase: phaseNames[r.Event.Phase], Score: r.Event.Score, Peak: r.Event.Peak,
		Start: r.Event.Start, End: r.Event.End, Newest: r.Event.Newest,
		Model: r.Event.Model, Clip: r.Event.Clip, Track: r.Event.Track, Box: r.Event.Box, StartBox: r.Event.StartBox, PeakBox: r.Event.PeakBox,
		Zones: names(r.Event.Zones), StartZones: names(r.Event.StartZones), PeakZones: names(r.Event.PeakZones),
	}}
	if r.Boot == "" || r.Boot != boot {
		q.since, q.earlier = now, &clock.Instant{Wall: r.Wall, Monotonic: r.Monotonic}
	}
	return q
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encodeLines returns a line for each of the records, numbered from next on, or a line that has only the head.
func encodeLines(head, next uint64, records []record) []byte {
	if len(records) == 0 {
		return appendLine(nil, entry{Head: head})
	}
	var lines []byte
	for i := range records {
		lines = appendLine(lines, entry{Head: head, Seq: next + uint64(i), Record: &records[i]})
	}
	return lines
}

func appendLine(dst []byte, e entry) []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts, numbers and times
	}
	return appendChecksum(dst, text)
}

func appendChecksum(dst, text []byte) []byte {
	return fmt.Appendf(dst, "%08x %s\n", crc32.Checksum(text, castagnoli), text)
}

// decodeLine reads a line, with its end.
func decodeLine(line []byte) (e entry, err error) {
	sum, text, _ := bytes.Cut(line[:len(line)-1], []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil {
		return e, err
	}
	if crc32.Checksum(text, castagnoli) != uint32(want) {
		return e, errors.New("wrong checksum")
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return e, err
	}
	if max(e.Head, e.Seq) > maxNumber {
		return e, fmt.Errorf("number %d", max(e.Head, e.Seq))
	}
	return e, nil
}

// maxNumber is larger than any event's number.
const maxNumber = 1 << 62

// bootID names this run of the kernel; "" = the kernel has no name for it.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
