package node

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"edged/internal/clock"
	"edged/internal/config"
	"edged/internal/lograte"
	"edged/internal/sink"
	"edged/internal/watch"
	"edged/models"
)

// Inputs are what a node is built from.
type Inputs struct {
	Config  *config.Config
	Models  Models        // see Check
	Model   *models.Model // of cameras whose model is not in Models; New sets it to the first camera's model if it is nil
	Version string        // of edged
	Sinks   []sink.Sink   // receive what the node recognises, besides the publisher
	// Attach returns further sinks, which need the node itself. New calls it last. It may be nil.
	Attach  func(*Node) ([]sink.Sink, error)
	BuiltIn *BuiltIn // the process's built-in broker; nil: none can run
	State   *State   // the process's; nil: the node has one of its own, in memory

	// OnReady is called once the models are loaded and the cameras are being opened. It may be nil.
	OnReady func(*Node)
	// OnDecoded is watch.Options.OnDecoded of every camera.
	OnDecoded func(decode, scale time.Duration)
	// ConsoleDropped and LogDropped are how many lines the terminal did not take. They may be nil.
	ConsoleDropped, LogDropped func() uint64
}

// New builds a node. An error is always a ConfigError. Close must be called if Run is not.
func New(in Inputs) (*Node, error) {
	if in.BuiltIn == nil {
		in.BuiltIn = new(BuiltIn)
	}
	if in.State == nil {
		in.State = NewState()
	}
	if in.Model == nil {
		in.Model = in.Models[in.Config.ModelOf(in.Config.Cameras[0])]
	}
	n := &Node{Inputs: in, began: clock.Monotonic(), disobeyed: lograte.Limit{Every: logCommandsEvery}}
	if err := n.build(); err != nil {
		n.Close()
		return nil, ConfigError{err}
	}
	return n, nil
}

func (n *Node) build() error {
	for _, cam := range n.Config.Cameras {
		if err := n.addCamera(cam); err != nil {
			return err
		}
	}
	if err := n.addRecording(); err != nil {
		return err
	}
	publisher, err := n.newPublisher()
	if err != nil {
		return err
	}
	n.Publisher = publisher
	published, err := n.publisherSink()
	if err != nil {
		return err
	}
	n.sinks = append(append(n.recordingSinks(), published), n.Sinks...)
	run := newRun()
	for i, v := range n.Views {
		topics, err := publisher.View(v.Path)
		if err != nil {
			return err
		}
		n.topics = append(n.topics, topics)
		n.connect(v, run, uint64(i))
		n.current = append(n.current, configured(v))
	}
	return n.attach()
}

// configured returns a view's settings until Run has read what users have set: the page may be asked before.
func configured(v *watch.View) sink.View {
	s := sink.View{Camera: v.Camera, Path: v.Path, Enabled: true, Thresholds: map[string]float64{}}
	for label, base := range v.Configured {
		s.Thresholds[label] = float64(base.Enter)
	}
	return s
}

// attach adds the sinks that need the node.
func (n *Node) attach() error {
	if n.Attach == nil {
		return nil
	}
	sinks, err := n.Attach(n)
	n.sinks = append(n.sinks, sinks...)
	return err
}

// newRun returns what makes the event ids of this node differ from those of any other.
func newRun() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}

// Close frees what New has allocated. Run calls it.
func (n *Node) Close() {
	for _, c := range n.Cameras {
		c.Close()
	}
}
