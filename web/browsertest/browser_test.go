package browsertest

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a chromium with one tab.
type browser struct {
	t    *testing.T
	site *site
	ctx  context.Context

	mu         sync.Mutex
	complaints []string // console errors, exceptions, requests to other hosts
	tolerated  []string // parts of complaints that a test expects
}

// newBrowser starts one. It fails the test for every console error and every request to another host.
func newBrowser(t *testing.T, s *site) *browser {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.ExecPath("/usr/bin/chromium"))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &browser{t: t, site: s, ctx: ctx}
	t.Cleanup(func() {
		stop()
		stopAllocator()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Error("browser: " + c)
		}
	})
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	return b
}

// call calls a command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, eventually)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

func (b *browser) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text, _ := json.Marshal(e.ExceptionDetails)
		b.complain("exception: " + string(text))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.complain("log: " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.complain("console: " + string(e.Args[0].Value))
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "blob" && u.Scheme != "data" && u.Host != b.site.address {
			b.complain("a request to " + e.Request.URL)
		}
	}
}

func (b *browser) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, part := range b.tolerated {
		if strings.Contains(text, part) {
			return
		}
	}
	b.complaints = append(b.complaints, text)
}

// tolerate lets complaints pass that contain the text.
func (b *browser) tolerate(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tolerated = append(b.tolerated, text)
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, eventually)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%v", err)
	}
}

// size sets the window's width and the colours.
func (b *browser) size(width, height int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 700})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"}, // pictures show bars at their scores, and not on the way there
	}})
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.site.url(path)))
}

// eval returns the value of a JavaScript expression, which may be a promise.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, eventually)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// await waits until a JavaScript expression is true.
func (b *browser) await(expression string) {
	b.t.Helper()
	deadline := time.Now().Add(eventually)
	for !eval[bool](b, "(() => { try { return !!("+expression+") } catch { return false } })()") { // what it asks may not be there yet
		if time.Now().After(deadline) {
			b.shot("failed-" + plain(b.t.Name()))
			b.t.Fatalf("%s: not true within %v", expression, eventually)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// named waits for the visible element with that role and accessible name, and returns a JavaScript expression for it.
func (b *browser) named(role, name string) string {
	b.t.Helper()
	selector := map[string]string{
		"button": "button", "link": "a", "region": "section[aria-label]", "img": "img", "meter": "[role=meter]", "dialog": "dialog[open]",
		"list": "ul", "slider": "input[type=range]", "combobox": "select", "textbox": "input,textarea",
	}[role]
	found := "[..." + `document.querySelectorAll('` + selector + `')].find((e) => e.offsetParent !== null || e.tagName === 'DIALOG' ? ` +
		`(e.getAttribute('aria-label') || e.alt || e.labels?.[0]?.textContent || e.textContent).trim().startsWith(` + quoted(name) + `) : false)`
	b.await(found)
	return found
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

func (b *browser) click(role, name string) {
	b.t.Helper()
	eval[int](b, b.named(role, name)+".click(), 0")
}

func (b *browser) key(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// shot keeps a picture of the whole page.
func (b *browser) shot(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, eventually)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	path := filepath.Join(screenshots(b.t), name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil { //nolint:gosec // a picture for people
		b.t.Fatal(err)
	}
}

// accessible runs axe-core, and fails the test for every serious fault.
func (b *browser) accessible(screen string) {
	b.t.Helper()
	path := filepath.Join(os.Getenv("EDGED_CACHE"), "axe-core-4.14.1", "axe.min.js")
	axe, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatalf("%v; make deps fetches it", err)
	}
	eval[int](b, string(axe)+";0")
	type fault struct{ ID, Impact, Help, Node string }
	faults := eval[[]fault](b, `axe.run().then((r) => r.violations.flatMap((v) => v.nodes.map((n) => ({ID: v.id, Impact: v.impact, Help: v.help, Node: n.html.slice(0, 150)}))))`)
	for _, f := range faults {
		if f.Impact == "serious" || f.Impact == "critical" {
			b.t.Errorf("%s: axe-core: %s: %s: %s", screen, f.ID, f.Help, f.Node)
		}
	}
}

// fits fails the test if anything is wider than the window, or if a value that is missing shows.
func (b *browser) fits(screen string) {
	b.t.Helper()
	wide := eval[[]string](b, `[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
		!e.closest('pre, .u-over, .uplot, .hidden, .skip')).map((e) => e.outerHTML.slice(0, 80))`)
	if len(wide) > 0 {
		b.t.Errorf("%s: wider than the window: %v", screen, wide[:min(3, len(wide))])
	}
	if text := eval[string](b, "document.body.innerText"); strings.Contains(text, "null") || strings.Contains(text, "undefined") || strings.Contains(text, "NaN") {
		b.t.Errorf("%s shows what is no text for people: %.300s", screen, text)
	}
}
