package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"edged/record"
)

// direction is what the lesson is about: the model has a label for it, by which the test knows what a person would see.
const direction = "right_to_left"

// teaching is a lesson: the page Teach with a view where people walk by in both directions.
type teaching struct {
	*browser
	view  string
	shots int
}

// newTeaching opens Teach on a site with a camera that plays vtest.avi.
func newTeaching(t *testing.T) *teaching {
	t.Helper()
	return openTeaching(t, "square/lawn", "views: [{name: lawn, area: [0.33, 0.41, 0.34, 0.34]}, {name: corner, area: [0.13, 0.53, 0.34, 0.34]}]")
}

func openTeaching(t *testing.T, view, square string) *teaching {
	t.Helper()
	walkers := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "vtest.avi")
	s := newSite(t, "  - {name: square, source: 'file:"+walkers+"', "+square+"}\n")
	l := &teaching{browser: newBrowser(t, s), view: view}
	l.tolerate("/teach/moments/picture") // edged keeps them for a minute; a slow machine may ask for one too late
	l.size(1280, 900, false)
	l.open("teach")
	l.chooseView(l.view)
	return l
}

func (l *teaching) chooseView(view string) {
	l.t.Helper()
	eval[int](l.browser, l.named("combobox", "View")+".value = "+quoted(view)+", document.querySelector('select[aria-label=View]').dispatchEvent(new Event('change')), 0")
}

// step keeps a picture of the page as it is now: the pictures together show a lesson.
func (l *teaching) step(name string) {
	l.t.Helper()
	l.shots++
	time.Sleep(400 * time.Millisecond) // pictures, for the screenshot alone
	l.shot(fmt.Sprintf("%s-%02d-%s", strings.ToLower(plain(strings.TrimPrefix(strings.Split(l.t.Name(), "/")[0], "Test"))), l.shots, name))
}

// walk waits for moments in which the model recognises the direction, and that are not marked yet, and returns a JavaScript expression for the newest.
func (l *teaching) walk() string {
	l.t.Helper()
	found := `[...document.querySelectorAll('.moments .piece')].find((b) => b.textContent.includes(` + quoted(direction) + `) && !taughtPieces.has(b.piece.n))`
	l.await("(window.taughtPieces ??= new Set(), document.querySelector('.more:not([hidden])')?.click(), " + found + ")")
	return found
}

// mark clicks moments with the direction, as with a mouse.
func (l *teaching) mark() {
	l.t.Helper()
	at := eval[[]float64](l.browser, `(() => {
		const b = `+l.walk()+`;
		for (let n = -3; n <= 3; n++) taughtPieces.add(b.piece.n + n); // the same walk
		b.scrollIntoView({block: 'center'});
		const r = b.getBoundingClientRect();
		return [r.left + r.width / 2, r.top + r.height / 2];
	})()`)
	l.do(chromedp.MouseClickXY(at[0], at[1]))
	l.await("!document.querySelector('.marked').hidden")
}

// drag drags over two moments that begin or end with the direction.
func (l *teaching) drag() {
	l.t.Helper()
	at := eval[[]float64](l.browser, `(() => {
		const b = `+l.walk()+`, all = [...document.querySelectorAll('.piece')], i = all.indexOf(b);
		for (let n = -3; n <= 3; n++) taughtPieces.add(b.piece.n + n); // the same walk
		b.scrollIntoView({block: 'center'});
		return [b, all[i + 1] ?? all[i - 1]].flatMap((e) => { const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; });
	})()`)
	l.do(chromedp.DragAndDropXY(at[0], at[1], at[2], at[3], 5))
	l.await("document.querySelectorAll('.piece[aria-pressed=true]').length === 2")
}

// loaded waits for the films that show: a picture of what is deleted meanwhile would be missing.
func (l *teaching) loaded() {
	l.t.Helper()
	l.await("document.querySelector('.taught .films').scrollIntoView({block: 'center'}), document.querySelector('.taught img') && [...document.querySelectorAll('.taught img')].every((i) => i.complete)")
}

func (l *teaching) says(text string) {
	l.t.Helper()
	l.await("document.querySelector('.said').textContent.includes(" + quoted(text) + ")")
}

func (l *teaching) guide(text string) {
	l.t.Helper()
	l.await("document.querySelector('.guide').textContent.includes(" + quoted(text) + ")")
}

