package node

import (
	"edged/follow/zones"
	"edged/infer"
	"edged/internal/sink"
	"edged/internal/watch"
)

var phases = map[infer.Phase]sink.Phase{infer.Start: sink.Start, infer.Update: sink.Update, infer.End: sink.End}

// connect hands what a view recognises to the sinks. Deciders number their own actions 1, 2, 3 …; over all views they become unique.
func (n *Node) connect(v *watch.View, run string, index uint64) {
	views := uint64(len(n.Views))
	m := n.engineOf(v.Camera).Model
	model := sink.Model{Name: m.Manifest.Name, SHA256: m.SHA256}
	recorded := clips{}
	v.Pipeline.OnEvent = func(e infer.Event) {
		event := sink.Event{
			ID: sink.ID{Run: run, N: (e.ID-1)*views + index + 1}, Camera: v.Camera, View: v.Path, Label: e.Label, Phase: phases[e.Phase],
			Score: e.Score, Peak: e.Peak, Start: e.Start, End: e.End, Newest: e.Newest, Model: model,
			Track: e.Track, Box: e.Box, StartBox: e.StartBox, PeakBox: e.PeakBox,
			Zones: e.Zones, StartZones: e.StartZones, PeakZones: e.PeakZones,
		}
		event.Clip = recorded.noteEvent(n, event, e.Phase)
		n.sinks.Event(event)
		if e.Phase == infer.Start {
			_ = v.RequestSnapshot() // of a view that was just disabled there is none
		}
	}
	v.Pipeline.OnWindow = func(w *infer.Window) {
		n.sinks.Window(sink.Window{Camera: v.Camera, View: v.Path, N: w.N, Time: w.Time, Labels: m.Labels, Scores: w.Scores, Track: w.Track, Box: w.Box})
	}
	if v.Pipeline.Targets != nil {
		v.Pipeline.Targets.OnVisit = func(z zones.Visit) {
			n.sinks.Visit(sink.Visit{
				Camera: v.Camera, View: v.Path, Zone: z.Zone, Track: z.Track, Inside: z.Phase == zones.Enter,
				Entered: z.Entered, Left: z.Left, Box: z.Box, Lost: z.Lost,
			})
		}
	}
}
