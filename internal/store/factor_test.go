package store_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"dropletops/approvals"
	"dropletops/internal/factor"
	"dropletops/internal/store"
)

// factorKey is a key of 32 different bytes that begin with b.
func factorKey(t *testing.T, b byte) *factor.Key {
	t.Helper()
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = b + byte(i)
	}
	k, err := factor.ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// phone is an authenticator app.
type phone struct {
	t      *testing.T
	secret string
}

func (p phone) code(at time.Time) string {
	p.t.Helper()
	code, err := totp.GenerateCode(p.secret, at)
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// wrong is a code that the phone does not show around a time.
func (p phone) wrong(at time.Time) string {
	for n := 0; ; n++ {
		code := fmt.Sprintf("%06d", n)
		if code != p.code(at) && code != p.code(at.Add(-30*time.Second)) && code != p.code(at.Add(30*time.Second)) {
			return code
		}
	}
}

func newSecret(t *testing.T, user string) (*factor.Secret, phone) {
	t.Helper()
	s, err := factor.NewSecret(user)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return s, phone{t, u.Query().Get("secret")}
}

// enroll enrolls a person, and lets the code that took pass.
func enroll(t *testing.T, b *bench, k *factor.Keeper, user string) phone {
	t.Helper()
	s, p := newSecret(t, user)
	if err := k.Enroll(t.Context(), s, p.code(b.clock.now()), "operator:root", b.clock.now(), false); err != nil {
		t.Fatal(err)
	}
	b.clock.forward(time.Minute)
	return p
}

func keeper(t *testing.T, b *bench) *factor.Keeper {
	return &factor.Keeper{Store: b.Store, Keys: factor.Keys{Current: factorKey(t, 1)}}
}

// refused checks that an error is a refusal with some words in it.
func refused(t *testing.T, err error, words string) {
	t.Helper()
	var no *approvals.Refusal
	if !errors.As(err, &no) || !strings.Contains(err.Error(), words) {
		t.Errorf("%v, want a refusal with %q", err, words)
	}
}

func fine(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestFactor(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx, k := t.Context(), keeper(t, b)
		refused(t, k.Verify(ctx, "U2", "123456", "e-1", b.clock.now()), "dropletops factor enroll")
		if yes, err := k.Enrolled(ctx, "U2"); yes || err != nil {
			t.Errorf("%v, %v", yes, err)
		}

		s, p := newSecret(t, "U2")
		if err := k.Enroll(ctx, s, p.wrong(b.clock.now()), "operator:root", b.clock.now(), false); !errors.Is(err, factor.ErrWrongCode) {
			t.Errorf("enrolled with a wrong code: %v", err)
		}
		fine(t, k.Enroll(ctx, s, p.code(b.clock.now()), "operator:root", b.clock.now(), false))
		if yes, err := k.Enrolled(ctx, "U2"); !yes || err != nil {
			t.Errorf("%v, %v", yes, err)
		}
		refused(t, k.Verify(ctx, "U2", p.code(b.clock.now()), "e-1", b.clock.now()), "used already") // by enrolling
		if err := k.Enroll(ctx, s, p.code(b.clock.now()), "operator:root", b.clock.now(), false); !errors.Is(err, factor.ErrEnrolled) {
			t.Errorf("enrolled twice: %v", err)
		}

		b.clock.forward(time.Minute)
		now := b.clock.now()
		code, next := p.code(now), p.code(now.Add(30*time.Second))
		refused(t, k.Verify(ctx, "U2", "12345", "e-1", now), "six digits")
		refused(t, k.Verify(ctx, "U2", p.wrong(now), "e-1", now), "4 tries left")
		fine(t, k.Verify(ctx, "U2", " "+code[:3]+" "+code[3:], "e-2", now))
		fine(t, k.Verify(ctx, "U2", code, "e-2", now)) // the same envelope again
		refused(t, k.Verify(ctx, "U2", code, "e-3", now), "used already")
		refused(t, k.Precheck(ctx, "U2", code, "e-3", now), "used already")
		refused(t, k.Precheck(ctx, "U2", "12345", "e-3", now), "not a code")
		refused(t, k.Verify(ctx, "U2", p.code(now.Add(-30*time.Second)), "e-3", now), "used already") // one before it
		fine(t, k.Verify(ctx, "U2", next, "e-3", now))
		fine(t, k.Verify(ctx, "U2", code, "e-2", now.Add(time.Hour))) // after a crash and a long time, another accepted in between
		refused(t, k.Verify(ctx, "U2", p.wrong(now), "e-2", now), "4 tries left")
		refused(t, k.Verify(ctx, "U3", code, "e-2", now), "dropletops factor enroll")
		if err := k.Verify(ctx, "U2", code, "", now); err == nil {
			t.Error("accepted for nothing")
		}

		b.reopen(t)
		k = keeper(t, b)
		refused(t, k.Verify(ctx, "U2", next, "e-4", now), "used already") // also after a restart

		fine(t, k.Remove(ctx, "U2", "operator:root", now))
		refused(t, k.Verify(ctx, "U2", code, "e-2", now), "dropletops factor enroll")
		if err := k.Remove(ctx, "U2", "operator:root", now); !errors.Is(err, factor.ErrNotEnrolled) {
			t.Errorf("removed twice: %v", err)
		}
		var whats []string
		fine(t, b.Audit(ctx, func(l store.AuditLine) error {
			if l.Line.Who != "operator:root" || l.Line.Detail["user"] != "U2" {
				t.Errorf("%+v", l.Line)
			}
			whats = append(whats, l.Line.What)
			return nil
		}))
		if got := strings.Join(whats, ", "); got != "factor enrolled, factor removed" {
			t.Errorf("the audit log has %s", got)
		}
	})
}

