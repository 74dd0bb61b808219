package factor

import (
	"image/color"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// seen reads a drawing back as a terminal shows it: which modules are dark.
func seen(t *testing.T, drawing string, colors bool) [][]bool {
	t.Helper()
	var out [][]bool
	for line := range strings.Lines(drawing) {
		line = strings.TrimSuffix(line, "\n")
		if colors {
			bare, begins := strings.CutPrefix(line, "\x1b[38;5;16;48;5;231m")
			bare, ends := strings.CutSuffix(bare, "\x1b[0m")
			if !begins || !ends {
				t.Fatalf("a line without its colors: %q", line)
			}
			line = bare
		}
		out = append(out, halves(t, line, colors)...)
	}
	return out
}

// halves reads one line; letters are dark or light.
func halves(t *testing.T, line string, lettersDark bool) [][]bool {
	t.Helper()
	var upper, lower []bool
	for _, c := range line {
		i := strings.IndexRune(" ▀▄█", c)
		if i < 0 {
			t.Fatalf("%q", c)
		}
		n := map[rune]int{' ': 0, '▀': 1, '▄': 2, '█': 3}[c]
		upper = append(upper, (n&1 != 0) == lettersDark)
		lower = append(lower, (n&2 != 0) == lettersDark)
	}
	return [][]bool{upper, lower}
}

func TestDrawQR(t *testing.T) {
	s, err := NewSecret("U0123456789")
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(s.URL(), qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Bounds().Dx()
	for _, colors := range []bool{true, false} {
		drawing, err := DrawQR(s.URL(), colors)
		if err != nil {
			t.Fatal(err)
		}
		rows := seen(t, drawing, colors)
		if len(rows) < size+2*quiet || len(rows) > 60 {
			t.Fatalf("%d rows for %d modules", len(rows), size)
		}
		for y, row := range rows {
			if len(row) != size+2*quiet || len(row) > 80 {
				t.Fatalf("row %d has %d columns for %d modules", y, len(row), size)
			}
			for x, dark := range row {
				inside := x >= quiet && y >= quiet && x < size+quiet && y < size+quiet
				if want := inside && code.At(x-quiet, y-quiet) == color.Color(color.Black); dark != want {
					t.Fatalf("with colors %v: module %d,%d is dark: %v, want %v", colors, x, y, dark, want)
				}
			}
		}
	}
}
