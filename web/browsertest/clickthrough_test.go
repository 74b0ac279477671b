package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"edged/internal/clock"
	"edged/internal/config"
	"edged/internal/sink"
	"edged/record"
	"edged/web/login"
)

// A walk through the page as a person takes it, from the first picture to a restart of edged.
func TestClickThrough(t *testing.T) {
	beside(t)
	s := newSite(t, "")
	b := newBrowser(t, s)
	b.size(1280, 900, false)
	b.open("")
	for _, camera := range []string{"gate", "yard"} {
		b.named("region", camera)
		b.named("img", camera+" now")
	}
	b.named("meter", "left_to_right")
	for _, link := range []string{"Now", "Events", "Teach", "Draw", "Health"} {
		b.named("link", link)
	}
	t.Run("threshold", func(t *testing.T) { testThreshold(t, b) })
	t.Run("switch", func(t *testing.T) { testSwitch(t, b) })
	t.Run("events", func(t *testing.T) { testEvents(t, b) })
	t.Run("player", func(t *testing.T) { testPlayer(t, b) })
	t.Run("delete", func(t *testing.T) { testDelete(t, b) })
	t.Run("draw", func(t *testing.T) { testDraw(t, b) })
	t.Run("health", func(t *testing.T) { testHealth(t, b) })
	t.Run("restart", func(t *testing.T) { testRestart(t, b) })
}

// The slider on the bar does what the MQTT command does, and follows it.
func testThreshold(t *testing.T, b *browser) {
	slider := b.named("slider", "Threshold of left_to_right")
	// A slow network: each change takes longer than the ones after it.
	eval[int](b, `(window.realFetch = fetch, window.slow = 1200, window.fetch = async (url, o) => {
		if (o?.method === 'PUT') await new Promise((r) => setTimeout(r, slow = Math.max(0, slow - 200)));
		return realFetch(url, o);
	}, 0)`)
	eval[int](b, slider+".focus(), 0")
	for range 5 {
		b.key(kb.ArrowRight) // the keyboard alone will do
	}
	threshold := func() float64 { return b.site.node.Settings()["gate"].Thresholds["left_to_right"] }
	b.site.await("the threshold is set", func() bool { return threshold() > 0.645 && threshold() < 0.655 })
	eval[int](b, slider+".blur(), 0")
	if err := b.site.node.SetThreshold("gate", "left_to_right", 0.45); err != nil {
		t.Fatal(err)
	}
	b.await(slider + ".value === '0.45'")
}

// The button does what the MQTT command does.
func testSwitch(_ *testing.T, b *browser) {
	enabled := func() bool { return b.site.node.Settings()["gate"].Enabled }
	b.click("button", "Switch off: gate")
	b.site.await("the view is off", func() bool { return !enabled() })
	b.named("button", "Switch on: gate")
	b.await("[...document.querySelectorAll('.off')].some((e) => !e.hidden && e.textContent === 'Switched off')")
	b.click("button", "Switch on: gate")
	b.site.await("the view is on", enabled)
	b.named("button", "Switch off: gate")
}

func testEvents(t *testing.T, b *browser) {
	b.click("link", "Events")
	b.named("list", "Events")
	b.site.awaitClips(2)
	b.await("document.querySelectorAll('ul[aria-label=Events] > li > button').length >= 2")
	names := eval[[]string](b, "[...document.querySelectorAll('ul[aria-label=Events] > li > button')].map((e) => e.textContent)")
	for _, name := range names {
		if !strings.HasPrefix(name, "left_to_right") && !strings.HasPrefix(name, "right_to_left") {
			t.Errorf("a button is named %q; want it to begin with the label", name)
		}
	}
	b.await(fmt.Sprintf("document.querySelectorAll('ul[aria-label=Events] > li').length > %d", len(names))) // new ones appear by themselves
	b.await("document.querySelector('.events h2').textContent === 'Today'")
	eval[int](b, b.named("combobox", "Label")+".value = 'wave', document.querySelector('[name=label]').dispatchEvent(new Event('change', {bubbles: true})), 0")
	b.await("document.querySelector('.end').textContent.includes('No event matches')")
	// A request that fails is not the end of the list.
	eval[int](b, "window.answering = window.fetch, window.fetch = () => Promise.reject(new TypeError('asleep')), "+
		"document.querySelector('[name=label]').value = '', document.querySelector('[name=label]').dispatchEvent(new Event('change', {bubbles: true})), 0")
	b.await("document.querySelector('.end').textContent.includes('edged does not answer')")
	eval[int](b, "window.fetch = window.answering, 0")
	b.click("button", "Try again")
	b.await("document.querySelectorAll('ul[aria-label=Events] > li > button').length >= 2")
	b.open("events")
}