// Five wrong codes within any 15 minutes lock a person out for 15, the right code
// included, and across a restart; a right one in time makes them forgotten.
func TestFactorLocks(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx, k := t.Context(), keeper(t, b)
		p := enroll(t, b, k, "U2")
		wrong := func(want string) {
			t.Helper()
			refused(t, k.Verify(ctx, "U2", p.wrong(b.clock.now()), "e-wrong", b.clock.now()), want)
		}
		right := func(use string) error { return k.Verify(ctx, "U2", p.code(b.clock.now()), use, b.clock.now()) }

		for _, left := range []string{"4 tries", "3 tries", "2 tries", "1 try"} {
			wrong(left)
		}
		fine(t, right("e-1"))
		for _, left := range []string{"4 tries", "3 tries", "2 tries", "1 try"} {
			wrong(left)
			b.clock.forward(4 * time.Minute)
		}
		wrong("1 try") // the first is 16 minutes old
		wrong("refused until 03:32 UTC (15 minutes)")
		wrong("03:32")
		refused(t, right("e-2"), "refused until 03:32 UTC (15 minutes)")
		refused(t, k.Precheck(ctx, "U2", p.code(b.clock.now()), "e-2", b.clock.now()), "refused until 03:32 UTC (15 minutes)")
		fine(t, k.Precheck(ctx, "U2", p.code(b.clock.now()), "e-1", b.clock.now()))
		fine(t, k.Verify(ctx, "U2", p.code(b.clock.now().Add(-16*time.Minute)), "e-1", b.clock.now())) // accepted before: no try
		b.reopen(t)
		k = keeper(t, b)
		b.clock.forward(14*time.Minute + 59*time.Second)
		refused(t, right("e-2"), "(1 minute)")
		b.clock.forward(time.Second)
		fine(t, right("e-2"))
		wrong("4 tries")

		locks := 0
		fine(t, b.Audit(ctx, func(l store.AuditLine) error {
			if l.Line.What == "factor locked" && l.Line.Who == "U2" {
				locks++
			}
			return nil
		}))
		if locks != 1 {
			t.Errorf("%d locks in the audit log, want 1", locks)
		}
	})
}

