package browsertest

import (
	"fmt"
	"testing"
	"time"

	"edged/internal/testkit"
)

// Every screen at two widths, light and dark, with real footage playing: no console error, no request to another host, no serious fault
// of accessibility, nothing wider than the window. The pictures are kept in $EDGED_CACHE/screens.
func TestScreens(t *testing.T) {
	beside(t)
	s := newSite(t, "")
	b := newBrowser(t, s)
	event := s.awaitClips(3)
	for _, width := range []int64{360, 1920} {
		for _, dark := range []bool{false, true} {
			b.size(width, map[int64]int64{360: 780, 1920: 1080}[width], dark)
			for screen, path := range map[string]string{"now": "", "events": "events", "player": "events/" + event.ID, "draw": "draw", "health": "health"} {
				b.open(path)
				b.settle(screen)
				name := fmt.Sprintf("%s-%d-%s", screen, width, map[bool]string{true: "dark", false: "light"}[dark])
				b.shot(name)
				b.accessible(name)
				b.fits(name)
			}
		}
	}
}

// settle waits until the screen shows what it is for.
func (b *browser) settle(screen string) {
	b.t.Helper()
	switch screen {
	case "now":
		b.named("img", "gate now")
		b.named("img", "yard now")
		b.await("[...document.querySelectorAll('[role=meter]')].some((m) => m.getAttribute('aria-label') !== 'still' && Number(m.getAttribute('aria-valuenow')) > 0.5)")
	case "events":
		b.await("document.querySelectorAll('.events li button').length >= 3 && [...document.querySelectorAll('.events img')].some((i) => i.complete && i.naturalWidth)")
	case "player":
		b.named("dialog", "")
		b.await("document.querySelector('dialog .uplot canvas') && document.querySelector('dialog input[type=range]').value > 5")
	case "draw":
		b.await("document.querySelector('.board img').naturalWidth")
		b.await("document.querySelector('.verdict').textContent !== ''")
	case "health":
		b.await("document.querySelectorAll('.facts-grid section').length > 4")
		b.await("document.querySelectorAll('.charts .uplot').length >= 4")
	}
	time.Sleep(300 * time.Millisecond) // pictures and transitions, for the screenshot alone
}

// The picture for the README: two cameras, while somebody walks by. make picture puts it into docs/page.png.
func TestPicture(t *testing.T) {
	testkit.Slow(t)
	s := newSiteOf(t, "people", "")
	s.awaitClips(1)
	b := newBrowser(t, s)
	b.size(1180, 760, false)
	b.open("")
	eval[int](b, `localStorage.setItem('hints', '["broker"]'), 0`)
	b.open("")
	b.await("document.querySelector('[aria-label=gate] .doing').textContent.includes('walk') && [...document.querySelectorAll('.stage img')].filter((i) => i.naturalWidth).length === 2")
	b.await("[...document.querySelectorAll('.bar.over')].length >= 2")
	b.fits("page")
	b.shot("page")
}
