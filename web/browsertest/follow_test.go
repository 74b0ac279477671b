package browsertest

import (
	"os"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
)

// A camera that follows shows a box around each target, with its best action, and its bars show the target that scores highest.
func TestBoxesOfTargets(t *testing.T) {
	testkit.Slow(t)
	walkers := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "vtest.avi")
	s := newSite(t, "  - {name: walk, source: 'file:"+walkers+"', follow: true}\n")
	b := newBrowser(t, s)
	for _, width := range []int64{360, 1920} {
		b.size(width, 1080, width == 360)
		b.open("")
		b.named("img", "walk now")
		b.await("document.querySelectorAll('section[aria-label=walk] .target').length >= 2")
		b.await("[...document.querySelectorAll('section[aria-label=walk] .target .tag')].some((tag) => /_to_.* [6-9]\\d\\s?%/.test(tag.textContent))")
		b.await("[...document.querySelectorAll('section[aria-label=walk] [role=meter]')].some((m) => m.getAttribute('aria-label').includes('_to_') && Number(m.getAttribute('aria-valuenow')) > 0.5)")
		name := map[int64]string{360: "boxes-360-dark", 1920: "boxes-1920-light"}[width]
		b.shot(name)
		b.accessible(name)
		b.fits(name)
	}
}