// atOnce runs f many times at once, on one store or on two in turn.
func atOnce(t *testing.T, stores []*store.Store, n int, f func(i int, s *store.Store) error) (accepted int, refusals map[string]int) {
	t.Helper()
	var all sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = f(i, stores[i%len(stores)])
		})
	}
	close(start)
	all.Wait()
	refusals = map[string]int{}
	for _, err := range errs {
		var no *approvals.Refusal
		switch {
		case err == nil:
			accepted++
		case errors.As(err, &no):
			refusals[no.Sentence[:20]]++
		default:
			t.Error(err)
		}
	}
	return accepted, refusals
}

// two are two processes at one database, as replicas are, or serve and an
// operator's command beside it.
func two(t *testing.T, b *bench) []*store.Store {
	t.Helper()
	other, err := store.Open(t.Context(), b.url, "process-2", b.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fine(t, other.Close()) })
	return []*store.Store{b.Store, other}
}

func TestOneOfManyUsesOfACode(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		keys := keeper(t, b).Keys
		p := enroll(t, b, keeper(t, b), "U2")
		stores := two(t, b)
		for round := range 5 { // in the first, connections are still being made
			b.clock.forward(time.Minute)
			now := b.clock.now()
			accepted, refusals := atOnce(t, stores, 200, func(i int, s *store.Store) error {
				return (&factor.Keeper{Store: s, Keys: keys}).Verify(t.Context(), "U2", p.code(now), fmt.Sprint("e-", round, "-", i), now)
			})
			if accepted != 1 || refusals["This code was used a"] != 199 {
				t.Errorf("%d accepted, %v refused", accepted, refusals)
			}
		}
		// For one use all of them are right: it is one envelope.
		b.clock.forward(time.Minute)
		now := b.clock.now()
		if accepted, refusals := atOnce(t, stores, 50, func(_ int, s *store.Store) error {
			return (&factor.Keeper{Store: s, Keys: keys}).Verify(t.Context(), "U2", p.code(now), "e-same", now)
		}); accepted != 50 {
			t.Errorf("%d accepted, %v refused", accepted, refusals)
		}
	})
}

// Of any number of guesses at once five are compared, the fifth locks.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		keys := keeper(t, b).Keys
		p := enroll(t, b, keeper(t, b), "U2")
		now := b.clock.now()
		accepted, refusals := atOnce(t, two(t, b), 100, func(i int, s *store.Store) error {
			return (&factor.Keeper{Store: s, Keys: keys}).Verify(t.Context(), "U2", p.wrong(now), fmt.Sprint("e-", i), now)
		})
		if accepted != 0 || refusals["That code is not rig"] != 4 || refusals["Too many wrong codes"] != 96 {
			t.Errorf("%d accepted, %v refused", accepted, refusals)
		}
		refused(t, keeper(t, b).Verify(t.Context(), "U2", p.code(now), "e-right", now), "Too many")
	})
}

