package web_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "a folder for screenshots of the page, to be looked at")

// browser starts Chromium on the page, or skips the test where there is none.
func browser(t *testing.T, s *stage) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium is installed, and CI must not skip the page's tests")
		}
		t.Skip("skipped: no chromium is installed, so the page is not tested in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true),
	)
	ctx, cancel := context.WithTimeout(context.Background(), 5*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	run(t, ctx, chromedp.Navigate(s.page.URL+"/"), says(id("channel-ops"), "ops"))
	return ctx
}

type step = chromedp.Action[chromedp.Void]

func run(t *testing.T, ctx context.Context, steps ...step) {
	t.Helper()
	for i, one := range steps {
		if err := chromedp.Do(ctx, one); err != nil {
			if png, pictured := chromedp.Run(ctx, chromedp.CaptureScreenshot()); pictured == nil && *shots != "" {
				_ = os.WriteFile(filepath.Join(*shots, "failed.png"), png, 0o644)
			}
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// patience is how long anything on the page may take on a machine that is busy with other things.
const patience = 2 * time.Minute

// take waits for what the app is told.
func take[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("the app was told nothing")
		panic("unreachable")
	}
}

// id is the selector of a test hook.
func id(name string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + name + `"]`) }

// when waits for a JavaScript expression to be something, and answers what, looking again at every change
// of the page. It is not chromedp's Poll, which makes functions of strings and which the page's policy
// forbids.
func when[T any](ctx context.Context, target *chromedp.Target, what, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := chromedp.Evaluate[T](`new Promise((resolve) => {
		const look = () => { const got = `+expression+`; if (got) { seen.disconnect(); resolve(got); } };
		const seen = new MutationObserver(look);
		seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		look();
	})`, chromedp.EvalAwaitPromise)(ctx, target)
	if err != nil {
		return got, fmt.Errorf("waited for %s: %w", what, err)
	}
	return got, nil
}

// until waits for a JavaScript expression to be true.
func until(what, expression string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := when[bool](ctx, target, what, "Boolean("+expression+")")
		return chromedp.Void{}, err
	}
}

// says waits until an element that the selector finds shows the words.
func says(selector chromedp.CSS, words string) step {
	return until(fmt.Sprintf("%s to say %q", selector, words),
		fmt.Sprintf(`[...document.querySelectorAll(%q)].some((n) => n.checkVisibility() && n.innerText.includes(%q))`, selector, words))
}

// gone waits until nothing is found by the selector any more.
func gone(selector chromedp.CSS) step {
	return until(string(selector)+" to be gone", fmt.Sprintf(`!document.querySelector(%q)`, selector))
}

// js runs a script.
func js(script string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool]("(() => {"+script+"; return true; })()")(ctx, target)
		return chromedp.Void{}, err
	}
}

func click(name string) step { return press(id(name)) }

// press clicks the middle of an element, once that can be seen and nothing lies over it. chromedp's Click
// finds a node first and asks where it is afterwards, when the page may have drawn it anew.
func press(selector chromedp.CSS) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		at, err := when[[]float64](ctx, target, fmt.Sprintf("%s to be clickable", selector), fmt.Sprintf(`(() => {
			const n = document.querySelector(%q);
			if (!n?.checkVisibility() || n.disabled || n.ariaDisabled === 'true') return null;
			n.scrollIntoView({ block: 'nearest', inline: 'nearest' });
			const r = n.getBoundingClientRect();
			const at = [r.left + r.width / 2, r.top + r.height / 2];
			return n.contains(document.elementFromPoint(...at)) ? at : null;
		})()`, selector))
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.MouseClickXY(at[0], at[1])(ctx, target)
	}
}

// enter types into a field. chromedp's SendKeys does that too, and reads the field's attributes while its
// own goroutine may write them (query.go of v0.22.1).
func enter(name, text string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := when[bool](ctx, target, name+" to take keys", fmt.Sprintf(`(() => {
			const n = document.querySelector(%q);
			if (n && document.activeElement !== n) n.focus();
			return Boolean(n) && document.activeElement === n;
		})()`, id(name)))
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.KeyEvent(text)(ctx, target)
	}
}

// listed waits until the open menu is of what stands in its field.
func listed() step {
	return until("the menu to be up to date", `document.querySelector('.listbox:not([hidden], [aria-busy="true"])')`)
}

// choose takes an option of the open menu.
func choose(value string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := listed()(ctx, target); err != nil {
			return chromedp.Void{}, err
		}
		return press(chromedp.CSS(`[data-testid="option"][data-value="`+value+`"]`))(ctx, target)
	}
}

// become chooses another person.
func become(name string) step {
	return js(fmt.Sprintf(`const select = document.querySelector('[data-testid="person-select"]'); select.value = %q; select.dispatchEvent(new Event('change'))`, name))
}

// size is one that the page must look good at.
type size struct {
	name          string
	width, height int64
	mobile        bool
}

var viewports = []size{{"desktop", 1280, 800, false}, {"phone", 390, 844, true}}

// shot takes pictures in both sizes, light and dark, where a folder for them was named.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	for _, z := range viewports {
		for _, scheme := range []string{"light", "dark"} {
			run(t, ctx,
				chromedp.EmulateViewport(z.width, z.height, func(p *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
					p.Mobile = z.mobile
				}),
				chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
					_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
						Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
					})
					return err
				}),
				chromedp.Sleep(200*time.Millisecond)) // a picture has no state to wait for
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(*shots, name+"-"+z.name+"-"+scheme+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(t, ctx, chromedp.EmulateViewport(1280, 800))
}