// A person teaches which way somebody walks, from the empty page to events, and takes it all back.
func TestTeach(t *testing.T) {
	beside(t)
	l := newTeaching(t)
	l.guide("Do something in front of the camera")
	l.walk()
	l.step("empty")

	l.mark()
	l.step("marked")
	l.do(chromedp.SendKeys("[aria-label='A new name']", "goes left"))
	began := time.Now()
	l.click("button", "That was it")
	l.says("“goes left” learns from that")
	l.await("document.querySelector('section[aria-label=\"goes left\"] .state').textContent === 'Practising'")
	t.Logf("an action practises %d ms after its first example", time.Since(began).Milliseconds())
	l.guide("has 1 example")
	l.step("first-example")
	for n := 2; n <= 4; n++ {
		if n == 2 {
			l.drag()
			l.step("dragged")
		} else {
			l.mark()
		}
		eval[int](l.browser, "[...document.querySelectorAll('.marked button')].find((b) => b.textContent === 'goes left').click(), 0")
		l.await(fmt.Sprintf("document.querySelectorAll('ul[aria-label=\"Examples of goes left\"] li').length === %d", n))
	}
	l.await("document.querySelector('section[aria-label=\"goes left\"] .dots')")
	l.step("four-examples")
	l.answer()
	l.step("answered")
	l.tolerate("teach/examples/picture") // a film may still load when what it shows goes
	t.Run("practising", func(t *testing.T) { testPractising(t, l) })
	t.Run("live", func(t *testing.T) { testLive(t, l) })
	t.Run("change", func(t *testing.T) { testChange(t, l) })
	t.Run("move", func(t *testing.T) { testMove(t, l) })
	t.Run("forget", func(t *testing.T) { testForget(t, l) })
}

// answer says yes to questions that show the direction, and no to the others, until none is left.
func (l *teaching) answer() {
	l.t.Helper()
	for deadline := time.Now().Add(eventually); ; time.Sleep(100 * time.Millisecond) {
		left := eval[int](l.browser, `(async () => {
			const view = `+quoted(l.view)+`, ask = async (path) => (await fetch('api/v1/teach/' + path + new URLSearchParams({view}))).json();
			const [{questions}, {moments}] = await Promise.all([ask('questions?'), ask('moments?')]);
			if (!questions.length) return 0;
			const q = questions[0], seen = moments.filter((m) => m.time >= Date.parse(q.start) - 500 && m.time <= Date.parse(q.end) && m.score > 0.4);
			const yes = seen.filter((m) => m.label === `+quoted(direction)+`).length > seen.length / 2;
			document.querySelector('ul[aria-label=Questions] li:first-child button[aria-label^=' + (yes ? 'Yes' : 'No') + ']')?.click();
			return questions.length;
		})()`)
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%d questions are left", left)
		}
	}
}

// While it practises, the page shows what the action would have reported, and no event comes of it.
func testPractising(t *testing.T, l *teaching) {
	card := "document.querySelector('section[aria-label=\"goes left\"]')"
	eval[int](l.browser, card+".querySelector('summary').click(), 0")
	l.await(card + ".querySelector('ul[aria-label^=Recognised] .film')")
	eval[int](l.browser, card+".querySelector('ul[aria-label^=Recognised]').scrollIntoView({block: 'center'}), 0") // films load when they are seen
	l.await(card + ".querySelector('ul[aria-label^=Recognised] .film img')")
	l.step("practising")
	if events := l.taughtEvents("goes left"); len(events) > 0 {
		t.Errorf("an action that practises makes events: %+v", events)
	}
}

func (l *teaching) taughtEvents(label string) []record.Event {
	events, _ := l.site.node.Timeline.List(record.Filter{Label: label})
	return events
}

// Once it is live, it makes events like a label of the model.
func testLive(t *testing.T, l *teaching) {
	l.click("button", "Go live")
	l.says("“goes left” is live")
	l.await("document.querySelector('section[aria-label=\"goes left\"] .state').textContent === 'Live'")
	l.site.await("an event of a taught action", func() bool { return len(l.taughtEvents("goes left")) > 0 })
	l.step("live")
	if e := l.taughtEvents("goes left")[0]; e.View != l.view {
		t.Errorf("the event is of the view %s", e.View)
	}
	l.click("button", "Wrong: goes left")
	l.says("this was wrong")
	l.click("button", "Undo")
	l.says("Undone")
	l.click("button", "Back to practising")
	l.await("document.querySelector('section[aria-label=\"goes left\"] .state').textContent === 'Practising'")
}

