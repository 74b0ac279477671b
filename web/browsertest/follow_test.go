package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"edged/record"
)

// A camera that follows shows a box around each target, with its best action, and its bars show the target that scores highest.
func TestBoxesOfTargets(t *testing.T) {
	beside(t)
	walkers := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "vtest.avi")
	s := newSite(t, "  - {name: walk, source: 'file:"+walkers+"', follow: true, zones: {square: [[0, 0.2], [1, 0.2], [1, 1], [0, 1]], roof: [[0, 0], [0.1, 0], [0, 0.1]]}}\n")
	b := newBrowser(t, s)
	for _, width := range []int64{360, 1920} {
		b.size(width, 1080, width == 360)
		b.open("")
		b.named("img", "walk now")
		b.await("document.querySelectorAll('section[aria-label=walk] .target').length >= 2")
		b.await("[...document.querySelectorAll('section[aria-label=walk] .target .tag')].some((tag) => /_to_.* [6-9]\\d\\s?%/.test(tag.textContent))")
		b.await("[...document.querySelectorAll('section[aria-label=walk] [role=meter]')].some((m) => m.getAttribute('aria-label').includes('_to_') && Number(m.getAttribute('aria-valuenow')) > 0.5)")
		b.await("document.querySelectorAll('section[aria-label=walk] polygon.zone').length === 2")
		b.await("[...document.querySelectorAll('section[aria-label=walk] .tag.zone')].map((tag) => tag.textContent).join() === 'roof,square'")
		b.await("document.querySelectorAll('section[aria-label=walk] polygon.zone.occupied').length === 1")
		name := map[int64]string{360: "boxes-360-dark", 1920: "boxes-1920-light"}[width]
		b.shot(name)
		b.accessible(name)
		b.fits(name)
	}
}

// The clip of a view that follows is played with the boxes of its targets, and the curve shows the event's own target.
func TestBoxesInTheClip(t *testing.T) {
	beside(t)
	walkers := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "vtest.avi")
	s := newSite(t, "  - {name: walk, source: 'file:"+walkers+"', views: [{name: path, area: [0, 0, 0.9, 1], follow: true}]}\n")
	var event record.Event
	s.await("a clip of a target", func() bool {
		events, _ := s.node.Timeline.List(record.Filter{Camera: "walk"})
		i := slices.IndexFunc(events, func(e record.Event) bool { return e.ClipState == record.ClipSaved && e.Track != 0 })
		if i >= 0 {
			event = events[i]
		}
		return i >= 0
	})
	b := newBrowser(t, s)
	for _, width := range []int64{360, 1920} {
		b.size(width, 1080, width == 360)
		b.open("events/" + event.ID)
		b.named("dialog", event.Label)
		b.await("document.querySelector('dialog input[type=range]')")
		began := eval[float64](b, "Number(document.querySelector('dialog input[type=range]').value)")
		clip, err := s.node.Recorder.Info(event.Clip)
		if err != nil {
			t.Fatal(err)
		}
		if at := clip.Frames[int(began)][0]; at < event.Start.Sub(clip.Start).Milliseconds()-4000 {
			t.Errorf("the player begins at %d ms; the event starts %v after the clip", at, event.Start.Sub(clip.Start))
		}
		// To wait for the tag while the clip plays is no test: a slow machine shows few of its pictures.
		eval[any](b, fmt.Sprintf(`(() => {
			const slider = document.querySelector('dialog input[type=range]');
			slider.value = %d;
			slider.dispatchEvent(new Event('input'));
		})()`, peakOf(clip, event)))
		b.await(fmt.Sprintf("[...document.querySelectorAll('dialog .target .tag')].some((tag) => tag.textContent.startsWith('%s '))", event.Label))
		inside := `(() => {
			const picture = document.querySelector('dialog canvas').getBoundingClientRect();
			return [...document.querySelectorAll('dialog .target')].every((e) => {
				const box = e.getBoundingClientRect();
				return box.left >= picture.left - 2 && box.right <= picture.left + 0.9 * picture.width + 4 && box.top >= picture.top - 2 && box.bottom <= picture.bottom + 2;
			});
		})()`
		if !eval[bool](b, inside) {
			t.Errorf("at %d pixels a box lies outside of its view", width)
		}
		b.await("document.querySelector('dialog figcaption').textContent === 'Scores of this target' && document.querySelector('dialog .uplot')")
		name := map[int64]string{360: "clip-boxes-360-dark", 1920: "clip-boxes-1920-light"}[width]
		b.shot(name)
		b.accessible(name)
		b.fits(name)
	}
}

// peakOf is the picture at which the page shows the highest score that the event's target has for the event's label.
func peakOf(clip *record.Clip, e record.Event) (picture int) {
	label := 1 + slices.Index(clip.Labels, e.Label)
	highest := 0.0
	for n, frame := range clip.Frames {
		score := 0.0
		for i, w := range clip.Windows {
			if uint64(clip.Targets[i][0]) == e.Track && w[0] <= float64(frame[0]) {
				score = w[label]
			}
		}
		if score > highest {
			highest, picture = score, n
		}
	}
	return picture
}