func TestOneOfManyEnrolments(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		keys := keeper(t, b).Keys
		now := b.clock.now()
		stores := two(t, b)
		var mu sync.Mutex
		done := 0
		var all sync.WaitGroup
		for i := range 20 {
			s, p := newSecret(t, "U2")
			all.Go(func() {
				err := (&factor.Keeper{Store: stores[i%2], Keys: keys}).Enroll(t.Context(), s, p.code(now), "operator:root", now, false)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !errors.Is(err, factor.ErrEnrolled) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done != 1 || auditLines(t, b) != 1 {
			t.Errorf("%d enrolments, %d audit lines", done, auditLines(t, b))
		}
	})
}

func TestFactorKeys(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx, none := t.Context(), &factor.Keeper{Store: b.Store}
		var wrong *factor.SetupError
		if n, err := none.Ready(ctx, false); n != 0 || err != nil {
			t.Errorf("nobody is enrolled, nothing is asked: %d, %v", n, err)
		}
		if _, err := none.Ready(ctx, true); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "the policy asks") {
			t.Errorf("the policy asks: %v", err)
		}
		if err := none.MayEnroll(ctx, "U2", false); !errors.As(err, &wrong) {
			t.Errorf("enrolling without a key: %v", err)
		}
		first := keeper(t, b)
		phones := map[string]phone{}
		for _, u := range []string{"U2", "U3", "U4"} {
			phones[u] = enroll(t, b, first, u)
		}
		if n, err := first.Ready(ctx, true); n != 3 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if err := first.MayEnroll(ctx, "U2", false); !errors.Is(err, factor.ErrEnrolled) {
			t.Errorf("enrolled already: %v", err)
		}
		fine(t, first.MayEnroll(ctx, "U2", true))
		fine(t, first.MayEnroll(ctx, "U5", false))

		second := &factor.Keeper{Store: b.Store, Keys: factor.Keys{Current: factorKey(t, 2)}}
		verify := func(k *factor.Keeper, u string) error {
			b.clock.forward(30 * time.Second)
			return k.Verify(ctx, u, phones[u].code(b.clock.now()), b.clock.now().String(), b.clock.now())
		}
		for what, err := range map[string]error{"no key": verify(none, "U2"), "another key": verify(second, "U2"), "enrolling with another": second.MayEnroll(ctx, "U5", false)} {
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "SECOND_FACTOR_KEY") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := second.Rotate(ctx, "operator:root", b.clock.now()); !errors.As(err, &wrong) {
			t.Errorf("rotating without the old key: %v", err)
		}
		second.Keys.Old = first.Keys.Current
		fine(t, verify(second, "U2"))
		if n, err := second.Rotate(ctx, "operator:root", b.clock.now()); n != 3 || err != nil {
			t.Errorf("rotated %d, %v", n, err)
		}
		if n, err := second.Rotate(ctx, "operator:root", b.clock.now()); n != 0 || err != nil {
			t.Errorf("rotated again %d, %v", n, err)
		}
		second.Keys.Old = nil
		for u := range phones {
			fine(t, verify(second, u))
		}
		if n := auditLines(t, b); n != 6 {
			t.Errorf("%d audit lines, want 3 enrolments and 3 rotations", n)
		}
	})
}

// A row that was put in another's place, or changed, does not open.
func TestFactorsCantBeSwapped(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx, k := t.Context(), keeper(t, b)
		enroll(t, b, k, "U2")
		eve := enroll(t, b, k, "U3")
		if err := b.Write(ctx, `UPDATE factors SET body = (SELECT body FROM factors WHERE user_id = 'U3') WHERE user_id = 'U2'`); err != nil {
			t.Fatal(err)
		}
		err := k.Verify(ctx, "U2", eve.code(b.clock.now()), "e-1", b.clock.now())
		var no *approvals.Refusal
		if err == nil || errors.As(err, &no) || !strings.Contains(err.Error(), "does not open") {
			t.Errorf("with another's secret: %v", err)
		}
		fine(t, k.Verify(ctx, "U3", eve.code(b.clock.now()), "e-1", b.clock.now()))
	})
}

// Neither the secret nor a code is anywhere in the database.
func TestSecretsAreSealed(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx, k := t.Context(), keeper(t, b)
		p := enroll(t, b, k, "U2")
		now := b.clock.now()
		refused(t, k.Verify(ctx, "U2", p.wrong(now), "e-1", now), "4 tries")
		all, err := b.Enrolments(ctx)
		if err != nil || len(all) != 1 || all[0].UserID != "U2" || all[0].KeyID != k.Keys.Current.ID() {
			t.Fatalf("%+v, %v", all, err)
		}
		raw, err := base32.StdEncoding.DecodeString(p.secret)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf("%+v", all)
		if bytes.Contains(all[0].Sealed, raw) || strings.Contains(body, p.secret) || strings.Contains(body, p.wrong(now)) {
			t.Errorf("it can be read: %s", body)
		}
	})
}
