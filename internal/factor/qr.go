package factor

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is how many light modules stand around a QR code; ISO/IEC 18004 asks for four.
const quiet = 4

// DrawQR draws a text as a QR code for a terminal, two modules to a character.
// With colors it is black on white whatever the terminal's own are; without, it
// is made for light letters on a dark ground.
func DrawQR(text string, colors bool) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("make a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return x >= 0 && y >= 0 && x < size && y < size && code.At(x, y) == color.Color(color.Black)
	}
	var b strings.Builder
	for y := 0; y < size+2*quiet; y += 2 {
		if colors {
			b.WriteString("\x1b[38;5;16;48;5;231m") // black on white of the fixed 256 colors, which no theme changes
		}
		for x := range size + 2*quiet {
			b.WriteRune(half(dark(x, y) == colors, dark(x, y+1) == colors))
		}
		if colors {
			b.WriteString("\x1b[0m")
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// half is the character with its upper or lower half in the color of letters.
func half(upper, lower bool) rune {
	switch {
	case upper && lower:
		return '█'
	case upper:
		return '▀'
	case lower:
		return '▄'
	}
	return ' '
}
