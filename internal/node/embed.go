package node

import (
	"context"
	"fmt"

	"edged/capture/pixel"
	"edged/infer/engine"
	"edged/teach"
)

// embed runs a view's model on small pictures: JPEGs in order, at the model's rate. It has an engine of its own for that time, because the view's must not
// wait. It implements teach.Embed.
func (n *Node) embed(ctx context.Context, view string, pictures [][]byte) ([]teach.Embedding, error) {
	i, err := n.viewIndex(view)
	if err != nil {
		return nil, err
	}
	v := n.Views[i]
	m := n.engineOf(v.Camera).Model
	o := EngineOptions(n.Config.Model)
	o.Threads = 1
	e, err := engine.New(m, o)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	defer context.AfterFunc(ctx, e.Cancel)()
	clip, err := e.NewClip()
	if err != nil {
		return nil, err
	}
	decoder, err := pixel.NewDecoder(m.Manifest.Width, m.Manifest.Height)
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	rgb := make([]byte, m.Manifest.FrameBytes())
	var windows []teach.Embedding
	for k, jpeg := range pictures {
		if err := decoder.Decode(rgb, pixel.Format{FourCC: pixel.MJPEG}, jpeg); err != nil {
			return nil, fmt.Errorf("picture %d: %w", k, err)
		}
		clip.Push(rgb)
		if after := k + 1 - m.Manifest.Frames; after < 0 || after%v.Pipeline.Stride != 0 {
			continue
		}
		if err := clip.Invoke(); err != nil {
			return nil, err
		}
		embedding := make(teach.Embedding, m.Manifest.Embedding.Size)
		clip.Embedding(embedding)
		windows = append(windows, embedding)
	}
	return windows, nil
}
