package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
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

type step = chromedp.Action[chromedp.Void]

// find is the selector of one of the page's test hooks.
func find(name string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + name + `"]`) }

// shows waits until an element shows the words, looking again at every change of
// the page.
func shows(name, words string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		_, err := chromedp.Evaluate[bool](fmt.Sprintf(`new Promise((resolve) => {
			const look = () => {
				if (![...document.querySelectorAll(%q)].some((n) => n.checkVisibility() && n.innerText.includes(%q))) return;
				seen.disconnect();
				resolve(true);
			};
			const seen = new MutationObserver(look);
			seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
			look();
		})`, string(find(name)), words), chromedp.EvalAwaitPromise)(ctx, target)
		if err != nil {
			return chromedp.Void{}, fmt.Errorf("waited for %s to show %q: %w", name, words, err)
		}
		return chromedp.Void{}, nil
	}
}

func typed(line string) []step {
	return []step{chromedp.SendKeys(find("composer"), line), chromedp.Click(find("send"))}
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

// The whole product in a browser, as README says: ask, be refused one's own
// approval, have another approve, see it end.
func TestDemoInABrowser(t *testing.T) {
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
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	steps := []step{chromedp.Navigate(page + "/"), shows("channel-ops", "ops"), as("alice")}
	steps = append(steps, typed("/droplet reboot web-1")...)
	steps = append(steps, shows("message", "Completed: reboot web-1"))
	steps = append(steps, typed("/droplet rebuild web-1 ubuntu-24-04-x64")...)
	steps = append(steps,
		shows("message", "Waiting for approval: rebuild web-1"),
		chromedp.Click(find("button-approve")), chromedp.Click(find("confirm-yes")),
		shows("ephemeral", "you can't approve it"),
		as("bob"),
		chromedp.Click(find("button-approve")), chromedp.Click(find("confirm-yes")),
		shows("message", "Completed: rebuild web-1"))
	for i, one := range steps {
		if err := chromedp.Do(ctx, one); err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
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
