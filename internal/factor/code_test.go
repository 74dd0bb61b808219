package factor

import (
	"testing"
	"testing/quick"
	"time"
)

// The secret and the codes of RFC 6238, appendix B, for SHA-1; of its eight
// digits the last six.
func TestCodesOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		step, found, err := findStep(secret, time.Unix(at, 0), code)
		if err != nil || !found || step != at/30 {
			t.Errorf("at %d: step %d, %v, %v", at, step, found, err)
		}
	}
}

// A code is right from 30 s before its 30 s begin until 30 s after they end.
func TestSkew(t *testing.T) {
	secret := []byte("12345678901234567890")
	const begins = 1234567890 // of the step whose code is 005924
	for late, want := range map[int64]bool{-31: false, -30: true, 0: true, 29: true, 59: true, 60: false} {
		if _, found, err := findStep(secret, time.Unix(begins+late, 0), "005924"); err != nil || found != want {
			t.Errorf("%d s after it began: %v, %v, want %v", late, found, err, want)
		}
	}
}

func TestParseCode(t *testing.T) {
	for typed, want := range map[string]string{
		"123456": "123456", "123 456": "123456", " 1 2 3 4 5 6\n": "123456", "123-456": "123456", "000000": "000000",
		"１２３４５６": "123456", "１２３　４５６": "123456", "123\u00a0456": "123456",
		"": "", "12345": "", "1234567": "", "12345a": "", "+12345": "", "12345６7": "", "١٢٣٤٥٦": "", "123456\x00": "", "0x1234": "", "1e5000": "",
	} {
		got, err := parseCode(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", typed, got, err, want)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "１２３４５６", "12345", "--", "\xff123456", "123456 789"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := parseCode(typed)
		if err != nil {
			if code != "" {
				t.Errorf("%q: both %q and %v", typed, code, err)
			}
			return
		}
		if len(code) != digits {
			t.Errorf("%q: %q", typed, code)
		}
		for _, c := range code {
			if c < '0' || c > '9' {
				t.Errorf("%q: %q", typed, code)
			}
		}
		if again, err := parseCode(code); again != code || err != nil {
			t.Errorf("%q is read as %q, %v", code, again, err)
		}
	})
}

// A code that two steps share by chance spends both.
func TestTheNewestStepCounts(t *testing.T) {
	secret := []byte("12345678901234567890")
	const at = 910738 // the first step whose code is also that of the one before
	shared := codeOf(t, secret, at)
	if before := codeOf(t, secret, at-1); before != shared {
		t.Fatalf("%s, then %s", before, shared)
	}
	for _, now := range []int64{at - 1, at} {
		if step, found, err := findStep(secret, time.Unix(now*period, 0), shared); !found || step != at || err != nil {
			t.Errorf("step %d, %v, %v; want %d", step, found, err, at)
		}
	}
}

func codeOf(t *testing.T, secret []byte, step int64) string {
	t.Helper()
	code, err := codeAt(secret, step)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// Of all codes, those of three steps are right.
func TestNoOtherCodeIsRight(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1234567890, 0)
	right := map[string]bool{}
	for d := int64(-skew); d <= skew; d++ {
		right[codeOf(t, secret, stepOf(now)+d)] = true
	}
	ok := func(n uint32) bool {
		code := codeOf(t, secret, int64(n))
		_, found, err := findStep(secret, now, code)
		return err == nil && found == right[code]
	}
	if err := quick.Check(ok, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}
