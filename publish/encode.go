package publish

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// wallFormat is RFC 3339 with milliseconds. Times are converted to UTC first.
const wallFormat = "2006-01-02T15:04:05.000Z07:00"

// eventEncoder writes events as JSON.
type eventEncoder struct {
	model   sink.Model // of events that do not name their own
	encoded string     // the model as JSON
	page    string     // where the page shows events, up to an event's id; "" = nowhere
}

func newEventEncoder(m sink.Model) eventEncoder {
	return eventEncoder{model: m, encoded: encodeModel(m)}
}

func encodeModel(m sink.Model) string {
	return `{"name":` + quote(m.Name) + `,"sha256":` + quote(m.SHA256) + `}`
}

// append writes the event as of now. Its times become wall times. latency_ms is the time since the newest frame was captured; for an
// event from before the machine started it is at least the time since the start, whatever the wall clock says.
func (enc *eventEncoder) append(dst []byte, e *queued, a *ActionTopics, now clock.Instant) []byte {
	at := now
	if e.earlier != nil {
		at = *e.earlier
	}
	dst = append(dst, `{"id":"`...)
	dst = append(dst, e.ID.Run...)
	dst = append(dst, '-')
	dst = strconv.AppendUint(dst, e.ID.N, 10)
	dst = append(dst, `","event_type":`...)
	dst = append(dst, a.quoted...)
	dst = append(dst, `,"phase":"`...)
	dst = append(dst, e.Phase...)
	dst = append(dst, `",`...)
	dst = append(dst, a.view.source...)
	dst = append(dst, `,"score":`...)
	dst = AppendScore(dst, e.Score)
	dst = append(dst, `,"peak_score":`...)
	dst = AppendScore(dst, e.Peak)
	dst = append(dst, `,"start":`...)
	dst = appendWall(dst, at.At(e.Start))
	dst = append(dst, `,"end":`...)
	if e.Phase == sink.End {
		dst = appendWall(dst, at.At(e.End))
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"latency_ms":`...)
	latency := now.Monotonic - e.Newest
	if at != now {
		latency = max(now.Wall.Sub(at.At(e.Newest)), now.Monotonic+at.Monotonic-e.Newest)
	}
	dst = strconv.AppendFloat(dst, float64(latency)/float64(time.Millisecond), 'f', 1, 64)
	if e.Track != 0 {
		dst = append(dst, `,"track":`...)
		dst = strconv.AppendUint(dst, e.Track, 10)
		dst = appendBox(dst, "box", e.Box)
		dst = appendBox(dst, "start_box", e.StartBox)
		dst = appendBox(dst, "peak_box", e.PeakBox)
	}
	if e.Zones != nil {
		dst = appendZones(dst, "zones", e.Zones)
		dst = appendZones(dst, "start_zones", e.StartZones)
		dst = appendZones(dst, "peak_zones", e.PeakZones)
	}
	if e.Clip != "" {
		dst = append(dst, `,"clip":`...)
		dst = strconv.AppendQuote(dst, e.Clip) // letters, digits and dashes
	}
	if enc.page != "" {
		dst = append(dst, `,"url":"`...)
		dst = append(dst, enc.page...)
		dst = append(dst, e.ID.Run...)
		dst = append(dst, '-')
		dst = strconv.AppendUint(dst, e.ID.N, 10)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"model":`...)
	if e.Model == enc.model || e.Model == (sink.Model{}) {
		dst = append(dst, enc.encoded...)
	} else {
		dst = append(dst, encodeModel(e.Model)...)
	}
	return append(dst, '}')
}

// appendBox writes x, y, width and height, each 0 to 1 of the view, as one member of a JSON object.
func appendBox(dst []byte, name string, box [4]float64) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return AppendBox(dst, box)
}

// AppendBox writes a box with four decimals, as a JSON list.
func AppendBox(dst []byte, box [4]float64) []byte {
	for i, v := range box {
		dst = append(dst, "[,"[min(i, 1)])
		dst = strconv.AppendFloat(dst, v, 'f', 4, 64)
	}
	return append(dst, ']')
}

// appendScores writes a window's scores as JSON. From monotonic_ns a program on the same machine can work out the window's latency.
func appendScores(dst []byte, labels []string, w window, now clock.Instant) []byte {
	dst = append(dst, `{"window":`...)
	dst = strconv.AppendUint(dst, w.n, 10)
	dst = append(dst, `,"time":`...)
	dst = appendWall(dst, now.At(w.time))
	dst = append(dst, `,"monotonic_ns":`...)
	dst = strconv.AppendInt(dst, w.time.Nanoseconds(), 10)
	dst = append(dst, `,"scores":{`...)
	for i, score := range w.scores {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, labels[i]...)
		dst = AppendScore(dst, score)
	}
	return append(dst, "}}"...)
}

func appendWall(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, wallFormat)
	return append(dst, '"')
}

// AppendScore writes a score with four decimals. NaN and infinity become null, since JSON has neither.
func AppendScore(dst []byte, score float32) []byte {
	s := float64(score)
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, s, 'f', 4, 64)
}

// quote returns s as a JSON string.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string cannot fail; invalid UTF-8 is replaced
	return string(b)
}
