// Package dropletops holds the texts that are shipped with the program.
package dropletops

import _ "embed"

//go:generate go run ./internal/gendocs -notices -o THIRD_PARTY_NOTICES

// Notices are the licenses of all that is linked into the program.
//
//go:embed THIRD_PARTY_NOTICES
var Notices string