// Removing an example changes what the page says of the action at once; undo brings it back. The name can change.
func testChange(t *testing.T, l *teaching) {
	examples := "document.querySelectorAll('ul[aria-label=\"Examples of goes left\"] li').length"
	worth := "document.querySelector('section[aria-label=\"goes left\"] .worth').textContent"
	before, count := eval[string](l.browser, worth), eval[int](l.browser, examples)
	l.loaded()
	began := time.Now()
	l.click("button", "Remove the example")
	l.await(fmt.Sprintf("%s === %d && %s !== %s", examples, count-1, worth, quoted(before)))
	t.Logf("what an action is worth changes %d ms after an example is removed", time.Since(began).Milliseconds())
	l.step("removed")
	l.click("button", "Undo")
	l.await(fmt.Sprintf("%s === %d", examples, count))
	eval[int](l.browser, "[...document.querySelectorAll('section[aria-label=\"goes left\"] summary')].find((s) => s.textContent === 'More').click(), 0")
	l.tolerate("name=goes+left") // the page may ask for examples while the action gets its new name
	eval[int](l.browser, l.named("textbox", "New name of goes left")+".select(), 0")
	l.do(chromedp.SendKeys("[aria-label='New name of goes left']", "walks home\r"))
	l.named("region", "walks home")
	l.await("!document.querySelector('section[aria-label=\"goes left\"]')")
	l.tolerate("400")
	l.tolerate("409")
	l.do(chromedp.SendKeys("[aria-label='New action']", "still\r"))
	l.await("document.querySelector('.said.bad').textContent.length > 10")
	l.step("problem")
}

// An action goes from one view to another as a file.
func testMove(t *testing.T, l *teaching) {
	eval[int](l.browser, "[...document.querySelectorAll('section[aria-label=\"walks home\"] summary')].find((s) => s.textContent === 'More').click(), 0")
	data := eval[[]int](l.browser, "fetch("+l.named("link", "Export")+".href).then((r) => r.arrayBuffer()).then((b) => [...new Uint8Array(b)])")
	file := filepath.Join(t.TempDir(), "walks home.zip")
	bytes := make([]byte, len(data))
	for i, b := range data {
		bytes[i] = byte(b)
	}
	if err := os.WriteFile(file, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	l.chooseView("square/corner")
	l.guide("Do something in front of the camera")
	root := call(l.browser, dom.GetDocument, dom.GetDocumentParams{})
	input := call(l.browser, dom.QuerySelector, dom.QuerySelectorParams{NodeID: root.Root.NodeID, Selector: "input[type=file]"})
	call(l.browser, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, NodeID: input.NodeID})
	l.named("region", "walks home")
	l.step("imported")
	l.chooseView(l.view)
}

func testForget(_ *testing.T, l *teaching) {
	l.named("region", "walks home")
	eval[int](l.browser, "[...document.querySelectorAll('section[aria-label=\"walks home\"] summary')].find((s) => s.textContent === 'More').click(), 0")
	l.loaded()
	l.tolerate("name=walks+home") // the page may ask for examples while the action goes
	l.click("button", "Forget")
	l.click("button", "Forget “walks home” and delete its pictures?")
	l.await("!document.querySelector('section[aria-label=\"walks home\"]')")
	l.guide("Do something in front of the camera")
}

// Somebody without a mouse marks moments, and names them.
func TestTeachByKeyboard(t *testing.T) {
	beside(t)
	l := newTeaching(t)
	l.walk()
	l.await("document.querySelectorAll('.piece').length >= 4")
	tab := func(until string) {
		for n := 0; !eval[bool](l.browser, "document.activeElement.matches("+quoted(until)+")"); n++ {
			if n > 60 {
				t.Fatalf("Tab does not reach %s", until)
			}
			l.key(kb.Tab)
		}
	}
	tab(".piece")
	l.key(kb.Enter)
	l.await("document.querySelectorAll('.piece[aria-pressed=true]').length === 1")
	l.key(kb.Escape)
	l.await("document.querySelectorAll('.piece[aria-pressed=true]').length === 0")
	l.key(" ")
	l.do(chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(8))) // Shift
	l.await("document.querySelectorAll('.piece[aria-pressed=true]').length === 2")
	tab("[aria-label='A new name']")
	l.key("walks")
	l.key(kb.Enter)
	l.named("region", "walks")
	l.await("document.activeElement.matches('.piece')")
	tab("[aria-label='That was it: walks']")
	l.key(kb.Enter)
	l.says("learns from the last seconds")
	// What has the focus after the next key depends on how many examples the page shows: all of them by now.
	there := eval[int](l.browser, "fetch('api/v1/teach/examples?' + new URLSearchParams({view: "+quoted(l.view)+", name: 'walks'})).then((r) => r.json()).then((have) => have.examples.length)")
	l.await(fmt.Sprintf("document.querySelectorAll(`[aria-label^='Remove the example']`).length === %d", there))
	tab("[aria-label^='Remove the example']")
	next := "document.activeElement.matches(`[aria-label^='Remove the example']`)"
	if there == 1 { // both times it was the same moment
		next = "document.activeElement.id === 'main'"
	}
	l.key(kb.Enter)
	l.says("removed")
	l.await(next)
}

