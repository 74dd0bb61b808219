package card

import "fmt"

// Money is a price in US dollars.
func Money(d float64) string { return fmt.Sprintf("$%.2f", d) }
