package node

import (
	"fmt"
	"strings"
	"testing"

	"edged/internal/config"
	"edged/models"
)

// Views that follow keep larger pictures, so fewer fit.
func TestSixtyFourCamerasThatFollow(t *testing.T) {
	for cameras, refused := range map[int]bool{20: false, 64: true} {
		cfg := config.Default()
		cfg.Cameras = nil
		for i := range cameras {
			cfg.Cameras = append(cfg.Cameras, config.Camera{Name: fmt.Sprint("c", i), Source: "pattern:", Follow: config.DefaultFollow})
		}
		_, err := Check(cfg)
		if (err != nil) != refused || err != nil && !strings.Contains(err.Error(), "follow: true in fewer of them than 64") {
			t.Errorf("%d cameras: %v", cameras, err)
		}
	}
}

// What cannot be in memory is refused by the keys that ask for it, before anything asks for the memory, of which 32 bits may not
// even hold the size.
func TestMoreViewsThanMemory(t *testing.T) {
	large := models.Manifest{Frames: 64, Width: 1024, Height: 1024}
	full := models.Manifest{Frames: 16, Width: 224, Height: 224, InputType: "int8"}
	float := models.Manifest{Frames: 16, Width: 224, Height: 224, InputType: "float32"}
	for _, c := range []struct {
		manifest       models.Manifest
		cameras, views int
		refused        bool
	}{{large, 1, 0, true}, {large, 1, 32, true}, {full, 1, 32, false}, {full, 2, 24, false}, {full, 2, 25, true}, {float, 1, 21, false}, {float, 1, 22, true}} {
		cfg := config.Default()
		cfg.Cameras = make([]config.Camera, c.cameras)
		for i := range cfg.Cameras {
			cfg.Cameras[i].Views = make([]config.View, c.views)
		}
		err := checkMemory(cfg, Models{"": {Manifest: c.manifest}})
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "cameras, model.file: ") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