// A finger marks moments when it moves sideways, and scrolls when it moves up.
func TestTeachByTouch(t *testing.T) {
	beside(t)
	l := newTeaching(t)
	l.size(360, 480, false) // so small that the bar lies over the moments
	call(l.browser, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	l.walk()
	l.await("document.querySelectorAll('.piece').length >= 3")
	pieces := func() [][]float64 {
		return eval[[][]float64](l.browser, `(scrollTo(0, 0), [...document.querySelectorAll('.piece')].slice(0, 3).map((e) => {
			const r = e.getBoundingClientRect();
			return [r.left + r.width / 2, r.top + r.height / 2];
		}))`)
	}
	at := pieces()
	touch := func(kind input.DispatchTouchEventType, at ...float64) {
		points := []*input.TouchPoint{}
		if len(at) > 0 {
			points = append(points, &input.TouchPoint{X: at[0], Y: at[1]})
		}
		call(l.browser, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	marked := "document.querySelectorAll('.piece[aria-pressed=true]').length"
	touch(input.DispatchTouchEventTypeTouchStart, at[0]...)
	for part := 1.0; part <= 20; part++ {
		touch(input.DispatchTouchEventTypeTouchMove, at[0][0]+(at[2][0]-at[0][0])*part/20, at[0][1])
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
	l.await(marked + " === 3")
	l.step("touched")
	l.click("button", "Unmark")
	l.await(marked + " === 0")
	at = pieces()
	touch(input.DispatchTouchEventTypeTouchStart, at[1]...)
	for part := 1.0; part <= 20; part++ {
		touch(input.DispatchTouchEventTypeTouchMove, at[1][0], at[1][1]-part*5)
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
	l.await("scrollY > 20")
	if n := eval[int](l.browser, marked); n != 0 {
		t.Errorf("scrolling marks %d moments", n)
	}
}

// Where targets are followed, each has its own moments, and an example is of the target that was marked.
func TestTeachOneTarget(t *testing.T) {
	beside(t)
	l := openTeaching(t, "square", "follow: true")
	l.tolerate("teach/moments/picture") // a target's pictures may be gone before they were asked for
	l.await("[...document.querySelectorAll('.piece')].some((a, i, all) => all.some((b) => a.piece.n === b.piece.n && a.piece.track !== b.piece.track))")
	eval[int](l.browser, "(window.sent = [], window.realFetch = fetch, window.fetch = (url, o) => { sent.push(o?.body); return realFetch(url, o); }, 0)")
	l.mark()
	track := eval[int](l.browser, "document.querySelector('.piece[aria-pressed=true]').piece.track")
	l.step("marked")
	l.do(chromedp.SendKeys("[aria-label='A new name']", "goes left\r"))
	l.await("document.querySelectorAll('ul[aria-label=\"Examples of goes left\"] li').length === 1")
	if !eval[bool](l.browser, fmt.Sprintf(`sent.some((b) => b?.includes('"track":%d'))`, track)) || track == 0 {
		t.Errorf("the example is not of target %d", track)
	}
	l.step("taught")
}

// Teach at two widths, light and dark, from the empty page to an action with questions.
func TestTeachScreens(t *testing.T) {
	beside(t)
	l := newTeaching(t)
	looks := func(state string) {
		for _, width := range []int64{360, 1920} {
			for _, dark := range []bool{false, true} {
				l.size(width, map[int64]int64{360: 780, 1920: 1080}[width], dark)
				if state == "learned" {
					eval[int](l.browser, "document.querySelector('.actions').scrollIntoView(), 0")
				}
				time.Sleep(400 * time.Millisecond) // pictures, for the screenshot alone
				name := fmt.Sprintf("teach-%s-%d-%s", state, width, map[bool]string{true: "dark", false: "light"}[dark])
				l.shot(name)
				l.accessible(name)
				l.fits(name)
			}
		}
	}
	l.walk()
	looks("empty")
	l.mark()
	looks("marked")
	l.do(chromedp.SendKeys("[aria-label='A new name']", "goes left\r"))
	l.await("document.querySelector('.marked').hidden && document.querySelectorAll('ul[aria-label=\"Examples of goes left\"] li').length === 1")
	for n := 2; n <= 3; n++ {
		l.mark()
		eval[int](l.browser, "[...document.querySelectorAll('.marked button')].find((b) => b.textContent === 'goes left').click(), 0")
		l.await(fmt.Sprintf("document.querySelectorAll('ul[aria-label=\"Examples of goes left\"] li').length === %d", n))
	}
	l.await("!document.querySelector('.asking').hidden")
	looks("asking")
	eval[int](l.browser, "document.querySelectorAll('.taught summary').forEach((s) => s.click()), 0")
	looks("learned")
}
