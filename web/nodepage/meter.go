package nodepage

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"edged/internal/durations"
	"edged/internal/history"
	"edged/internal/telemetry"
	"edged/internal/watch"
	"edged/publish"
)

// meter measures the node for the page's charts.
type meter struct {
	at      time.Time
	cpu     time.Duration
	invokes map[*watch.View]durations.Counts
	dropped map[string]float64
	acks    durations.Counts
}

func (m *meter) run(ctx context.Context, s *Site) {
	m.measure(s.node.Telemetry(), time.Now()) // rates are from here
	tick := time.NewTicker(history.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.History.Add(now, m.measure(s.node.Telemetry(), now))
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
		m.invokes, m.dropped = map[*watch.View]durations.Counts{}, map[string]float64{}
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

// broker adds the times that the broker took to acknowledge messages.
func (m *meter) broker(values map[string]float64, c publish.Counters) {
	quantiles(values, "ack_", "", &c.AckTimes, &m.acks)
	m.acks = c.AckTimes
}

// quantiles adds the median and the 99 % quantile of the durations since the earlier counts, in milliseconds. Without any it adds nothing.
func quantiles(values map[string]float64, prefix, suffix string, now, earlier *durations.Counts) {
	for name, q := range map[string]float64{"p50": 0.5, "p99": 0.99} {
		if took := now.Quantile(q, earlier); took > 0 {
			values[prefix+name+suffix] = float64(took.Microseconds()) / 1000
		}
	}
}

func (m *meter) view(values map[string]float64, v *watch.View, seconds float64) {
	values["windows "+v.Path] = v.WindowsPerSecond()
	now, earlier := v.Pipeline.Stats.Invokes.Counts(), m.invokes[v]
	quantiles(values, "invoke_", " "+v.Path, &now, &earlier)
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
