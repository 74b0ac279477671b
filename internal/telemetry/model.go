package telemetry

import (
	"fmt"
	"slices"
	"strings"

	"edged/infer"
	"edged/infer/engine"
)

var modelRows = []Row[Model]{
	{Key: "name", Value: func(m Model) any { return m.Manifest.Name }},
	{Key: "version", Value: func(m Model) any { return m.Manifest.Version }, Column: "VERSION"},
	{Key: "sha256", Value: func(m Model) any { return m.SHA256 }, Note: true, Show: func(v values) string { return fmt.Sprintf("sha256 %.12s", v.text("sha256")) }},
	{ // "" while the model is being loaded
		Key: "delegate", Value: func(m Model) any { return m.engine().Delegate },
		Column: "DELEGATE", Show: func(v values) string { return choose(v.text("delegate") == "", "LOADING", v.text("delegate")) },
	},
	{
		Key: "nodes_delegated", Value: func(m Model) any { return m.engine().NodesDelegated },
		Column: "NODES", Show: func(v values) string { return fmt.Sprintf("%d/%d", v.count("nodes_delegated"), v.count("nodes_total")) },
	},
	{Key: "nodes_total", Value: func(m Model) any { return m.engine().NodesTotal }},
	{Key: "threads", Value: func(m Model) any { return m.engine().Threads }},
}

// engineRows are the values of a model beside others: what it costs, and for whom.
var engineRows = []Row[Model]{
	{
		Key: "cameras", Value: func(m Model) any {
			names := make([]string, 0, len(m.Cameras))
			for _, c := range m.Cameras {
				names = append(names, c.Name)
			}
			return names
		},
		Column: "CAMERAS", Show: func(v values) string { return strings.Join(v.texts("cameras"), " ") },
	},
	{
		Key: "memory_bytes", Value: func(m Model) any { return m.engine().MemoryBytes },
		Column: "MEMORY", Show: megabytes("memory_bytes"),
		Metric: "engine_memory_bytes", Help: "Memory that edged took while it loaded the model, apart from pages of files.",
	},
	{
		Key: "file_bytes", Value: func(m Model) any { return len(m.Data) },
		Column: "FILE", Show: megabytes("file_bytes"),
		Metric: "engine_file_bytes", Help: "Size of the model's file, whose pages the kernel may drop.",
	},
	{
		Key: "windows", Value: func(m Model) any { return m.sum(func(s *infer.Stats) float64 { return float64(s.Windows.Load()) }) },
		Column: "RUN",
		Metric: "engine_windows_total", Help: "Runs of the model, over all views.",
	},
	{
		Key: "invoke_seconds", Value: func(m Model) any { return m.sum(func(s *infer.Stats) float64 { return s.Invoke().Seconds() }) },
		Column: "INVOKE", Show: func(v values) string {
			return fmt.Sprintf("%.1f ms", 1000*v.number("invoke_seconds")/max(1, v.number("windows")))
		},
		Metric: "engine_invoke_seconds_total", Help: "Time spent on running the model, over all views.",
	},
}

// shownModelRows are those of the table of edged status: of each model what it is, and what it costs.
var shownModelRows = slices.Concat(modelRows, engineRows)

func megabytes(key string) func(values) string {
	return func(v values) string { return fmt.Sprintf("%.1f MB", v.number(key)/1e6) }
}

func (m Model) engine() engine.Info {
	if m.Engine == nil {
		return engine.Info{}
	}
	return *m.Engine
}

// sum adds up a counter of all views that the model judges.
func (m Model) sum(count func(*infer.Stats) float64) (total float64) {
	for _, c := range m.Cameras {
		for _, v := range c.Views {
			total += count(&v.Pipeline.Stats)
		}
	}
	return total
}

func modelsOf(n *Node) []members {
	out := make([]members, 0, len(n.Models))
	for _, m := range n.Models {
		out = append(out, append(object(modelRows, m), object(engineRows, m)...))
	}
	return out
}
