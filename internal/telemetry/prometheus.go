package telemetry

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector shows a node to Prometheus. Names and units follow its conventions: base units, and _total for what only grows.
type Collector struct{ Read func() *Node }

// Describe implements prometheus.Collector. It describes nothing, because some metrics exist only once they have a reason to count.
func (Collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c Collector) Collect(ch chan<- prometheus.Metric) {
	n := c.Read()
	collect(ch, nodeRows, n)
	for _, m := range n.Models {
		collect(ch, engineRows, m, [2]string{"model", m.Manifest.Name}, [2]string{"sha256", m.SHA256})
	}
	for _, camera := range n.Cameras {
		collect(ch, cameraRows, camera, [2]string{"camera", camera.Name})
		for _, v := range camera.Views {
			collect(ch, viewRows, v, [2]string{"view", v.Path})
		}
	}
}

// collect sends the rows' values that have a metric, labelled with of.
func collect[S any](ch chan<- prometheus.Metric, rows []Row[S], source S, of ...[2]string) {
	help := map[string]string{}
	for _, row := range rows {
		if row.Metric == "" {
			continue
		}
		if row.Help != "" {
			help[row.Metric] = row.Help
		}
		labels := slices.Clone(of)
		if row.Labels != nil {
			labels = append(labels, row.Labels(source)...)
		}
		send := func(v float64, labels [][2]string) { ch <- newMetric(row.Metric, help[row.Metric], v, labels) }
		switch value := row.Value(source).(type) {
		case nil:
		case map[string]uint64:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				send(float64(value[key]), append(slices.Clone(labels), [2]string{row.Label, key}))
			}
		default:
			send(number(value), labels)
		}
	}
}

func newMetric(name, help string, value float64, labels [][2]string) prometheus.Metric {
	names, values := make([]string, 0, len(labels)), make([]string, 0, len(labels))
	for _, l := range labels {
		names, values = append(names, l[0]), append(values, strings.ToValidUTF8(l[1], "\uFFFD")) // paths may hold any bytes
	}
	kind := prometheus.GaugeValue
	if strings.HasSuffix(name, "_total") {
		kind = prometheus.CounterValue
	}
	return prometheus.MustNewConstMetric(prometheus.NewDesc("edged_"+name, help, names, nil), kind, value, values...)
}

// number is a row's value as a metric has it.
func number(value any) float64 {
	switch v := value.(type) {
	case bool:
		if v {
			return 1
		}
		return 0
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		return v
	}
	panic("telemetry: a metric's value must be a number or a bool") // the tests collect every row
}