func testPlayer(t *testing.T, b *browser) {
	event := b.site.awaitClips(1)
	b.open("events/" + event.ID)
	b.named("dialog", event.Label+", "+event.View)
	b.await("document.querySelector('dialog .uplot canvas')")
	b.await(`(() => {
		const c = document.querySelector('dialog canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
		return d.reduce((a, v, i) => a + (i % 4 < 3 ? v : 0), 0) > 1e6;
	})()`) // a picture shows
	position := "Number(document.querySelector('dialog input[type=range]').value)"
	if b.click("button", "Pause"); eval[bool](b, "document.activeElement.tagName === 'SELECT'") {
		t.Error("the focus is on the speed")
	}
	at := eval[int](b, position)
	b.key(kb.ArrowLeft)
	b.await(fmt.Sprintf("%s === %d", position, max(0, at-1)))
	b.key(kb.ArrowRight)
	b.key(kb.ArrowRight)
	b.await(fmt.Sprintf("%s === %d", position, max(0, at-1)+2))
	if link := eval[string](b, "document.querySelector('dialog a[download]').href"); !strings.HasSuffix(link, "/api/v1/clips/"+event.Clip+"/video?download") {
		t.Errorf("download leads to %s", link)
	}
	b.key(kb.Escape)
	b.await("!document.querySelector('dialog') && location.pathname === '/events'")
}

func testDelete(t *testing.T, b *browser) {
	event := b.site.awaitClips(2)
	b.open("events/" + event.ID)
	b.click("button", "Delete")
	b.click("button", "Delete event and clip?")
	b.await("!document.querySelector('dialog')")
	if _, ok := b.site.node.Timeline.Find(event.ID); ok {
		t.Error("the event is still there")
	}
	if _, err := b.site.node.Recorder.Info(event.Clip); err == nil {
		t.Error("the clip is still there")
	}
	b.tolerate("404")
	b.open("events/" + event.ID)
	b.await("document.querySelector('[role=alert]').textContent.includes('no such event')")
}

