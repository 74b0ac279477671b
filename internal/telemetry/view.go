package telemetry

import (
	"fmt"

	"edged/internal/printable"
)

var viewRows = []Row[View]{
	{
		Key: "enabled", Value: func(v View) any { return v.Enabled() },
		Metric: "view_enabled", Help: "1 while edged analyses the view's frames.",
		Column: "ENABLED", Show: func(v values) string { return choose(v.is("enabled"), "yes", "NO") },
	},
	{Key: "problem", OmitEmpty: true, Value: func(v View) any { return printable.Error(v.Problem()) }, Note: true}, // why there are no windows
	{
		Key: "windows_per_second", Value: func(v View) any { return v.WindowsPerSecond() },
		Column: "WINDOWS/S", Show: decimal("windows_per_second", ""),
	},
	{ // mean
		Key: "invoke_ms", Value: func(v View) any { return v.InvokeMs() },
		Column: "INVOKE", Show: decimal("invoke_ms", " ms"),
		Sensor: &Sensor{ID: "inference_time", Name: "inference time", Round: true, Unit: "ms", Class: "duration", StateClass: measurement},
	},
	{
		Key: "memory_bytes", Value: func(v View) any { return v.Memory },
		Metric: "view_memory_bytes", Help: "Memory for the view's pictures: frames that wait, the model's window, the background of a view that follows.",
		Column: "MEMORY", Show: func(v values) string { return fmt.Sprintf("%.1f MB", float64(v.count("memory_bytes"))/1e6) },
	},
	{Key: "unwatched", Value: func(v View) any { return v.Unwatched.Load() }}, // frames that came while it was disabled
	{
		Key: "dropped_unread", Value: func(v View) any { return v.Pipeline.Stats.Lost.Load() },
		Metric: "view_frames_unread_total", Help: "Frames that left the ring before the view read them.",
	},
	{
		Key: "held", Value: func(v View) any { return v.Pipeline.Stats.Held.Load() },
		Metric: "view_frames_held_total", Help: "Sampling times without a frame, for which the last frame was used again.",
	},
	{
		Key: "windows", Value: func(v View) any { return v.Pipeline.Stats.Windows.Load() },
		Metric: "windows_total", Help: "Runs of the model.", Column: "RUN",
	},
	{
		Key: "windows_gated", Value: func(v View) any { return v.Pipeline.Stats.Gated.Load() },
		Metric: "windows_gated_total", Help: "Windows that the model did not run on because nothing moved.", Column: "UNMOVED",
	},
	{
		Key: "windows_skipped", Value: func(v View) any { return v.Pipeline.Stats.Skipped.Load() },
		Metric: "windows_skipped_total", Help: "Windows that a newer one replaced while the model ran.", Column: "SKIPPED",
	},
	{
		Key: "windows_invalid", Value: func(v View) any { return v.Pipeline.Stats.Invalid.Load() },
		Metric: "windows_invalid_total", Help: "Windows with a score that is no probability.",
	},
	{
		Key: "gaps", Value: func(v View) any { return v.Pipeline.Stats.Gaps.Load() },
		Metric: "view_gaps_total", Help: "Times that the window was emptied.",
	},
	{
		Key: "squeeze_seconds", Value: func(v View) any { return v.Pipeline.Stats.Squeeze().Seconds() },
		Metric: "squeeze_seconds_total", Help: "Time spent on keeping the window up to date.",
	},
	{
		Key: "invoke_seconds", Value: func(v View) any { return v.Pipeline.Stats.Invoke().Seconds() },
		Metric: "invoke_seconds_total", Help: "Time spent on running the model.",
	},
}
