package node

import (
	"testing"

	"edged/infer"
	"edged/internal/config"
	"edged/models"
)

func TestSizeAskedOfACamera(t *testing.T) {
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cam           config.Camera
		width, height int
	}{
		{config.Camera{}, 192, 192},
		{config.Camera{Views: []config.View{{Area: []float64{0, 0, 0.5, 1}}, {Area: []float64{0.4, 0.5, 0.6, 0.3}}}}, 384, 640},
		{config.Camera{Snapshots: true}, 640, 480},
		{config.Camera{Follow: config.Follow{On: true}}, infer.MiddleSide, infer.MiddleSide},
		{config.Camera{Views: []config.View{{Area: []float64{0, 0, 0.1, 0.2}}}}, 1280, 720},
	} {
		if w, h := leastSize(c.cam, new(config.Config).ViewsOf(c.cam, true), m.Manifest); w != c.width || h != c.height {
			t.Errorf("%+v: %dx%d, want %dx%d", c.cam, w, h, c.width, c.height)
		}
	}
}
