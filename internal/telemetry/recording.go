package telemetry

import (
	"fmt"
	"strings"
)

// recordingRows are the node's values of recording. They are missing if it is off.
var recordingRows = []Row[*Node]{
	{
		Key: "recording", OmitEmpty: true, Line: "clips", Show: showRecording,
		Value: func(n *Node) any {
			if n.Recording == nil {
				return nil
			}
			return n.Recording
		},
	},
	{Metric: "clips", Help: "Clips on the disk.", Value: recording(func(n *Node) any { return n.Recording.Clips })},
	{Metric: "clips_bytes", Help: "Bytes of all clips on the disk.", Value: recording(func(n *Node) any { return n.Recording.Bytes })},
	{
		Metric: "clips_written_total", Help: "Clips that edged has written.",
		Value: recording(func(n *Node) any { return n.Recording.Written }),
	},
	{
		Metric: "clips_failed_total", Help: "Clips that edged could not write.",
		Value: recording(func(n *Node) any { return n.Recording.Failed }),
	},
	{
		Metric: "clip_pictures_lost_total", Help: "Pictures that clips lack because the disk was too slow.",
		Value: recording(func(n *Node) any { return n.Recording.Lost }),
	},
	{
		Metric: "clips_degraded", Help: "1 while edged cannot keep clips, although recording is on.",
		Value: recording(func(n *Node) any { return n.Recording.Degraded != "" }),
	},
}

// recording is a value that exists only if recording is on.
func recording(value func(*Node) any) func(*Node) any {
	return func(n *Node) any {
		if n.Recording == nil {
			return nil
		}
		return value(n)
	}
}

func showRecording(v values) string {
	r := v.object("recording")
	if r == nil {
		return ""
	}
	line := fmt.Sprintf("%d, %d of %d MB; %d failed, %d pictures lost", r.count("clips"), r.count("bytes")>>20, r.count("max_bytes")>>20,
		r.count("failed"), r.count("pictures_lost"))
	if reason := r.text("degraded"); reason != "" {
		line += "; DEGRADED, clips are not kept: " + reason
	}
	if short, _ := r["memory_short"].([]any); len(short) > 0 {
		line += "; record.memory is too small for record.before: " + strings.Trim(fmt.Sprint(short), "[]")
	}
	return line
}
