package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	simdo "dropletops/internal/sim/digitalocean"
)

// address is what demo prints first.
var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// startDemo runs `dropletops demo` as a process of its own, and answers where
// its page is.
func startDemo(t *testing.T) (page string, p *process) {
	t.Helper()
	t.Parallel()
	r := &rig{t: t, env: map[string]string{"DROPLETOPS_TEST_MAIN": "1", "GORACE": "atexit_sleep_ms=0", "TMPDIR": t.TempDir()}}
	p = r.launch("demo", "--addr", "127.0.0.1:0", "--speed", "60")
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended by itself
		<-p.done
		if t.Failed() {
			t.Logf("the demo said:\n%s", p.out.String())
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) { // nothing tells when it prints
		page = address.FindString(p.out.String())
		if page == "" {
			continue
		}
		resp, err := http.Get(page)
		if err != nil {
			continue
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return page, p
	}
	t.Fatalf("no page:\n%s", p.out.String())
	return "", nil
}

// The demo lags as DigitalOcean does, at its own speed, unless told not to.
func TestLagOfTheDemo(t *testing.T) {
	if got := (demoOptions{speed: 10, lag: "on"}).digitalOceanLag(); got != simdo.DefaultLag().Faster(10) {
		t.Errorf("on: %+v", got)
	}
	if got := (demoOptions{speed: 10, lag: "off"}).digitalOceanLag(); got != simdo.NoLag {
		t.Errorf("off: %+v", got)
	}
	p := (&rig{t: t, env: map[string]string{"DROPLETOPS_TEST_MAIN": "1"}}).launch("demo", "--lag", "maybe")
	<-p.done
	if p.code != exitUsage || !strings.Contains(p.out.String(), "--lag") {
		t.Errorf("exit code %d: %s", p.code, p.out.String())
	}
}

type step = chromedp.Action[chromedp.Void]

// find is the selector of one of the page's test hooks.
func find(name string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + name + `"]`) }

// until waits for a JavaScript expression to be true, looking again at every change
// of the page.
func until(what, expression string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		_, err := chromedp.Evaluate[bool](fmt.Sprintf(`new Promise((resolve) => {
			const look = () => { if (%s) { seen.disconnect(); resolve(true); } };
			const seen = new MutationObserver(look);
			seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
			look();
		})`, expression), chromedp.EvalAwaitPromise)(ctx, target)
		if err != nil {
			return chromedp.Void{}, fmt.Errorf("waited for %s: %w", what, err)
		}
		return chromedp.Void{}, nil
	}
}

// shows waits until an element shows the words.
func shows(name, words string) step {
	return until(fmt.Sprintf("%s to show %q", name, words), fmt.Sprintf(
		`[...document.querySelectorAll(%q)].some((n) => n.checkVisibility() && n.innerText.includes(%q))`, find(name), words))
}

// vanished waits until there is no such element any more.
func vanished(name string) step {
	return until(name+" to be gone", fmt.Sprintf(`!document.querySelector(%q)`, find(name)))
}

// keyed types into a field. chromedp's SendKeys does that too, and reads the field's
// attributes while its own goroutine may write them (query.go of v0.22.1).
func keyed(field chromedp.CSS, keys string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := chromedp.Focus(field, chromedp.NodeVisible)(ctx, target); err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.KeyEvent(keys)(ctx, target)
	}
}

func typed(line string) []step {
	return []step{keyed(find("composer"), line), chromedp.Click(find("send"))}
}

func as(person string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
			const select = document.querySelector('[data-testid="person-select"]');
			select.value = %q;
			select.dispatchEvent(new Event('change'));
			return true;
		})()`, person))(ctx, target)
		return chromedp.Void{}, err
	}
}

// browse opens a demo's page in a browser, or skips the test where there is none.
func browse(t *testing.T) (ctx context.Context, p *process) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium is installed, and CI must not skip the demo's test")
		}
		t.Skip("skipped: no chromium is installed, so the demo is not tested in a browser")
	}
	page, p := startDemo(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 1000),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true))
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	walk(t, ctx, chromedp.Navigate(page+"/"), shows("channel-ops", "ops"),
		until("the bot to be connected", `document.querySelector('#status').textContent === 'Bot connected'`))
	return ctx, p
}

func walk(t *testing.T, ctx context.Context, steps ...step) {
	t.Helper()
	for i, one := range steps {
		if err := chromedp.Do(ctx, one); err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// chosen chooses from a menu of a modal, by what is typed into it.
func chosen(name, typed, value string) []step {
	option := chromedp.CSS(`[data-testid="option"][data-value="` + value + `"]`)
	listed := until("the menu to be of what was typed", `document.querySelector('.listbox:not([hidden], [aria-busy="true"])')`)
	return []step{chromedp.Click(find("select-" + name)), keyed(find("select-"+name), typed), listed, chromedp.Click(option)}
}

// A command with nothing behind it is put together in a modal; a message's shortcut
// opens the same.
func TestModalInTheDemo(t *testing.T) {
	ctx, _ := browse(t)
	walk(t, ctx, append(typed("/droplet"), shows("modal", "What is to be done"))...)
	walk(t, ctx, chosen("verb", "Rebu", "rebuild")...)
	walk(t, ctx, shows("modal", "Image"))
	walk(t, ctx, chosen("target", "web-2", "412000102")...)
	walk(t, ctx, shows("modal", "Would be lost"))
	walk(t, ctx, chosen("arg.image", "debian-13", "debian-13-x64")...)
	walk(t, ctx, keyed(find("input-confirm"), "web-1"), chromedp.Click(find("modal-submit")), shows("modal", "That is not what it is called: web-2."))
	walk(t, ctx, keyed(find("input-confirm"), kb.Backspace+"2"), chromedp.Click(find("modal-submit")), shows("message", "Waiting for approval: rebuild web-2"))
	walk(t, ctx, append(typed("web-1 does not answer"), shows("message", "web-1 does not answer"))...)
	walk(t, ctx, press(`article:last-of-type [data-testid="shortcut-operate"]`), shows("modal", "in this thread"))
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('[data-testid="select-target"]').value`))
	if err != nil || !strings.HasPrefix(got, "web-1 ") {
		t.Errorf("the Droplet that the message speaks of: %q, %v", got, err)
	}
}

// press clicks what is shown only under the pointer.
func press(selector string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](fmt.Sprintf(`(() => { [...document.querySelectorAll(%q)].at(-1).click(); return true; })()`, selector))(ctx, target)
		return chromedp.Void{}, err
	}
}

// The whole product in a browser, as README says: ask, be refused one's own
// approval, have another approve, see it end.
func TestDemoInABrowser(t *testing.T) {
	ctx, p := browse(t)
	steps := []step{as("alice")}
	steps = append(steps, typed("/droplet reboot web-1")...)
	steps = append(steps, shows("message", "Completed: reboot web-1"))
	steps = append(steps, typed("/droplet rebuild web-1 ubuntu-24-04-x64")...)
	steps = append(steps,
		shows("message", "Waiting for approval: rebuild web-1"),
		chromedp.Click(find("button-approve")), chromedp.Click(find("confirm-yes")),
		shows("ephemeral", "you can't approve it"),
		as("bob"), vanished("ephemeral"), // it makes the card move
		chromedp.Click(find("button-approve")), chromedp.Click(find("confirm-yes")),
		shows("message", "Completed: rebuild web-1"))
	walk(t, ctx, steps...)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if p.code != exitDone {
		t.Errorf("exit code %d", p.code)
	}
}
