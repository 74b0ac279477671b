package config

import (
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// DefaultFollow is what follow: true stands for.
var DefaultFollow = Follow{On: true, Max: 8, Smallest: 0.04, Still: 2 * time.Minute}

// follow stores true, false or a block of keys.
func (d *decoder) follow(path string, n ast.Node, f *Follow) {
	switch value := n.(type) {
	case *ast.BoolNode:
		*f = DefaultFollow // false differs from nothing at all: it overrides the camera's
		f.On = value.Value
	case ast.MapNode:
		*f = DefaultFollow
		d.fields(path, n, reflect.ValueOf(f).Elem())
		d.checkFollow(path, *f)
	default:
		d.problem(path, "must be true, false, or a block of keys (max, smallest, still_after), not %s", d.restore(oneLine(n)))
	}
}

func (d *decoder) checkFollow(path string, f Follow) {
	d.whole(path+".max", f.Max, 1, 16)
	if !(f.Smallest >= 0.01 && f.Smallest <= 0.5) {
		d.problem(path+".smallest", "must be 0.01 to 0.5 of the view's height, not %g", f.Smallest)
	}
	if f.Still < 10*time.Second || f.Still > time.Hour {
		d.problem(path+".still_after", "must be 10s to 1h, not %v", f.Still)
	}
}
