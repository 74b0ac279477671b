package nodepage

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"edged/infer"
	"edged/internal/telemetry"
	"edged/internal/watch"
	"edged/publish"
)

// measureEvery is the time between two points of the page's charts.
const measureEvery = 10 * time.Second

// meter measures the node for the page's charts.
type meter struct {
	at      time.Time
	cpu     time.Duration
	invokes map[*watch.View]infer.DurationCounts
	dropped map[string]float64
	acked   uint64
	ackTime time.Duration
}

func (m *meter) run(ctx context.Context, s *Site) {
	m.measure(s.node.Telemetry(), time.Now()) // rates are from here
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.Measure(now, m.measure(s.node.Telemetry(), now))
		}
	}
}

// measure returns the values of now, and rates since the last call.
func (m *meter) measure(t *telemetry.Node, now time.Time) map[string]float64 {
	seconds := now.Sub(m.at).Seconds()
	m.at = now
	cpu := processTime()
	values := map[string]float64{"cpu": (cpu - m.cpu).Seconds() / seconds * 100, "memory": memory()}
	m.cpu = cpu
	if t.Celsius != nil {
		values["celsius"] = *t.Celsius
	}
	if m.invokes == nil {
		m.invokes, m.dropped = map[*watch.View]infer.DurationCounts{}, map[string]float64{}
	}
	m.broker(values, t.Publisher)
	for _, c := range t.Cameras {
		values["frames "+c.Name] = c.FramesPerSecond()
		n := &c.Counters
		for reason, count := range map[string]uint64{
			"lost": n.Lost.Load(), "damaged": n.Flagged.Load(), "empty": n.Empty.Load(), "corrupt": c.Corrupt.Load(), "late": c.Ring.Dropped(),
		} {
			m.rate(values, "dropped "+c.Name+" "+reason, float64(count), seconds)
		}
		for _, v := range c.Views {
			m.view(values, v, seconds)
		}
	}
	if t.Recording != nil {
		m.rate(values, "dropped clips pictures", float64(t.Recording.Lost), seconds)
	}
	return values
}

// broker adds the mean time that the broker took to acknowledge a message.
func (m *meter) broker(values map[string]float64, c publish.Counters) {
	acked := c.EventsSent + c.StatesSent
	if n := acked - m.acked; n > 0 {
		values["ack"] = float64((c.AckTime - m.ackTime).Microseconds()) / 1000 / float64(n)
	}
	m.acked, m.ackTime = acked, c.AckTime
}

func (m *meter) view(values map[string]float64, v *watch.View, seconds float64) {
	values["windows "+v.Path] = v.WindowsPerSecond()
	now, earlier := v.Pipeline.Stats.Invokes.Counts(), m.invokes[v]
	for name, q := range map[string]float64{"invoke_p50 ": 0.5, "invoke_p99 ": 0.99} {
		if took := now.Quantile(q, &earlier); took > 0 {
			values[name+v.Path] = float64(took.Microseconds()) / 1000
		}
	}
	m.invokes[v] = now
	m.rate(values, "dropped "+v.Path+" windows", float64(v.Pipeline.Stats.Skipped.Load()), seconds)
}

// rate adds how fast a counter has grown.
func (m *meter) rate(values map[string]float64, name string, count, seconds float64) {
	values[name] = (count - m.dropped[name]) / seconds
	m.dropped[name] = count
}

// processTime is the CPU time of this process.
func processTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory is this process's resident memory in megabytes.
func memory() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize()) / 1e6
}
