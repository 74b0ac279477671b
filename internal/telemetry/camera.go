package telemetry

import (
	"edged/internal/printable"
	"fmt"

	"edged/capture"
)

var cameraRows = []Row[Camera]{
	{Key: "source", Value: func(c Camera) any { return c.Source }},
	{
		Key: "online", Value: func(c Camera) any { return c.Online() },
		Metric: "camera_online", Help: "1 while the camera delivers pictures.",
		Column: "STATUS", Show: func(v values) string { return choose(v.is("online"), "online", "OFFLINE") },
	},
	{Key: "reason", OmitEmpty: true, Value: func(c Camera) any { return printable.Error(c.Reason()) }, Note: true}, // why it is offline
	{
		Key: "frames_per_second", Value: func(c Camera) any { return c.FramesPerSecond() },
		Column: "FRAMES/S", Show: decimal("frames_per_second", ""),
		Sensor: &Sensor{ID: "frame_rate", Name: "frame rate", Round: true, Unit: "fps", StateClass: measurement, Icon: "mdi:filmstrip"},
	},
	{
		Key: "frames", Value: func(c Camera) any { return c.Counters.Frames.Load() },
		Metric: "camera_frames_total", Help: "Frames that the camera has delivered.",
	},
	{
		Key: "unwatched", Value: func(c Camera) any { return c.Unwatched.Load() },
		Metric: "camera_frames_unwatched_total", Help: "Frames that came while no view of the camera was enabled.",
	},
	{
		Key: "off_grid", Value: func(c Camera) any { return c.OffGrid.Load() },
		Metric: "camera_frames_off_grid_total", Help: "Frames returned undecoded because the model samples fewer.",
	},
	{
		Key: "mistimed", Value: func(c Camera) any { return c.Counters.Mistimed.Load() },
		Metric: "camera_frames_mistimed_total", Help: "Frames with a useless driver timestamp; edged used the time of arrival.",
	},
	{ // never delivered: gaps in the driver's numbers
		Key: "dropped_lost", Value: func(c Camera) any { return c.Counters.Lost.Load() },
		Metric: "camera_frames_dropped_total", Help: "Frames that were dropped, by reason.", Labels: reason("lost"),
	},
	{ // the driver marked them as damaged
		Key: "dropped_flagged", Value: func(c Camera) any { return c.Counters.Flagged.Load() },
		Metric: "camera_frames_dropped_total", Labels: reason("flagged"),
	},
	{
		Key: "dropped_empty", Value: func(c Camera) any { return c.Counters.Empty.Load() },
		Metric: "camera_frames_dropped_total", Labels: reason("empty"),
	},
	{ // they did not decode
		Key: "dropped_corrupt", Value: func(c Camera) any { return c.Corrupt.Load() },
		Metric: "camera_frames_dropped_total", Labels: reason("corrupt"),
	},
	{ // a pipeline still read the slot
		Key: "dropped_ring", Value: func(c Camera) any { return c.Ring.Dropped() },
		Metric: "camera_frames_dropped_total", Labels: reason("ring"),
	},
	{
		Key: "dropped", Value: func(c Camera) any { return c.dropped() },
		Column: "DROPPED", Show: func(v values) string {
			sent := v.count("frames") + v.count("dropped_lost") + v.count("dropped_flagged") + v.count("dropped_empty")
			return fmt.Sprintf("%d of %d", v.count("dropped"), sent)
		},
		Sensor: &Sensor{ID: "frames_dropped", Name: "frames dropped", Unit: "frames", StateClass: totalIncreasing, Icon: "mdi:image-broken"},
	},
	{
		Key: "failures", Value: func(c Camera) any { return c.failures() }, Label: "reason",
		Metric: "camera_failures_total", Help: "Times that the camera went away or could not be opened, by reason.",
	},
	{Key: "views", Value: func(c Camera) any { return viewsOf(c) }},
}

func reason(of string) func(Camera) [][2]string {
	return func(Camera) [][2]string { return [][2]string{{"reason", of}} }
}

func (c Camera) dropped() uint64 {
	n := &c.Counters
	return n.Lost.Load() + n.Flagged.Load() + n.Empty.Load() + c.Corrupt.Load() + c.Ring.Dropped()
}

func (c Camera) failures() map[string]uint64 {
	counts := map[string]uint64{}
	for kind := range capture.Failures {
		if n := c.Counters.Failed[kind].Load(); n > 0 {
			counts[kind.String()] = n
		}
	}
	return counts
}

// decimal shows a number with one decimal and a unit.
func decimal(key, unit string) func(values) string {
	return func(v values) string { return fmt.Sprintf("%.1f%s", v.number(key), unit) }
}