func testDraw(t *testing.T, b *browser) {
	b.click("link", "Draw")
	b.await("document.querySelector('.board img').naturalWidth")
	box := eval[[]float64](b, "(() => { const r = document.querySelector('.board').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()")
	at := func(x, y float64) (float64, float64) { return box[0] + x*box[2], box[1] + y*box[3] }
	fromX, fromY := at(0.1, 0.2)
	toX, toY := at(0.6, 0.7)
	b.do(chromedp.DragAndDropXY(fromX, fromY, toX, toY, 5))
	b.click("button", "Draw a mask")
	for _, p := range [][2]float64{{0.7, 0.1}, {0.9, 0.1}, {0.9, 0.4}} {
		x, y := at(p[0], p[1])
		b.do(chromedp.MouseClickXY(x, y))
	}
	eval[int](b, "document.activeElement.blur(), 0")
	b.key(kb.Enter)
	yaml := b.named("textbox", "Configuration to paste") + ".value"
	b.await(yaml + ".includes('views:') && " + yaml + ".includes('masks:')")
	text := eval[string](b, yaml)
	cfg, err := config.Parse("drawn.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	view, mask := cfg.Cameras[0].Views[0], cfg.Cameras[0].Masks[0]
	if view.Area[0] < 0.08 || view.Area[0] > 0.12 || view.Area[2] < 0.47 || view.Area[2] > 0.53 || len(mask) != 3 || mask[1][0] < 0.88 || mask[1][0] > 0.92 {
		t.Errorf("drawn: %+v, mask %v", view, mask)
	}
	b.await("document.querySelector('.verdict').textContent === 'edged takes this.'")
	eval[int](b, "(() => { const i = document.querySelector('.shapes input'); i.value = 'my view'; i.dispatchEvent(new Event('input')); return 0; })()")
	b.await("document.querySelector('.verdict').textContent.includes('cameras[0].views[0].name')")
	b.shot("drawn")

	// A zone needs a view that follows; the text says so itself.
	eval[int](b, "(() => { const i = document.querySelector('.shapes input'); i.value = 'my_view'; i.dispatchEvent(new Event('input')); return 0; })()")
	b.click("button", "Draw a zone")
	for _, p := range [][2]float64{{0.1, 0.6}, {0.4, 0.6}, {0.4, 0.9}, {0.1, 0.9}, {0.1, 0.6}} { // the first corner again: finished
		x, y := at(p[0], p[1])
		b.do(chromedp.MouseClickXY(x, y))
	}
	b.await(yaml + ".includes('zone1:')")
	text = eval[string](b, yaml)
	if cfg, err = config.Parse("zone.yaml", []byte(text)); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if zone := cfg.Cameras[0].Zones["zone1"]; len(zone) != 4 || zone[2][1] < 0.88 || zone[2][1] > 0.92 || !cfg.Cameras[0].Follow.On {
		t.Errorf("%s", text)
	}
	b.await("document.querySelector('.verdict').textContent === 'edged takes this.'")
	b.shot("drawn-zone")

	// What the configuration has already is carried over, and what is typed is added.
	eval[int](b, b.named("combobox", "Camera")+".value = 'yard', document.querySelector('select').dispatchEvent(new Event('change')), 0")
	b.await(yaml + ".includes('name: yard')")
	eval[int](b, "(() => { const i = document.querySelector('.shapes [inputmode=numeric]'); i.value = '6'; i.dispatchEvent(new Event('input')); return 0; })()")
	text = eval[string](b, yaml)
	if cfg, err = config.Parse("yard.yaml", []byte(text)); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	yard := cfg.Cameras[0]
	if len(yard.Masks) != 1 || len(yard.Views) != 2 || yard.Views[0].Name != "path" || yard.Views[0].Stride != 6 || yard.Views[1].Name != "bench" || yard.Views[1].Stride != 0 {
		t.Errorf("%s", text)
	}
	b.await("document.querySelector('.verdict').textContent === 'edged takes this.'")
}

func testHealth(t *testing.T, b *browser) {
	b.click("link", "Health")
	b.await("[...document.querySelectorAll('.facts-grid h2')].some((h) => h.textContent === 'Camera yard')")
	support := eval[string](b, "fetch(document.querySelector('a[href$=support]').href).then((r) => r.text())")
	for _, want := range []string{"edged v2.0", "=== configuration", "name: gate", "=== counters", "frames_per_second", "msg=started"} {
		if !strings.Contains(support, want) {
			t.Errorf("the support file has no %q:\n%.600s", want, support)
		}
	}
}

// edged is stopped and started again: the page says so, comes back by itself, and knows what happened before.
func testRestart(t *testing.T, b *browser) {
	event := b.site.awaitClips(1)
	b.click("link", "Now")
	b.named("img", "gate now")
	b.tolerate("ERR_") // while nobody answers
	b.tolerate("Failed to load resource")
	b.site.stop()
	b.await("!document.getElementById('notice').hidden && document.getElementById('notice').textContent.includes('No connection to edged')")
	b.shot("no-connection")
	b.site.start()
	b.await("document.getElementById('notice').hidden")
	b.named("img", "gate now")
	b.await("[...document.querySelectorAll('[role=meter]')].some((m) => Number(m.getAttribute('aria-valuenow')) > 0.2)")
	b.await(b.named("slider", "Threshold of left_to_right") + ".value === '0.45'") // it was kept
	b.open("events/" + event.ID)
	b.named("dialog", event.Label)
	if got, ok := b.site.node.Timeline.Find(event.ID); !ok || got.ClipState != record.ClipSaved {
		t.Errorf("the event after a restart: %+v, %t", got, ok)
	}
}

func TestLoginPage(t *testing.T) {
	beside(t)
	s := newSite(t, passwordFile(t))
	b := newBrowser(t, s)
	b.tolerate("401")
	b.open("events")
	b.named("textbox", "Password")
	b.accessible("login")
	b.shot("login")
	b.do(chromedp.SendKeys("#password", "wrong horse\r"))
	b.await("document.querySelector('[role=alert]').textContent.includes('password is wrong')")
	b.do(chromedp.SendKeys("#password", "correct horse\r"))
	b.named("list", "Events")
	b.click("link", "Now")
	b.named("img", "gate now")
	b.click("button", "Log out")
	b.named("textbox", "Password")
}

// passwordFile is the configuration of a password.
func passwordFile(t *testing.T) string {
	t.Helper()
	hash, err := login.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "web: {password_file: '" + path + "'}\n"
}

// Who has just installed edged, without a camera and without a broker, is told what to do.
func TestFirstRun(t *testing.T) {
	beside(t)
	s := newSite(t, "")
	s.stop()
	s.yaml = "cameras: [{name: front, source: 'v4l2:/dev/video99'}]\n"
	s.start()
	b := newBrowser(t, s)
	b.size(360, 780, false)
	b.open("")
	b.await("document.querySelector('.camera .instead').textContent.startsWith('Offline')")
	hints := eval[string](b, "document.querySelector('.hints').textContent")
	for _, want := range []string{"No picture from front", "Events stay on this machine", "mosquitto_sub", "Events have no clips yet"} {
		if !strings.Contains(hints, want) {
			t.Errorf("no hint says %q: %s", want, hints)
		}
	}
	b.shot("first-run")
	b.fits("first run")
	b.accessible("first run")
	b.click("button", "Do not show this again")
	b.open("")
	b.await("document.querySelector('.hints') && !document.querySelector('.hints').textContent.includes('No picture from front')")
}

// 2,000 events are loaded piece by piece while a person scrolls, and a new one is on top at once.
func TestManyEvents(t *testing.T) {
	beside(t)
	s := newSite(t, "")
	for n := range 2000 {
		e := sink.Event{
			ID: sink.ID{Run: "00000000", N: uint64(n)}, Camera: "gate", View: "gate", Label: "wave", Phase: sink.Start, Peak: 0.7,
			Start: clock.Monotonic() - time.Duration(2000-n)*time.Minute,
		}
		s.node.Timeline.Event(e)
		e.Phase, e.End = sink.End, e.Start+time.Second
		s.node.Timeline.Event(e)
	}
	b := newBrowser(t, s)
	b.size(360, 780, false)
	b.open("events")
	b.await("document.querySelectorAll('.events li').length >= 60")
	if n := eval[int](b, "document.querySelectorAll('.events li').length"); n > 400 {
		t.Errorf("%d events are loaded before anybody scrolls", n)
	}
	loaded := func() int {
		return eval[int](b, "scrollTo(0, document.body.scrollHeight), document.querySelectorAll('.events li').length")
	}
	for deadline := time.Now().Add(eventually); loaded() < 1900; time.Sleep(50 * time.Millisecond) { // faster than a person scrolls
		if time.Now().After(deadline) {
			t.Fatalf("only %d events are loaded", loaded())
		}
	}
	if days := eval[int](b, "document.querySelectorAll('.events h2').length"); days < 2 || days > 3 {
		t.Errorf("%d days for 33 hours", days)
	}
	eval[int](b, "(scrollTo(0, 0), 0)")
	s.node.Timeline.Event(sink.Event{ID: sink.ID{Run: "00000001", N: 1}, Camera: "gate", View: "gate", Label: "fall", Phase: sink.Start, Start: clock.Monotonic() + time.Minute})
	b.await("document.querySelector('.events li').textContent.includes('fall')")
	testFilter(t, b)
}

// The filter of Events changes while an answer is on its way, and stays while the page is hidden.
func testFilter(t *testing.T, b *browser) {
	eval[int](b, `(window.realFetch = fetch, window.fetch = async (url, o) => {
		const reply = await realFetch(url, o);
		if (String(url).includes('label=fall')) await new Promise((r) => setTimeout(r, 1000));
		return reply;
	}, 0)`)
	choose := func(label string) {
		eval[int](b, fmt.Sprintf(`(document.querySelector('[name=label]').value = '%s', document.querySelector('[name=label]').dispatchEvent(new Event('change', {bubbles: true})), 0)`, label))
	}
	choose("fall")
	choose("wave")
	b.await("document.querySelectorAll('.events li').length >= 60")
	time.Sleep(1500 * time.Millisecond)
	if n := eval[int](b, "[...document.querySelectorAll('.events li strong')].filter((e) => e.textContent !== 'wave').length"); n > 0 {
		t.Errorf("%d events of another label", n)
	}
	hide := func(hidden bool) {
		eval[int](b, fmt.Sprintf("(Object.defineProperty(document, 'hidden', {value: %v, configurable: true}), document.dispatchEvent(new Event('visibilitychange')), 0)", hidden))
	}
	loaded := eval[int](b, "document.querySelectorAll('.events li').length")
	hide(true)
	b.site.node.Timeline.Event(sink.Event{ID: sink.ID{Run: "00000001", N: 2}, Camera: "gate", View: "gate", Label: "wave", Phase: sink.Start, Peak: 0.9, Start: clock.Monotonic()})
	if !b.site.node.Timeline.Forget("00000000-1999") {
		t.Fatal("the newest event is gone already")
	}
	hide(false)
	b.await("document.querySelector('.events li').event.id === '00000001-2' && ![...document.querySelectorAll('.events li')].some((i) => i.event.id === '00000000-1999')")
	if n := eval[int](b, "document.querySelector('[name=label]').value === 'wave' ? document.querySelectorAll('.events li').length : 0"); n != loaded {
		t.Errorf("%d events before, %d after the page was hidden: filter and list must stay", loaded, n)
	}
}
