package nodepage

import "edged/internal/config"

// ownOfCamera returns the keys of the configuration on which a camera's views depend, as the configuration has them.
func ownOfCamera(c config.Camera) map[string]any {
	own := map[string]any{}
	if c.Follow.On {
		own["follow"] = follow(c.Follow)
	}
	return own
}

// ownOfView returns the keys that the configuration sets for a view, beside its name and area. A camera without views has one that the
// configuration does not name.
func ownOfView(c config.Camera, i int) map[string]any {
	own := map[string]any{}
	if i >= len(c.Views) {
		return own
	}
	v := c.Views[i]
	if v.Stride != 0 {
		own["stride"] = v.Stride
	}
	if v.MotionGate != nil {
		own["motion_gate"] = *v.MotionGate
	}
	if v.Follow != (config.Follow{}) {
		own["follow"] = follow(v.Follow)
	}
	return own
}

func follow(f config.Follow) any {
	if !f.On || f == config.DefaultFollow {
		return f.On
	}
	return map[string]any{"max": f.Max, "smallest": f.Smallest, "still_after": f.Still.String()}
}
